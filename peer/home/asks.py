"""What waits for a steward's yes, and what stewards are to be told of; see `peer.asking`.

Rules: an item that waits for a yes has the state `asked`, which no page takes; it becomes `waiting`
only together with the mark that a yes is there. Writers stand inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from peer.home import knowledge
from peer.home.database import Database


class Ask(NamedTuple):
    """One item that needs, or needed, a yes. `because`: why a steward said no."""

    item: str
    hash: str
    effect: str
    audience: str
    kind: str
    rule: str
    at: int
    until: int
    due_ms: int
    state: str = "open"
    because: str = ""
    ended: int | None = None


class Unpaged(NamedTuple):
    """An item of mine that was never in a page."""

    id: str
    audience: str
    data: bytes
    due_ms: int | None


_ASK = (
    "SELECT item, hash, effect, audience, kind, rule, at, until, due_ms, state, because, ended"
    " FROM ask"
)


class Asks:
    """The tables `ask`, `ask_told`, `deed`, and the states of own items that hang on them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, ask: Ask, cause: str | None) -> None:
        """Remember what is asked for."""
        self._db.write(
            "INSERT INTO ask (item, hash, effect, audience, kind, rule, at, until, due_ms, cause)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(*ask[:9], cause),
        )

    def was_asked(self, cause: str) -> bool:
        """Whether this very cause asked before, whatever became of it."""
        return self._db.one("SELECT 1 FROM ask WHERE cause = ?", cause) is not None

    def left(self) -> list[Ask]:
        """What is open, or was approved and is in no page yet; oldest first."""
        rows = self._db.held(
            f"{_ASK} WHERE state = 'open' OR (state = 'approved' AND EXISTS"
            " (SELECT 1 FROM item WHERE id = ask.item AND state = 'waiting')) ORDER BY at, item"
        )
        return [Ask(*row) for row in rows]

    def open(self) -> list[Ask]:
        """What waits for a yes, oldest first."""
        return [
            Ask(*row)
            for row in self._db.held(f"{_ASK} WHERE state = 'open' ORDER BY at, item")
        ]  # fmt: skip

    def all(self) -> list[Ask]:
        """Whatever was asked for and is still known, oldest first."""
        return [Ask(*row) for row in self._db.read(f"{_ASK} ORDER BY at, item")]

    def is_approved(self, item: str) -> bool:
        """Whether a steward said yes to an item."""
        row = self._db.one("SELECT 1 FROM ask WHERE item = ? AND state = 'approved'", item)
        return row is not None

    def unpaged(self) -> list[Unpaged]:
        """Items that wait for their first page; what waits for another one was signed before."""
        rows = self._db.read(
            "SELECT id, audience, data, due_ms FROM item WHERE state = 'waiting' AND mine = 1"
            " AND place IS NOT NULL ORDER BY n"
        )
        return [Unpaged(*row) for row in rows]

    def hold(self, item: str) -> None:
        """An item that waited for a page waits for a yes first; nothing answers from it."""
        held = "UPDATE item SET state = 'asked' WHERE id = ? AND state = 'waiting'"
        if self._db.write(held, item):
            knowledge.take_out(self._db, item)

    def release(self, item: str, at: int) -> bool:
        """A steward said yes: the item may go into a page. False: it waits for that no more."""
        self._end(item, "approved", "", at)
        changed = self._db.write(
            "UPDATE item SET state = 'waiting' WHERE id = ? AND state = 'asked'", item
        )
        return changed > 0

    def drop(self, item: str, state: str, because: str, at: int) -> None:
        """An item that is in no page never will be."""
        self._end(item, state, because, at)
        if self._db.write(
            "UPDATE item SET state = 'dropped' WHERE id = ? AND state IN ('asked', 'waiting')", item
        ):
            knowledge.take_out(self._db, item)

    def _end(self, item: str, state: str, because: str, at: int) -> None:
        self._db.write(
            "UPDATE ask SET state = ?, because = ?, ended = ? WHERE item = ?",
            *(state, because, at, item),
        )

    def withdraw(self, item: str, at: int) -> None:
        """Its author took it back."""
        self._db.write(
            "UPDATE ask SET state = 'withdrawn', ended = ? WHERE item = ? AND state = 'open'",
            *(at, item),
        )

    def told(self) -> set[tuple[str, str]]:
        """(item, mailbox) of everybody who has been asked."""
        return {(row[0], row[1]) for row in self._db.held("SELECT item, mailbox FROM ask_told")}

    def tell(self, item: str, mailbox: str) -> None:
        """A mailbox has been asked."""
        self._db.write("INSERT OR IGNORE INTO ask_told VALUES (?, ?)", item, mailbox)

    def count(self, verdict: str, effect: str, kind: str) -> None:
        """Something was done that stewards want to be told of, or refused."""
        self._db.write(
            "INSERT INTO deed VALUES (?, ?, ?, 1) ON CONFLICT (verdict, effect, kind)"
            " DO UPDATE SET times = times + 1",
            *(verdict, effect, kind),
        )

    def deeds(self) -> list[tuple[str, str, str, int]]:
        """(verdict, effect, kind, how often) since the last digest."""
        rows = self._db.held(
            "SELECT verdict, effect, kind, times FROM deed ORDER BY verdict, effect, kind"
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def forget_deeds(self) -> None:
        """They are told."""
        self._db.write("DELETE FROM deed")

    def written(self, *, published: bool, since: int, but: Iterable[str]) -> int:
        """How many items of mine were written after `since`, but for those of some kinds."""
        row = self._db.one(f"SELECT count(*) {self._written(published, but)}", since)
        return 0 if row is None else int(row[0])

    def written_at(self, *, published: bool, since: int, but: Iterable[str], n: int) -> int | None:
        """When the n-th of them, from 1, oldest first, was written."""
        row = self._db.one(
            f"SELECT stored_at {self._written(published, but)} ORDER BY stored_at LIMIT 1 OFFSET ?",
            *(since, n - 1),
        )
        return None if row is None else int(row[0])

    def _written(self, published: bool, but: Iterable[str]) -> str:
        kinds = ", ".join(f"'{kind}'" for kind in sorted(but))
        return (
            "FROM item WHERE mine = 1 AND stored_at > 0 AND stored_at > ?"
            f" AND kind NOT IN ({kinds}) AND audience {'=' if published else '<>'} 'all'"
        )
