"""Files that are named like steward documents and that I do not know: which are read, and when.

Rules: most are new documents, and all are read at each look. Whoever can write the share can put
100,000 there that are none. Then nothing stops; a person is told, and so many of them are read at
each look: first what signed heads name, then what was never read, and at every fourth tick first
what was found to be none, because a document may stand there now; each sort in turn from a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from peer.instance import RunningPeer
from registry import charter, layout
from registry.share import Rank

if TYPE_CHECKING:
    from protocol.head import Head

files_max = 512
bytes_max = 64 * 1024 * 1024
_FLOODED = "flooded"
_MARKS = {False: "strangers", True: "strangers_judged"}


class Flood:
    """One look at the strangers, of whom there may be too many."""

    def __init__(self, peer: RunningPeer, heads: Iterable[Head]) -> None:
        hidden = ((row.type, row.number, row.digest) for row in peer.home.archive.hidden())
        named = (*((head.of, head.number, head.hash) for head in heads), *hidden)
        self._peer = peer
        self._named = {layout.document_path(*one) for one in named}
        self._judged = peer.home.quarantine.files(charter.FOLDERS)
        self._from = {bad: peer.home.state.text(mark) or "" for bad, mark in _MARKS.items()}
        self._judged_first = peer.home.state.number("tick") % 4 == 0
        self._files = self._bytes = 0
        self._read: dict[bool, str] = {}
        self._waiting = 0

    def names_max(self, known: set[str]) -> int:
        """How much of a listing of each folder is asked for."""
        return len(known) + len(self._named) + charter.names_max

    def rank(self, known: set[str]) -> Rank:
        """What comes first in a listing: what I know, what heads name, then the others in turn."""

        def place(path: str) -> tuple[int, bool, str]:
            return (0, False, path) if path in known else self._place(path)

        return place

    def chosen(self, paths: list[str]) -> list[str]:
        """Those to be read, in order; `paths` are the first of each folder by `rank`."""
        self._waiting = len(paths)
        few = len(paths) <= files_max and self._peer.home.state.text(_FLOODED) is None
        return sorted(paths, key=layout.by_trust if few else self._place)

    def has_read(self, path: str, junk_bytes: int | None) -> bool:
        """Count one (None: it was a document); whether that was enough for this look."""
        self._waiting -= 1
        if junk_bytes is not None and path not in self._named:
            self._files, self._bytes = self._files + 1, self._bytes + junk_bytes
            self._read[path in self._judged] = path
        return self._files >= files_max or self._bytes >= bytes_max

    def told(self) -> list[str]:
        """Keep the marks, and tell a person while it lasts; returns problems."""
        state, concerns = self._peer.home.state, self._peer.home.concerns
        if not self._waiting:
            if state.text(_FLOODED) is not None:
                with self._peer.home.transaction(durable=False):
                    for name in (_FLOODED, *_MARKS.values()):
                        state.forget(name)
                    concerns.resolve(_FLOODED, self._peer.clock.wall_ms())
            return []
        text = (
            f"charter/ and orders/ hold more than {files_max} files, or 64 MiB, that are named like"
            " documents and are none that I know; they are read in turn"
        )
        mend = (
            "see who can write there; the owner of these folders may empty them, since peers put"
            " back every document that they know"
        )
        with self._peer.home.transaction(durable=False):
            state.put_all({_FLOODED: 1} | {_MARKS[bad]: path for bad, path in self._read.items()})
            concerns.open(_FLOODED, "human", text, mend, self._peer.clock.wall_ms())
        return [text]

    def _place(self, path: str) -> Any:
        if path in self._named:
            return (1, False, path)
        bad = path in self._judged
        return (2 + (bad != self._judged_first), path <= self._from[bad], path)
