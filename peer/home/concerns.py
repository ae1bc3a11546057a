"""Concerns: what a person should know. Each says itself once and stays until it is resolved."""

from __future__ import annotations

from typing import Literal, NamedTuple

from peer.home.database import Database

Level = Literal["info", "warn", "human"]


class Concern(NamedTuple):
    """`level` human: only a person can mend it. `mend` says how."""

    key: str
    level: str
    text: str
    mend: str
    since: int

    @property
    def author(self) -> str | None:
        """Whose words it says (full address); None where they are this peer's own."""
        what, _, rest = self.key.partition(":")
        return rest.partition(":")[0] if what == "item" else None


class Concerns:
    """The table `concern`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open(
        self, key: str, level: Level, text: str, mend: str, at: int, *, item: str | None = None
    ) -> bool:
        """Raise a concern; False when it is open already, so that nobody is told twice.

        `item`: the id of the item whose words it says.
        """
        changed = self._db.write(
            "INSERT INTO concern VALUES (?, ?, ?, ?, ?, NULL, ?) ON CONFLICT (key) DO UPDATE"
            " SET level = excluded.level, text = excluded.text, mend = excluded.mend,"
            " since = excluded.since, resolved = NULL, item = excluded.item"
            " WHERE resolved IS NOT NULL",
            *(key, level, text, mend, at, item),
        )
        return changed > 0

    def renew(
        self, key: str, level: Level, text: str, mend: str, at: int, *, item: str | None = None
    ) -> bool:
        """`open`, where a concern that is open already says from now on what is said here.

        It is no newer for being worse, or better, than it was.
        """
        if self.open(key, level, text, mend, at, item=item):
            return True
        self._db.write(
            "UPDATE concern SET text = ?, since = ? WHERE key = ? AND text <> ?",
            *(text, at, key, text),
        )
        self._db.write(
            "UPDATE concern SET level = ?1, mend = ?2, item = ?4"
            " WHERE key = ?3 AND (level, mend, item) IS NOT (?1, ?2, ?4)",
            *(level, mend, key, item),
        )
        return False

    def resolve(self, key: str, at: int) -> None:
        """The cause is gone."""
        self._db.write(
            "UPDATE concern SET resolved = ? WHERE key = ? AND resolved IS NULL", at, key
        )

    def resolve_like(self, prefix: str, at: int) -> None:
        """Every cause whose key begins so is gone."""
        self._db.write(
            "UPDATE concern SET resolved = ? WHERE resolved IS NULL AND substr(key, 1, ?) = ?",
            *(at, len(prefix), prefix),
        )

    def all(self) -> list[Concern]:
        """Every open concern, oldest first."""
        rows = self._db.read(
            "SELECT key, level, text, mend, since FROM concern WHERE resolved IS NULL"
            " ORDER BY since, key"
        )
        return [Concern(*row) for row in rows]
