"""Proofs that somebody used his key twice, lied to two readers, or voted two ways."""

from __future__ import annotations

from typing import NamedTuple

from peer.home.database import Database


class Proof(NamedTuple):
    """That `about`, a full address, did something of this kind under the key `by`."""

    about: str
    kind: str
    by: str
    at: int


class Proofs:
    """The table `evidence`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, about: str, kind: str, by: str, data: bytes, at: int) -> None:
        """Keep what proves it; the same thing under the same key counts once."""
        self._db.write(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?)", about, kind, by, data, at
        )

    def of(self, about: str) -> list[Proof]:
        """Everything proved of somebody, the oldest first."""
        rows = self._db.held(
            "SELECT about, kind, by, at FROM evidence WHERE about = ? ORDER BY at, by", about
        )
        return [Proof(*row) for row in rows]

    def everything(self) -> list[Proof]:
        """What is proved of anybody, the oldest first."""
        rows = self._db.held("SELECT about, kind, by, at FROM evidence ORDER BY at, by")
        return [Proof(*row) for row in rows]
