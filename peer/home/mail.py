"""Reading the journal as a person does: inbox, threads, one item, what waits for whom."""

from __future__ import annotations

from typing import NamedTuple

from peer.home.database import Database
from protocol.errors import NotFoundError, UsageError

ID_CHARS_MIN = 4


class Letter(NamedTuple):
    """An item as stored; `key` signed it (None: I did), its page's times are of my own pages."""

    n: int
    id: str
    mine: int
    author: str
    audience: str
    kind: str
    thread: str
    auto: int
    depth: int
    understood: int
    data: bytes
    state: str
    stored_at: int
    acted_at: int | None
    read_at: int | None
    seq: int | None
    placed_at: int | None
    covered_at: int | None
    refused: str | None
    key: str | None
    page_acted_at: int | None
    expired_at: int | None
    cancelled_at: int | None


_LETTER = (
    "item.n, item.id, item.mine, item.author, item.audience, item.kind, item.thread, item.auto,"
    " item.depth, item.understood, item.data, item.state, item.stored_at, item.acted_at,"
    " item.read_at, item.seq, own_page.placed_at, own_page.covered_at, own_page.refused,"
    " stream.key, own_page.acted_at, item.expired_at, item.cancelled_at"
    " FROM item LEFT JOIN own_page ON item.mine = 1 AND own_page.epoch = item.epoch"
    " AND own_page.audience = item.audience AND own_page.seq = item.seq"
    " LEFT JOIN stream ON stream.n = item.stream"
)
# Of what stewards are told only the newest on each matter is for people, and only where they are.
# What newcomers and mentors write each other is for `mentor`, shared knowledge for `recall`; the
# inbox holds what was written to somebody, or to all.
_FOR_PEOPLE = (
    "item.mine = 0 AND (item.audience <> 'all'"
    " OR (item.auto = 0 AND item.kind IN ('note', 'question', 'alert')))"
    " AND item.kind <> 'mentoring'"
    " AND (item.kind NOT IN ('escalation', 'request', 'digest')"
    " OR item.id IN (SELECT item FROM matter))"
)
_PUBLISHED = "item.audience = 'all' AND item.state NOT IN ('asked', 'dropped')"


class Mail:
    """Questions that the command line asks; the only change is the mark "read"."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def inbox(self, *, everything: bool) -> list[Letter]:
        """Letters to me and notes to all, oldest first; unread ones only, or everything."""
        unread = "" if everything else "AND item.read_at IS NULL"
        return self._letters(f"{_FOR_PEOPLE} {unread} ORDER BY item.n")

    def published(self, author: str | None, items_max: int) -> list[Letter]:
        """What was published, newest first."""
        if author is None:
            return self._letters(f"{_PUBLISHED} ORDER BY item.n DESC LIMIT ?", items_max)
        return self._letters(
            f"{_PUBLISHED} AND item.author = ? ORDER BY item.n DESC LIMIT ?",
            *(author, items_max),
        )

    def sent(self, items_max: int) -> list[Letter]:
        """Letters that I wrote, and no handler of mine, newest first."""
        return self._letters(
            "item.mine = 1 AND item.auto = 0 AND item.audience <> 'all' ORDER BY item.n DESC"
            " LIMIT ?",
            items_max,
        )

    def thread(self, thread: str) -> list[Letter]:
        """Everything in a conversation, oldest first.

        Whoever answers may name as thread what he answers, and not the first item: such threads
        are one. Whatever somebody claims, each item is looked at once.
        """
        root, seen = thread, {thread}
        while (row := self._db.one("SELECT thread FROM item WHERE id = ?", root)) is not None:
            if row[0] in seen:
                break
            root = row[0]
            seen.add(root)
        found = {letter.id: letter for letter in self._letters("item.id = ?", root)}
        names = [root]
        for name in names:
            for letter in self._letters("item.thread = ? AND item.thread <> item.id", name):
                if letter.id not in found:
                    found[letter.id] = letter
                    names.append(letter.id)
        return sorted(found.values())

    def by_number(self, ns: list[int]) -> list[Letter]:
        """The items of these rows, in this order."""
        marks = ", ".join("?" * len(ns))
        found = {letter.n: letter for letter in self._letters(f"item.n IN ({marks})", *ns)}
        return [found[n] for n in ns if n in found]

    def unacknowledged(self) -> list[Letter]:
        """My letters that no receipt covers yet, or that expired; oldest first."""
        return self._letters(
            "item.mine = 1 AND item.audience <> 'all' AND (item.state NOT IN ('paged', 'dropped')"
            " OR (own_page.n IS NOT NULL AND own_page.covered_at IS NULL)) ORDER BY item.n"
        )

    def unread_count(self) -> int:
        """How many letters a person has not read."""
        row = self._db.one(f"SELECT count(*) FROM item WHERE {_FOR_PEOPLE} AND read_at IS NULL")
        return 0 if row is None else int(row[0])

    def get(self, prefix: str, *, cancelled: bool = False) -> Letter:
        """The item whose id begins with `prefix`; NotFoundError, or UsageError if several do.

        Of those that were taken back only with `cancelled`; there is nothing left to read.
        """
        if len(prefix) < ID_CHARS_MIN:
            raise UsageError(f"give at least {ID_CHARS_MIN} characters of the id, not {prefix!r}")
        last = prefix + "\x7f"
        found = self._select("item.id BETWEEN ? AND ? ORDER BY item.id LIMIT 3", prefix, last)
        if not found:
            raise NotFoundError(f"no item {prefix}; `peer inbox --all` lists what there is")
        if len(found) > 1:
            raise UsageError(f"{prefix} fits several items; give more characters of the id")
        if found[0].state == "cancelled" and not cancelled:
            short = found[0].id[:8]
            raise NotFoundError(
                f"{short} was taken back, and what it said is forgotten; `peer trace {short}` says"
                " when"
            )
        return found[0]

    def mark_read(self, ns: list[int], at: int) -> None:
        """A person has read these; inside a transaction."""
        self._db.write_many(
            "UPDATE item SET read_at = ? WHERE n = ? AND read_at IS NULL", [(at, n) for n in ns]
        )

    def _letters(self, where: str, *values: object) -> list[Letter]:
        return self._select(f"item.state <> 'cancelled' AND {where}", *values)

    def _select(self, where: str, *values: object) -> list[Letter]:
        return [Letter(*row) for row in self._db.read(f"SELECT {_LETTER} WHERE {where}", *values)]
