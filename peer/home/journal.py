"""What this identity received: streams, pages and items of others, in any order of arrival.

Rules: a page is journalled with all its items in one transaction; items are known by id, so the
same item in another page is not received twice. Not here: whether a page may be taken (receive).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from peer.home.database import Database, next_item

if TYPE_CHECKING:
    from protocol.messages import Item
    from protocol.page import Header, Stream


class StreamState(NamedTuple):
    """A stream of somebody else as far as it is known here; `n` is its row."""

    n: int
    author: str
    key: str
    epoch: str
    audience: str
    received: int
    head: str | None
    floor: int
    frozen: str | None
    over: int
    kept: int
    announced: int
    announced_hash: str | None


class Held(NamedTuple):
    """A journalled page; `bare` are its signed header and signature."""

    digest: str
    prev: str | None
    bare: bytes
    refused: str | None


class New(NamedTuple):
    """An item to act on; `seq` and `place` say where in its stream it stands."""

    n: int
    id: str
    author: str
    audience: str
    kind: str
    data: bytes
    understood: int
    seq: int
    place: int
    priority: int


_ANNOUNCED_MAX = 200  # feeds of which is held what was said last
_ADVANCED_AT_ONCE = 32
_STREAM = (
    "n, author, key, epoch, audience, received, head, floor, frozen, over, kept,"
    " announced, announced_hash"
)


class Journal:
    """The tables `stream`, `page`, `damage`, `own_receipt`, others' rows of `item`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stamp = db.stamp()
        self._announced: dict[tuple[str, ...], tuple[int, str | None, int]] = {}

    def stream(self, stream: Stream) -> StreamState | None:
        """What is known of a stream, or None."""
        row = self._db.one(
            f"SELECT {_STREAM} FROM stream"
            " WHERE author = ? AND key = ? AND epoch = ? AND audience = ?",
            *stream,
        )
        return None if row is None else StreamState(*row)

    def open_stream(self, stream: Stream, *, over: bool) -> StreamState:
        """The state of a stream, begun where it was unknown."""
        found = self.stream(stream)
        if found is None:
            self._db.write(
                "INSERT INTO stream (author, key, epoch, audience, over) VALUES (?, ?, ?, ?, ?)",
                *(*stream, over),
            )
            found = self.stream(stream)
        assert found is not None
        return found

    def streams(self, author: str, audience: str) -> list[StreamState]:
        """The streams of an author to an audience, newest first."""
        rows = self._db.read(
            f"SELECT {_STREAM} FROM stream WHERE author = ? AND audience = ? ORDER BY n DESC",
            *(author, audience),
        )
        return [StreamState(*row) for row in rows]

    def holds(
        self, author: str, audience: str, names: Sequence[tuple[str, int]]
    ) -> set[tuple[str, int]]:
        """Those of these pages, each (epoch8, seq) as in a file name, that were ever journalled."""
        if not names:
            return set()
        seqs = [seq for _, seq in names]
        rows = self._db.read(
            "SELECT substr(epoch, 1, 8), seq FROM stream JOIN page ON stream.n = page.stream"
            " WHERE author = ? AND audience = ? AND seq BETWEEN ? AND ?",
            *(author, audience, min(seqs), max(seqs)),
        )
        of_streams = self._db.read(
            "SELECT substr(epoch, 1, 8), kept FROM stream"
            " WHERE author = ? AND audience = ? AND kept > 1",
            *(author, audience),
        )
        kept: dict[str, int] = dict(of_streams)
        forgotten = {(epoch8, seq) for epoch8, seq in names if seq < kept.get(epoch8, 1)}
        return forgotten.union((row[0], row[1]) for row in rows)

    def page(self, stream: int, seq: int) -> Held | None:
        """The journalled page at a position, or None."""
        return self.around(stream, seq).get(seq)

    def around(self, stream: int, seq: int) -> dict[int, Held]:
        """The journalled pages at a position, before and after it, by seq."""
        rows = self._db.read(
            "SELECT seq, digest, prev, bare, refused FROM page"
            " WHERE stream = ? AND seq BETWEEN ? AND ?",
            *(stream, seq - 1, seq + 1),
        )
        return {row[0]: Held(*row[1:]) for row in rows}

    def heights(self, audience: str) -> list[tuple[str, str, int, int]]:
        """(author, epoch8, received, highest seq held or announced) of streams to an audience."""
        rows = self._db.held(
            "SELECT author, substr(epoch, 1, 8), received, max(announced, received,"
            " coalesce((SELECT max(seq) FROM page WHERE page.stream = stream.n), 0))"
            " FROM stream WHERE audience = ? AND frozen IS NULL",
            audience,
        )
        return [(author, epoch8, low, high) for author, epoch8, low, high in rows]

    def add_page(
        self, stream: StreamState, header: Header, digest: str, bare: bytes, refused: str | None
    ) -> None:
        """Keep the signed header of a page. Then `add_items` and `advance`."""
        self._db.write(
            "INSERT INTO page VALUES (?, ?, ?, ?, ?, ?)",
            *(stream.n, header.seq, digest, header.prev, bare, refused),
        )

    def add_items(
        self, stream: StreamState, seq: int, items: Iterable[tuple[int, Item]], at: int
    ) -> int:
        """Keep the items of a page with their places; returns how many were new."""
        rows = [
            (
                item.id,
                item.head.author,
                stream.audience,
                item.head.kind,
                item.head.thread or item.head.re or item.id,
                item.head.auto,
                item.head.depth,
                item.body is not None,
                item.data,
                stream.epoch,
                stream.n,
                seq,
                place,
                at,
                item.head.priority,
            )
            for place, item in items
        ]
        return self._db.write_many(
            "INSERT INTO item (n, id, mine, author, audience, kind, thread, auto, depth,"
            " understood, data, epoch, stream, seq, place, state, stored_at, priority)"
            f" VALUES ({next_item}, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', ?, ?)"
            # Offered again (a new epoch), an item still waiting behind a hole moves along.
            " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, stream = excluded.stream,"
            " seq = excluded.seq, place = excluded.place WHERE state = 'new'",
            rows,
        )

    def advance(self, stream: StreamState, floor: int) -> None:
        """Move `received` over every page that follows without a hole, and over the floor."""
        floor = max(stream.floor, floor)
        received = max(stream.received, floor - 1)
        head = stream.head if received == stream.received else None
        before = -1
        while before < received:  # a page at a time: behind a hole there may be 100,000
            before = received
            rows = self._db.read(
                "SELECT seq, digest FROM page WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?",
                *(stream.n, max(received, 1), _ADVANCED_AT_ONCE),
            )
            for seq, digest in rows:
                if seq > received + 1:
                    break
                received, head = seq, digest
        self._db.write(
            "UPDATE stream SET received = ?, head = ?, floor = ? WHERE n = ?",
            *(received, head, floor, stream.n),
        )

    def raise_floor(self, stream: StreamState, floor: int) -> None:
        """The author offers nothing below: nobody waits for that."""
        if floor > stream.floor:
            self._announced.pop(stream[1:5], None)
            self.advance(stream, floor)

    def refuse(self, stream: int, seq: int, rule: str) -> None:
        """A page is refused after all, so that its author hears of it."""
        self._db.write(
            "UPDATE page SET refused = ? WHERE stream = ? AND seq = ?", rule, stream, seq
        )

    def freeze(self, stream: int, rule: str) -> None:
        """Take nothing more from a stream."""
        self._db.write("UPDATE stream SET frozen = ? WHERE n = ? AND frozen IS NULL", rule, stream)

    def announced(self, feed: Stream) -> tuple[int, str | None, int]:
        """(seq, digest, floor) of a feed by its author's word; seq 0: none."""
        stamp = self._db.stamp()
        if stamp != self._stamp or len(self._announced) >= _ANNOUNCED_MAX:
            self._stamp = stamp
            self._announced.clear()
        if feed not in self._announced:
            stream = self.stream(feed)
            self._announced[feed] = (
                (0, None, 1)
                if stream is None
                else (stream.announced, stream.announced_hash, stream.floor)
            )
        return self._announced[feed]

    def announce(self, stream: StreamState, seq: int, digest: str) -> None:
        """A feed's author says that this is its newest page."""
        self._announced.pop(stream[1:5], None)  # that is its `Stream`
        self._db.write(
            "UPDATE stream SET announced = ?, announced_hash = ? WHERE n = ? AND announced < ?",
            *(seq, digest, stream.n, seq),
        )

    def feeds_ahead(self) -> list[str]:
        """Authors whose feeds have announced pages that I do not hold, ascending."""
        rows = self._db.held(
            "SELECT DISTINCT author FROM stream WHERE audience = 'all' AND announced > received"
            " AND frozen IS NULL ORDER BY author"
        )
        return [row[0] for row in rows]

    def end_epochs(self, author: str, epochs: tuple[str, ...], day: int) -> None:
        """No page of these epochs will come any more: act on what is held, holes or not."""
        self._db.write_many(
            "UPDATE stream SET over = ? WHERE author = ? AND epoch = ? AND over = 0",
            [(day + 1, author, epoch) for epoch in epochs],
        )

    def waiting(self) -> list[tuple[int, str, int, int]]:
        """(stream, author, priority, how many) of items to act on, none beyond a hole."""
        rows = self._db.held(
            "SELECT item.stream, stream.author, item.priority, count(*)"
            " FROM item JOIN stream ON item.stream = stream.n"
            " WHERE item.state = 'new' AND (item.seq <= stream.received OR stream.over)"
            " GROUP BY item.stream, item.priority"
        )
        return [(stream, author, priority, count) for stream, author, priority, count in rows]

    def next_items(self, stream: int, after: tuple[int, int], items_max: int) -> list[New]:
        """Items of a stream to act on, in its order, beyond a (seq, place)."""
        rows = self._db.read(
            "SELECT item.n, item.id, item.author, item.audience, item.kind, item.data,"
            " item.understood, item.seq, item.place, item.priority"
            " FROM item JOIN stream ON item.stream = stream.n"
            " WHERE item.state = 'new' AND item.stream = ? AND (item.seq, item.place) > (?, ?)"
            " AND (item.seq <= stream.received OR stream.over)"
            " ORDER BY item.seq, item.place LIMIT ?",
            *(stream, *after, items_max),
        )
        return [New(*row) for row in rows]

    def has_new(self, kind: str) -> bool:
        """Whether an item of this kind waits to be acted on."""
        return bool(self._db.held("SELECT 1 FROM item WHERE state = 'new' AND kind = ?", kind))

    def settle(self, ns: Iterable[int], state: str, at: int) -> None:
        """Items are `acted` or `set-aside`."""
        self._db.write_many(
            "UPDATE item SET state = ?, acted_at = ? WHERE n = ?", [(state, at, n) for n in ns]
        )

    def retry(self, item_id: str) -> bool:
        """An item set aside is to be acted on after all; whether there was one."""
        return bool(
            self._db.write(
                "UPDATE item SET state = 'new', tries = 0, acted_at = NULL"
                " WHERE id = ? AND mine = 0 AND state = 'set-aside'",
                item_id,
            )
        )

    def try_again(self, n: int) -> int:
        """An item failed; returns how often it did so far."""
        self._db.write("UPDATE item SET tries = tries + 1 WHERE n = ?", n)
        row = self._db.one("SELECT tries FROM item WHERE n = ?", n)
        return 0 if row is None else int(row[0])

    def acted(self, stream: StreamState) -> int:
        """The highest seq up to which every item of a stream has been acted on."""
        row = self._db.one("SELECT min(seq) FROM item WHERE state = 'new' AND stream = ?", stream.n)
        waiting = None if row is None else row[0]
        return stream.received if waiting is None else min(int(waiting) - 1, stream.received)

    def beyond(self, stream: StreamState) -> list[int]:
        """The seqs of pages held above a hole, ascending."""
        rows = self._db.read(
            "SELECT seq FROM page WHERE stream = ? AND seq > ? ORDER BY seq",
            stream.n,
            stream.received,
        )
        return [row[0] for row in rows]

    def refusals(self, stream: StreamState, limit: int) -> list[tuple[int, str]]:
        """(seq, rule) of the newest pages that were refused, ascending."""
        rows = self._db.read(
            "SELECT seq, refused FROM page WHERE stream = ? AND refused IS NOT NULL"
            " ORDER BY seq DESC LIMIT ?",
            *(stream.n, limit),
        )
        return [(row[0], row[1]) for row in reversed(rows)]

    def set_damaged(self, author: str, epoch8: str, audience: str, seq: int, bad: bool) -> bool:
        """Note that a file in its author's own folder is unreadable, or readable again."""
        key = (author, epoch8, audience, seq)
        if bad:
            return bool(self._db.write("INSERT OR IGNORE INTO damage VALUES (?, ?, ?, ?)", *key))
        which = "author = ? AND epoch8 = ? AND audience = ? AND seq = ?"
        return bool(self._db.write(f"DELETE FROM damage WHERE {which}", *key))

    def damaged(self, author: str) -> list[tuple[str, str, int]]:
        """(epoch8, audience, seq) of an author's unreadable files."""
        rows = self._db.held(
            "SELECT epoch8, audience, seq FROM damage WHERE author = ? ORDER BY 1, 2, 3", author
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def forget_damage(self, author: str, audience: str, but: set[tuple[str, int]]) -> None:
        """Let go of an author's unreadable files, except these (epoch8, seq)."""
        self._db.write_many(
            "DELETE FROM damage WHERE author = ? AND epoch8 = ? AND audience = ? AND seq = ?",
            [
                (author, epoch8, audience, seq)
                for epoch8, to, seq in self.damaged(author)
                if to == audience and (epoch8, seq) not in but
            ],
        )

    def owe_receipt(self, author: str) -> None:
        """The receipt for an author must be written (again)."""
        self._db.write(
            "INSERT INTO own_receipt (author, due) VALUES (?, 1) ON CONFLICT (author)"
            " DO UPDATE SET due = 1",
            author,
        )

    def receipts_due(self) -> list[str]:
        """Authors whose receipt is to be written, ascending."""
        return [r[0] for r in self._db.held("SELECT author FROM own_receipt WHERE due ORDER BY 1")]

    def receipt_number(self, author: str) -> int:
        """The number of the newest receipt for an author; 0 before the first."""
        row = self._db.one("SELECT n FROM own_receipt WHERE author = ?", author)
        return 0 if row is None else int(row[0])

    def next_receipt(self, author: str) -> int:
        """Take the next number of the receipt for an author."""
        self._db.write("UPDATE own_receipt SET n = n + 1 WHERE author = ?", author)
        return self.receipt_number(author)

    def receipt_done(self, author: str, n: int, digest: bytes) -> None:
        """That receipt is on the share; a later change makes it due again."""
        self._db.write(
            "UPDATE own_receipt SET due = 0, placed = ? WHERE author = ? AND n = ?",
            *(digest, author, n),
        )

    def receipt_placed(self, author: str) -> bytes | None:
        """The digest of the newest receipt for an author on the share; None before the first."""
        row = self._db.one("SELECT placed FROM own_receipt WHERE author = ?", author)
        return None if row is None else row[0]
