"""What mailboxes of stewards were told, and in such a mailbox what it was told, once a matter.

Writers stand inside a transaction. Not here: when something is told (`peer.telling`).
"""

from __future__ import annotations

from typing import NamedTuple

from peer.home.database import Database


class Report(NamedTuple):
    """A concern of mine that a mailbox was told of; `last_ms`: what this home had lived then."""

    key: str
    mailbox: str
    since: int
    last_ms: int
    times: int


class Matter(NamedTuple):
    """The newest item of an author about one matter, and its row."""

    author: str
    name: str
    item: str
    over: bool
    n: int


class Matters:
    """The tables `reported` and `matter`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def reports(self) -> list[Report]:
        """Whatever mailboxes were told and have not heard the end of."""
        rows = self._db.held(
            "SELECT key, mailbox, since, last_ms, times FROM reported ORDER BY key, mailbox"
        )
        return [Report(*row) for row in rows]

    def report(self, report: Report) -> None:
        """A mailbox was told, perhaps again."""
        self._db.write("INSERT OR REPLACE INTO reported VALUES (?, ?, ?, ?, ?)", *report)

    def settle(self, key: str, mailbox: str) -> None:
        """A mailbox was told that it is over."""
        self._db.write("DELETE FROM reported WHERE key = ? AND mailbox = ?", key, mailbox)

    def is_published(self, item: str, kind: str, audience: str) -> bool:
        """Whether an item of this kind went to this audience."""
        return bool(
            self._db.one(
                "SELECT 1 FROM item WHERE id = ? AND kind = ? AND audience = ?",
                *(item, kind, audience),
            )
        )

    def author_of(self, item: str) -> str | None:
        """Who wrote an item; None where it is not here."""
        row = self._db.one("SELECT author FROM item WHERE id = ?", item)
        return None if row is None else str(row[0])

    def enter(self, author: str, name: str, item: str, *, over: bool, at: int) -> None:
        """An item says what there is to know of a matter; what said so before counts as read."""
        self._db.write(
            "UPDATE item SET read_at = ? WHERE read_at IS NULL AND id <> ? AND id ="
            " (SELECT item FROM matter WHERE author = ? AND name = ?)",
            *(at, item, author, name),
        )
        self._db.write(
            "INSERT OR REPLACE INTO matter VALUES (?, ?, ?, ?)", author, name, item, over
        )

    def all(self, kind: str) -> list[Matter]:
        """The newest items about the matters of a kind (`escalation`, `request`), oldest first."""
        rows = self._db.read(
            "SELECT matter.author, name, matter.item, over, item.n FROM matter JOIN item"
            " ON item.id = matter.item WHERE item.kind = ? ORDER BY item.n",
            kind,
        )
        return [Matter(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]
