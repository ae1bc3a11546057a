"""What this identity wrote: items waiting for a page, and pages formed.

Rules: a formed page is never formed again, only placed again; its bytes stand here until they are
retired. A page is open until the reader's receipt covers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from peer.home.database import Database, next_item, next_page

if TYPE_CHECKING:
    from protocol.messages import Item
    from protocol.page import Header


class Waiting(NamedTuple):
    """An item that is in no page yet; `due_ms`: see `terms`."""

    n: int
    data: bytes
    due_ms: int | None


class Line(NamedTuple):
    """Where a stream of mine stands: its last page, how many are open, whether items wait.

    `floor` is the lowest seq that is still offered, `told` that which the last page names; `owes`:
    pages expired that its reader may wait for.
    """

    epoch: str
    audience: str
    seq: int
    digest: str | None
    stopped: str | None
    floor: int
    told: int
    owes: bool
    open: int
    waiting: bool


class OwnPage(NamedTuple):
    """A page I formed; `placed_at` None: never put on the share so far."""

    n: int
    epoch: str
    audience: str
    seq: int
    digest: str
    data: bytes
    placed_at: int | None


WITHDRAWN = 0  # covered_at of a page whose items were put into another one
_PAGE = "n, epoch, audience, seq, digest, data, placed_at"


class Outgoing:
    """Own rows of `item`, and `own_stream`, `own_page`. Writers are in a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self, items: Sequence[Item], audience: str, at: int,
        page: OwnPage | None = None, due_ms: int | None = None, state: str = "waiting",
    ) -> None:  # fmt: skip
        """Keep items that are to be sent: in a page, in this order, or waiting for one.

        `state` is `asked` where they wait for a steward's yes first.
        """
        where = (None, None, state) if page is None else (page.epoch, page.seq, "paged")
        self._db.write_many(
            "INSERT INTO item (n, id, mine, author, audience, kind, thread, auto, depth,"
            " understood, data, epoch, seq, state, place, stored_at, priority, due_ms)"
            f" VALUES ({next_item}, ?, 1, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    item.id,
                    item.head.author,
                    audience,
                    item.head.kind,
                    item.head.thread or item.id,
                    item.head.auto,
                    item.head.depth,
                    item.data,
                    *where,
                    place,
                    at,
                    item.head.priority,
                    due_ms,
                )
                for place, item in enumerate(items)
            ],
        )

    def put_into(self, page: OwnPage, ns: list[int]) -> None:
        """Waiting items stand in a page now, in this order."""
        self._db.write_many(
            "UPDATE item SET state = 'paged', epoch = ?, seq = ?, place = ? WHERE n = ?",
            [(page.epoch, page.seq, place, n) for place, n in enumerate(ns)],
        )

    def auto_count(self, audience: str, since: int) -> int:
        """How many automatic items to an audience were written after `since`."""
        row = self._db.one(
            "SELECT count(*) FROM item WHERE audience = ? AND stored_at > ? AND mine = 1"
            " AND auto = 1",
            audience,
            since,
        )
        return 0 if row is None else int(row[0])

    def audiences(self) -> list[str]:
        """Whoever I have something for: waiting items, open pages or a floor; ascending."""
        rows = self._db.held(
            "SELECT audience FROM item WHERE state = 'waiting' UNION"
            " SELECT audience FROM own_page WHERE covered_at IS NULL AND audience <> 'all'"
            " UNION SELECT audience FROM own_stream WHERE owes ORDER BY 1"
        )
        return [row[0] for row in rows]

    def waiting(self, audience: str, items_max: int) -> list[Waiting]:
        """The oldest waiting items of an audience."""
        rows = self._db.read(
            "SELECT n, data, due_ms FROM item WHERE audience = ? AND state = 'waiting'"
            " ORDER BY n LIMIT ?",
            *(audience, items_max),
        )
        return [Waiting(*row) for row in rows]

    def line(self, epoch: str, audience: str) -> Line:
        """Where a stream of mine stands."""
        row = self._db.one(
            "SELECT own_stream.seq, own_stream.digest, own_stream.stopped, floor, told, owes,"
            " (SELECT count(*) FROM own_page WHERE audience = ?1 AND covered_at IS NULL),"
            " EXISTS (SELECT 1 FROM item WHERE audience = ?1 AND state = 'waiting')"
            " FROM (SELECT 1) LEFT JOIN own_stream ON epoch = ?2 AND own_stream.audience = ?1",
            audience,
            epoch,
        )
        assert row is not None
        seq, digest, stopped, floor, told, owes, open_count, waiting = row
        return Line(
            *(epoch, audience, seq or 0, digest, stopped, floor or 1, told or 1),
            *(bool(owes), open_count, bool(waiting)),
        )

    def position(self, epoch: str, audience: str) -> int:
        """The seq of the last page formed in a stream; 0 before the first."""
        rows = self._db.held(
            "SELECT seq FROM own_stream WHERE epoch = ? AND audience = ?", epoch, audience
        )
        return int(rows[0][0]) if rows else 0

    def feed_head(self) -> tuple[str, int, str, int] | None:
        """(epoch, seq, digest, floor) of the newest page I published, in whatever epoch."""
        rows = self._db.held(
            "SELECT epoch, own_page.seq, own_page.digest, floor FROM own_page"
            " JOIN own_stream USING (epoch, audience) WHERE audience = 'all'"
            " AND covered_at IS NULL ORDER BY n DESC LIMIT 1"
        )
        return tuple(rows[0]) if rows else None

    def is_covered(self, epoch8: str, audience: str, seq: int) -> bool | None:
        """Whether the page that a file name stands for may go; None: this home does not know it."""
        row = self._db.one(
            "SELECT covered_at FROM own_page WHERE substr(epoch, 1, 8) = ? AND audience = ?"
            " AND seq = ?",
            *(epoch8, audience, seq),
        )
        return None if row is None else row[0] is not None

    def add_page(self, line: Line, header: Header, digest: str, data: bytes) -> OwnPage:
        """Keep a formed page and move the stream's counter.

        It counts as placed from now on, which spares a transaction; `mark_unplaced` where that
        turns out to be wrong. What is really on the share is only ever told by a listing.
        """
        self._db.write(
            "INSERT INTO own_stream (epoch, audience, seq, digest, told) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (epoch, audience)"
            " DO UPDATE SET seq = excluded.seq, digest = excluded.digest, told = excluded.told,"
            " owes = owes AND gone >= excluded.told",
            *(line.epoch, line.audience, header.seq, digest, header.floor),
        )
        n = self._db.insert(
            "INSERT INTO own_page (n, epoch, audience, seq, digest, data, formed_at, placed_at)"
            f" VALUES ({next_page}, ?, ?, ?, ?, ?, ?, ?)",
            *(line.epoch, line.audience, header.seq, digest, data, header.at, header.at),
        )
        return OwnPage(n, line.epoch, line.audience, header.seq, digest, data, header.at)

    def stop(self, epoch: str, audience: str, why: str) -> None:
        """Form nothing more in a stream: its reader claims to hold what I never wrote."""
        self._db.write(
            "INSERT INTO own_stream (epoch, audience, seq, digest, stopped) VALUES (?, ?, 0, '', ?)"
            " ON CONFLICT (epoch, audience) DO UPDATE SET stopped = excluded.stopped",
            *(epoch, audience, why),
        )

    def open_pages(self, audience: str) -> list[OwnPage]:
        """Pages that no receipt covers, oldest first."""
        rows = self._db.read(
            f"SELECT {_PAGE} FROM own_page WHERE audience = ? AND covered_at IS NULL ORDER BY n",
            audience,
        )
        return [OwnPage(*row) for row in rows]

    def open_count(self, audience: str) -> int:
        """How many pages no receipt covers."""
        row = self._db.one(
            "SELECT count(*) FROM own_page WHERE audience = ? AND covered_at IS NULL", audience
        )
        return 0 if row is None else int(row[0])

    def page(self, epoch: str, audience: str, seq: int) -> OwnPage | None:
        """One page by its position."""
        row = self._db.one(
            f"SELECT {_PAGE} FROM own_page WHERE epoch = ? AND audience = ? AND seq = ?",
            *(epoch, audience, seq),
        )
        return None if row is None else OwnPage(*row)

    def sizes(self, audience: str) -> dict[tuple[str, int], int]:
        """(epoch, seq) → bytes of every page kept for an audience; −1: known to be unreadable."""
        rows = self._db.held(
            "SELECT epoch, seq, CASE WHEN placed_at IS NULL THEN -1 ELSE length(data) END"
            " FROM own_page WHERE audience = ? ORDER BY n",
            audience,
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def mark_placed(self, ns: list[int], at: int) -> None:
        """Pages were put on the share (again)."""
        self._db.write_many("UPDATE own_page SET placed_at = ? WHERE n = ?", [(at, n) for n in ns])

    def mark_pulled(self, ns: list[int], at: int) -> None:
        """Pages lie in my own outbox, to be fetched there."""
        self._db.write_many(
            "UPDATE own_page SET placed_at = ?, pulled = 1 WHERE n = ?", [(at, n) for n in ns]
        )

    def mark_unplaced(self, ns: list[int]) -> None:
        """Pages did not reach the share after all."""
        self._db.write_many("UPDATE own_page SET placed_at = NULL WHERE n = ?", [(n,) for n in ns])

    def flagged(self) -> list[str]:
        """Whom I keep letters for in my own outbox, ascending."""
        rows = self._db.held(
            "SELECT DISTINCT audience FROM own_page WHERE covered_at IS NULL AND pulled = 1"
            " ORDER BY 1"
        )
        return [row[0] for row in rows]

    def end_streams(self) -> None:
        """My epoch is over: nobody waits for anything in its streams."""
        self._db.write("UPDATE own_stream SET owes = 0")

    def publish_again(self, after: int) -> int:
        """Published items beyond this row wait for a page of a new epoch; how many.

        Nobody tells which pages of a feed he has. Who read the feed of another life of mine holds
        another page at the same place, and never looks at that one again.
        """
        return self._db.write(
            "UPDATE item SET state = 'waiting', epoch = NULL, seq = NULL, place = NULL"
            " WHERE mine = 1 AND audience = 'all' AND state = 'paged' AND n > ?",
            after,
        )

    def queue_again(self, epochs: Iterable[str], audience: str | None = None) -> int:
        """Open pages of epochs that are over are withdrawn; their items wait for a new page."""
        count = 0
        for epoch in epochs:
            pages = self._db.read(
                "SELECT n, audience, seq FROM own_page WHERE epoch = ?1 AND audience <> 'all'"
                " AND (audience = ?2 OR ?2 IS NULL)"
                " AND (covered_at IS NULL OR (refused IS NOT NULL AND covered_at <> ?3))",
                *(epoch, audience, WITHDRAWN),
            )
            for n, reader, seq in pages:
                count += self._db.write(
                    "UPDATE item SET state = 'waiting', epoch = NULL, seq = NULL, place = NULL"
                    " WHERE mine = 1 AND epoch = ? AND audience = ? AND seq = ?",
                    *(epoch, reader, seq),
                )
                self._db.write("UPDATE own_page SET covered_at = ? WHERE n = ?", WITHDRAWN, n)
        return count
