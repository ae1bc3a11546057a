"""Which files belong to which items, and which of them have to lie on the share.

Rules: a file of mine stays on the share while a page that names it is open. Not here: the bytes
(`blobs`), and what the share holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from peer.home.database import Database

if TYPE_CHECKING:
    from protocol.messages import Item


class Offered(NamedTuple):
    """A file of mine and the page that names it. `anew`: a reader found it damaged."""

    page: int
    sha256: str
    size: int
    anew: bool


_OPEN = (
    "FROM attachment JOIN item ON item.id = attachment.item LEFT JOIN own_page"
    " ON (own_page.epoch, own_page.audience, own_page.seq)"
    " = (item.epoch, item.audience, item.seq) WHERE attachment.open > 0 AND item.mine = 1"
)


class Attachments:
    """The table `attachment`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, items: Iterable[Item], *, mine: bool) -> None:
        """Note what items name that were just kept."""
        rows = [
            (item.id, one.sha256, one.size, mine, mine)
            for item in items
            for one in item.head.attachments
        ]
        self._db.write_many("INSERT OR IGNORE INTO attachment VALUES (?, ?, ?, ?, ?)", rows)

    def offered(self, window: int) -> list[Offered]:
        """Files of mine that open pages name; costs nothing where there are none.

        Of the letters to somebody only the first `window` pages count, which lie on the share.
        """
        before = (
            "SELECT 1 FROM own_page AS other WHERE other.audience = own_page.audience"
            " AND other.covered_at IS NULL AND other.n < own_page.n LIMIT ?1"
        )
        rows = self._db.read(
            "SELECT own_page.n, sha256, size, open = 2"
            f" {_OPEN} AND own_page.n IS NOT NULL AND own_page.covered_at IS NULL"
            " AND item.state <> 'erased'"
            f" AND (own_page.audience = 'all' OR (SELECT count(*) FROM ({before})) < ?1)"
            " ORDER BY own_page.n, sha256",
            window,
        )
        return [Offered(n, sha256, size, bool(anew)) for n, sha256, size, anew in rows]

    def done_with(self) -> list[tuple[str, str]]:
        """(item, file) of mine that nobody waits for any more, since this was settled last."""
        rows = self._db.read(
            f"SELECT item.id, sha256 {_OPEN} AND item.state <> 'waiting'"
            " AND (own_page.n IS NULL OR own_page.covered_at IS NOT NULL OR item.state = 'erased')"
        )
        return [(row[0], row[1]) for row in rows]

    def settle(self, done: Iterable[tuple[str, str]]) -> None:
        """These need not lie on the share any more."""
        self._db.write_many(
            "UPDATE attachment SET open = 0 WHERE item = ? AND sha256 = ?", list(done)
        )

    def damaged(self, epoch: str, audience: str, seqs: Iterable[int]) -> None:
        """A reader finds files of these pages damaged: all of theirs are to be written anew."""
        self._db.write_many(
            "UPDATE attachment SET open = 2 WHERE open = 1 AND mine = 1 AND"
            " (SELECT (epoch, audience, seq) = (?, ?, ?) FROM item WHERE id = attachment.item)",
            [(epoch, audience, seq) for seq in seqs],
        )

    def written_anew(self, names: Iterable[str]) -> None:
        """These files, which readers found damaged, were mended."""
        self._db.write_many(
            "UPDATE attachment SET open = 1 WHERE open = 2 AND sha256 = ?", [(n,) for n in names]
        )

    def mine(self, names: Iterable[str]) -> set[str]:
        """Those of these files that belong to something I wrote and still remember."""
        found = set()
        for name in names:
            if self._db.one("SELECT 1 FROM attachment WHERE sha256 = ? AND mine = 1", name):
                found.add(name)
        return found

    def wanted(self) -> set[str]:
        """Files that this home has to keep."""
        rows = self._db.read(
            "SELECT sha256 FROM attachment JOIN item ON item.id = attachment.item"
            " LEFT JOIN own_page ON (own_page.epoch, own_page.audience, own_page.seq)"
            " = (item.epoch, item.audience, item.seq) WHERE attachment.mine = 0"
            " OR item.state IN ('asked', 'waiting')"
            " OR (own_page.n IS NOT NULL AND item.state <> 'erased')"
        )
        return {row[0] for row in rows}

    def of(self, item: str) -> set[str]:
        """The files that an item names."""
        rows = self._db.read("SELECT sha256 FROM attachment WHERE item = ?", item)
        return {row[0] for row in rows}

    def received(self) -> Mapping[str, int]:
        """Bytes of the files of others, by the full address of whoever wrote to me."""
        rows = self._db.read(
            "SELECT author, sum(size) FROM (SELECT DISTINCT author, sha256, size FROM attachment"
            " JOIN item ON item.id = attachment.item WHERE attachment.mine = 0) GROUP BY author"
        )
        return {row[0]: row[1] for row in rows}

    def forget(self) -> None:
        """What hangs on items that are gone."""
        self._db.write("DELETE FROM attachment WHERE item NOT IN (SELECT id FROM item)")
        self._db.write(
            "DELETE FROM attachment WHERE open = 0"
            " AND item IN (SELECT id FROM item WHERE state IN ('erased', 'cancelled', 'dropped'))"
        )
        self._db.write("DELETE FROM sealed WHERE item NOT IN (SELECT id FROM item)")

    def keep_plain(self, item: str, plain: bytes, thread: str | None) -> None:
        """What I wrote, before it was sealed, and the thread that it names inside."""
        self._db.write("INSERT OR IGNORE INTO sealed VALUES (?, ?)", item, plain)
        self.put_into(item, thread)

    def put_into(self, item: str, thread: str | None) -> None:
        """A sealed item belongs to the thread that it names inside."""
        if thread is not None:
            self._db.write("UPDATE item SET thread = ? WHERE id = ?", thread, item)

    def plain(self, item: str) -> bytes | None:
        """The same, or None."""
        row = self._db.one("SELECT plain FROM sealed WHERE item = ?", item)
        return None if row is None else bytes(row[0])
