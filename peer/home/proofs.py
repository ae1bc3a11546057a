"""Proofs that somebody used his key twice, lied to two readers, or voted two ways."""

from __future__ import annotations

from typing import NamedTuple

from peer.home.database import Database

_DAY_MS = 24 * 3_600_000


class Proof(NamedTuple):
    """That `about`, a full address, did something of this kind under the key `by`.

    `day`: the day of this home's life on which it was found.
    """

    about: str
    kind: str
    by: str
    day: int


class Proofs:
    """The table `evidence`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, about: str, kind: str, by: str, data: bytes, at: int) -> None:
        """Keep what proves it; the same thing under the same key counts once."""
        self._db.write(
            "INSERT OR IGNORE INTO evidence (about, kind, by, data, at, day) VALUES (?, ?, ?, ?, ?,"
            " coalesce((SELECT CAST(value AS INTEGER) / ? FROM self WHERE name = 'lived_ms'), 0))",
            *(about, kind, by, data, at, _DAY_MS),
        )

    def of(self, about: str) -> list[Proof]:
        """Everything proved of somebody, the oldest first."""
        rows = self._db.held(
            "SELECT about, kind, by, day FROM evidence WHERE about = ? ORDER BY day, by, kind",
            about,
        )
        return [Proof(*row) for row in rows]

    def everything(self) -> list[Proof]:
        """Everything proved of anybody, by whom, the oldest first."""
        rows = self._db.held(
            "SELECT about, kind, by, day FROM evidence ORDER BY about, day, by, kind"
        )
        return [Proof(*row) for row in rows]
