"""Neighbours as their newest heartbeats showed them, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peer.home.database import Database, Stamp


class Neighbour(NamedTuple):
    """One row; `at` is its own clock, `seen_*` mine when I first saw the newest `seq`."""

    name: str
    digest: bytes
    epoch: str
    seq: int
    tick: int
    at: int
    lifecycle: str
    next_ms: int
    mean_ms: int
    seen_boot: str
    seen_mono: int
    seen_wall: int
    mail: int
    state: str


_PUT = f"INSERT OR REPLACE INTO neighbour VALUES ({', '.join('?' * len(Neighbour._fields))})"


class Neighbours:
    """The table `neighbour`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stamp: Stamp | None = None
        self._rows: dict[str, Neighbour] = {}

    def all(self) -> dict[str, Neighbour]:
        """Everybody whose heartbeat was ever seen, by name. Not to be changed."""
        stamp = self._db.stamp("neighbour")
        if self._stamp != stamp:
            rows = self._db.read("SELECT * FROM neighbour")
            self._stamp, self._rows = stamp, {row[0]: Neighbour(*row) for row in rows}
        return self._rows

    def put(self, neighbours: Sequence[Neighbour]) -> None:
        """Remember new heartbeats."""
        rows = self.all()
        self._db.write_many(_PUT, [tuple(row) for row in neighbours])  # those bind faster
        self._hold(rows, neighbours)

    def judge(self, states: Sequence[tuple[str, str]]) -> None:
        """Remember (state, name) where they changed."""
        rows = self.all()
        self._db.write_many("UPDATE neighbour SET state = ? WHERE name = ?", states)
        self._hold(rows, [rows[name]._replace(state=state) for state, name in states])

    def _hold(self, rows: dict[str, Neighbour], changed: Iterable[Neighbour]) -> None:
        """What was written is what would be read."""
        self._rows = rows | {row.name: row for row in changed}
        self._stamp = self._db.stamp("neighbour")
