"""What the contract suite needs of every adapter besides the port: special files, a root that goes.

A rig is a share and the hand of an attacker or of the drive. A new adapter gets its rig here, and
all of the suite with it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from peer.simulate.chance import Chance
from peer.simulate.drive import Drive
from registry.faulty import FaultyShare
from registry.folder import FolderShare
from registry.memory import MemoryShare
from registry.share import Share


class Rig(Protocol):
    share: Share

    def put_special(self, path: str) -> None:
        """Let a link or FIFO stand at `path`, whose folder exists and where no folder stands."""

    def put_unlisted(self, folder: str) -> None:
        """Let names stand in `folder` that no listing may show."""

    def set_gone(self, gone: bool) -> None:
        """Take the root away, or bring it back as it was."""


class MemoryRig:
    def __init__(self) -> None:
        self.memory = MemoryShare()
        self.share: Share = self.memory

    def put_special(self, path: str) -> None:
        self.memory.put_special(path)

    def put_unlisted(self, folder: str) -> None:
        prefix = f"{folder}/" if folder else ""
        self.memory.place(f"{prefix}.core.1f", b"half a pa")
        node = self.memory.nodes(folder)
        node.update(dict.fromkeys(["con.json", "a b", "ä", "new\nline", "dot.", "x" * 200], b"?"))

    def set_gone(self, gone: bool) -> None:
        self.memory.gone = gone


class FaultyRig(MemoryRig):
    def __init__(self) -> None:
        super().__init__()
        self.share = FaultyShare(self.memory)


class ViewRig(MemoryRig):
    """One machine's view of a simulated drive on which nothing is wrong."""

    def __init__(self) -> None:
        super().__init__()
        drive = Drive(lambda: 0, lambda ms: None)
        drive.store = self.memory
        self.share = drive.mount("core", Chance("contract"))


class FolderRig:
    """By descriptor, as on POSIX; or by path, as on Windows."""

    def __init__(self, home: Path, by_descriptor: bool = True) -> None:
        self.root = home / "share"
        self.away = home / "away"
        self.target = home / "secret"
        self.target.write_bytes(b"not yours")
        counter = itertools.count()
        self.folder = FolderShare.create(str(self.root), "core", lambda: f"{next(counter):08x}")
        self.folder.by_descriptor = by_descriptor
        self.share: Share = self.folder
        self._kinds = itertools.cycle(["link", "fifo", "dangling", "to a folder"])

    def put_special(self, path: str) -> None:
        at = self.root / path
        if at.is_symlink() or at.exists():
            at.unlink()
        match next(self._kinds):
            case "link":
                at.symlink_to(self.target)
            case "fifo":
                os.mkfifo(at)
            case "dangling":
                at.symlink_to("nowhere")
            case _:
                at.symlink_to(self.root)

    def put_unlisted(self, folder: str) -> None:
        for name in (b".core.1f", b"con.json", b"a b", b"\xc3\xa4", b"new\nline", b"\xff", b"dot."):
            Path(os.fsdecode(os.path.join(os.fsencode(self.root / folder), name))).write_bytes(b"?")
        (self.root / folder / ("x" * 200)).write_bytes(b"?")

    def set_gone(self, gone: bool) -> None:
        if gone and self.root.exists():
            self.root.rename(self.away)
        elif not gone and self.away.exists():
            self.away.rename(self.root)


def make_rig(name: str, home: Path) -> Rig:
    """The rig of an adapter, with an empty share."""
    return rigs[name](home)


rigs: dict[str, Callable[[Path], Rig]] = {
    "memory": lambda home: MemoryRig(),
    "faulty": lambda home: FaultyRig(),
    "simulated view": lambda home: ViewRig(),
    "folder": FolderRig,
    "folder by path": lambda home: FolderRig(home, by_descriptor=False),
}
