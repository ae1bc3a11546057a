"""Neighbours as their newest heartbeats showed them, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from peer.home.database import Database


class Neighbour(NamedTuple):
    """One row; `seen_*` is my own clock when I first saw the newest `seq`."""

    name: str
    data: bytes
    epoch: str
    seq: int
    tick: int
    lifecycle: str
    halted: int
    next_ms: int
    mean_ms: int
    seen_boot: str
    seen_mono: int
    seen_wall: int
    mail: int
    state: str
    phi: float


class Neighbours:
    """The table `neighbour`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, Neighbour]:
        """Everybody whose heartbeat was ever seen, by name."""
        rows = self._db.read("SELECT * FROM neighbour")
        return {row[0]: Neighbour(*row) for row in rows}

    def put(self, neighbours: Sequence[Neighbour]) -> None:
        """Remember new heartbeats."""
        marks = ", ".join("?" * len(Neighbour._fields))
        self._db.write_many(f"INSERT OR REPLACE INTO neighbour VALUES ({marks})", neighbours)

    def judge(self, states: Sequence[tuple[str, float, str]]) -> None:
        """Remember (state, φ, name) where they changed."""
        self._db.write_many("UPDATE neighbour SET state = ?, phi = ? WHERE name = ?", states)
