"""What is wrong between one machine and its drive, and what it could not see because of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peer.simulate.drive import View

Trouble = Callable[[str, str], None]

READS = ("read", "entries", "names")


class Troubles(dict[str, Trouble]):
    """The troubles of a view, by key; each is asked before every call of the share.

    `unseen` are the paths that a process of the machine could not see as its view showed them
    when it began: reading them failed or never ended, something changed them because they were to
    be read, or a call took so long that the view shows something else by now.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unseen: set[str] = set()

    def befall(self, view: View, op: str, path: str) -> None:
        """A call is about to be made."""
        drive = view.drive
        for trouble in [*self.values()]:
            at_ms, changes = drive.now(), drive.changes
            try:
                trouble(op, path)
            except BaseException:  # a death is one: a call that hangs
                if op in READS:
                    self.unseen.add(path)
                raise
            if drive.changes != changes:
                folder = path if op in ("entries", "names") else path.rpartition("/")[0]
                self.unseen.add(folder or path)
            if drive.now() != at_ms:
                self.unseen.update(view.caught_up_since(at_ms))

    def hid(self, path: str) -> bool:
        """Whether a path, or a folder above it, was among the unseen."""
        if not self.unseen:
            return False
        parts = path.split("/")
        return any("/".join(parts[:n]) in self.unseen for n in range(len(parts) + 1))
