"""What was published and is remembered: claims by topic, and who vouched for what."""

from __future__ import annotations

from collections.abc import Sequence

from peer.home.database import Database


class Knowledge:
    """The tables `claim` and `evidence`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def remember(self, item: str, topics: Sequence[str]) -> None:
        """An item says something about topics."""
        self._db.write_many(
            "INSERT OR IGNORE INTO claim VALUES (?, ?)", [(topic, item) for topic in topics]
        )

    def about(self, topics: Sequence[str], items_max: int) -> list[tuple[str, bytes]]:
        """(id, data) of insights that share a topic, own ones and remembered; newest first."""
        marks = ", ".join("?" * len(topics))
        rows = self._db.read(
            "SELECT DISTINCT item.id, item.data, item.n FROM claim JOIN item ON claim.item ="
            f" item.id WHERE claim.topic IN ({marks}) AND item.kind = 'insight'"
            " ORDER BY item.n DESC LIMIT ?",
            *topics,
            items_max,
        )
        return [(row[0], row[1]) for row in rows]

    def record(self, about: str, kind: str, by: str, data: bytes, at: int) -> None:
        """Evidence about an item or a peer; the same witness counts once."""
        self._db.write(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?)", about, kind, by, data, at
        )

    def evidence(self, about: str) -> list[tuple[str, str]]:
        """(kind, by) of everything recorded about an item or a peer."""
        rows = self._db.read("SELECT kind, by FROM evidence WHERE about = ? ORDER BY at, by", about)
        return [(row[0], row[1]) for row in rows]
