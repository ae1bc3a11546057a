"""Neighbours as their newest heartbeats showed them, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from peer.home.database import Database


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


class Neighbours:
    """The table `neighbour`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._changes = 0
        self._cached: tuple[tuple[int, int], dict[str, Neighbour]] | None = None

    def all(self) -> dict[str, Neighbour]:
        """Everybody whose heartbeat was ever seen, by name. Not to be changed."""
        version = (self._db.version(), self._changes)
        if self._cached is None or self._cached[0] != version:
            rows = self._db.read("SELECT * FROM neighbour")
            self._cached = (version, {row[0]: Neighbour(*row) for row in rows})
        return self._cached[1]

    def put(self, neighbours: Sequence[Neighbour]) -> None:
        """Remember new heartbeats."""
        if not neighbours:
            return
        self._changes += 1
        marks = ", ".join("?" * len(Neighbour._fields))
        self._db.write_many(f"INSERT OR REPLACE INTO neighbour VALUES ({marks})", neighbours)

    def judge(self, states: Sequence[tuple[str, str]]) -> None:
        """Remember (state, name) where they changed."""
        if states:
            self._changes += 1
            self._db.write_many("UPDATE neighbour SET state = ? WHERE name = ?", states)
