"""What has had its time: rows that may go, so that a home does not grow with its history.

Age is counted in days that this home has lived (`State` "lived_ms"), never by the wall clock: one
wrong date must not make everything old. Nothing here decides how long something is kept. Writers
stand inside a transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from peer.home import knowledge, search
from peer.home.database import Database, next_item, next_page
from peer.home.erasures import without_content
from peer.home.outgoing import WITHDRAWN


class Ages(NamedTuple):
    """The newest rows of `item` and `own_page` on some day of this home's life."""

    item: int
    page: int


class Retired(NamedTuple):
    """A page that is not offered any more."""

    n: int
    epoch: str
    audience: str
    seq: int


NOTHING = Ages(0, 0)
# A hostile member can begin as many lives, and spoil as many files of its own, as it likes.
lives_max, damages_max = 8, 1_000


class Past:
    """Old rows of every table that would grow for ever."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mark(self, day: int, days_kept: int) -> None:
        """Note how far the home has come on this day."""
        self._db.write(f"INSERT OR IGNORE INTO age SELECT ?, {next_item} - 1, {next_page} - 1", day)
        self._db.write("DELETE FROM age WHERE day < ?", day - days_kept)

    def until(self, day: int) -> Ages:
        """What existed on that day already; nothing before the first."""
        row = self._db.one("SELECT item, page FROM age WHERE day <= ? ORDER BY day DESC", day)
        return NOTHING if row is None else Ages(*row)

    # ---------------------------------------------------------------------------- what I wrote

    def overdue(self, ages: Ages) -> list[Retired]:
        """Letters' pages of that age which no receipt covers."""
        rows = self._db.read(
            "SELECT n, epoch, audience, seq FROM own_page"
            " WHERE n <= ? AND covered_at IS NULL AND audience <> 'all' AND due_ms IS NULL"
            " ORDER BY n",
            ages.page,
        )
        return [Retired(*row) for row in rows]

    def withdrawn(self, ages: Ages) -> list[Retired]:
        """Letters' pages of that age whose items went elsewhere; some may lie on the share."""
        rows = self._db.read(
            "SELECT n, epoch, audience, seq FROM own_page"
            " WHERE n <= ? AND covered_at = ? AND audience <> 'all' ORDER BY n",
            *(ages.page, WITHDRAWN),
        )
        return [Retired(*row) for row in rows]

    def expire(self, ages: Ages, at: int) -> dict[str, int]:
        """Letters of that age which nobody received are offered no more: how many, to whom.

        What waits again, and has no place, was in a page; its new page has an age of its own.
        """
        open_ = (
            "EXISTS (SELECT 1 FROM own_page WHERE covered_at IS NULL AND n <= ?2"
            " AND own_page.due_ms IS NULL"
            " AND (epoch, audience, seq) = (item.epoch, item.audience, item.seq))"
        )
        which = (
            "mine = 1 AND audience <> 'all'"
            " AND ((state = 'waiting' AND place IS NOT NULL AND n <= ?1 AND due_ms IS NULL)"
            f" OR (state = 'paged' AND {open_}))"
        )
        told = self._db.read(
            f"SELECT audience, count(*) FROM item WHERE {which} GROUP BY audience", *ages
        )
        if told:
            self._db.write(
                f"UPDATE item SET state = 'expired', expired_at = ?3 WHERE {which}", *(*ages, at)
            )
        return dict(told)

    def received_long_ago(self, ages: Ages, due_before_ms: int) -> list[int]:
        """Letters' pages of that age which a receipt covers, or whose items went elsewhere.

        Of those with a term of their own only such as were due by then. Their items remember when
        they were received.
        """
        self._db.write(
            "UPDATE item SET acted_at = (SELECT covered_at FROM own_page WHERE"
            " (epoch, audience, seq) = (item.epoch, item.audience, item.seq))"
            " WHERE n <= ? AND mine = 1 AND state = 'paged' AND acted_at IS NULL"
            " AND audience <> 'all'",
            ages.item,
        )
        rows = self._db.read(
            "SELECT n FROM own_page WHERE n <= ? AND covered_at IS NOT NULL AND audience <> 'all'"
            " AND (due_ms IS NULL OR due_ms <= ?)",
            *(ages.page, due_before_ms),
        )
        return [row[0] for row in rows]

    def offer_anew(self, reader: str, page: int, epoch: str) -> None:
        """What is open to a reader up to this page, or below a floor, waits for a page again.

        He lost what he had received. As it stands it would expire soon, or nobody waits for it.
        """
        which = (
            "audience = ?1 AND covered_at IS NULL AND (n <= ?2 OR seq < (SELECT floor FROM"
            " own_stream AS line WHERE line.epoch = own_page.epoch AND line.audience = ?1))"
        )
        rows = self._db.read(
            f"SELECT n, epoch, audience, seq FROM own_page WHERE {which}", reader, page
        )
        pages = [Retired(*row) for row in rows]
        if not pages:
            return
        self._db.write(
            "UPDATE item SET state = 'waiting', epoch = NULL, seq = NULL, place = NULL"
            " WHERE mine = 1 AND state = 'paged' AND audience = ?1 AND EXISTS"
            f" (SELECT 1 FROM own_page WHERE epoch = item.epoch AND seq = item.seq AND {which})",
            *(reader, page),
        )
        self._db.write_many(
            "UPDATE own_page SET covered_at = ? WHERE n = ?", [(WITHDRAWN, p.n) for p in pages]
        )
        self.pass_over(pages, epoch)

    def feed(self, ages: Ages, pages_max: int) -> list[Retired]:
        """Published pages of that age, and all but the newest ones; never the newest one."""
        rows = self._db.read(
            "SELECT n, epoch, audience, seq FROM own_page WHERE audience = 'all'"
            " AND n < (SELECT max(n) FROM own_page WHERE audience = 'all')"
            " AND (n <= ? OR n NOT IN"
            " (SELECT n FROM own_page WHERE audience = 'all' ORDER BY n DESC LIMIT ?)) ORDER BY n",
            *(ages.page, pages_max),
        )
        return [Retired(*row) for row in rows]

    def forget_pages(self, ns: list[int]) -> None:
        """Own pages are kept no more; the floors of their streams rise."""
        self._db.write_many("DELETE FROM own_page WHERE n = ?", [(n,) for n in ns])
        self._db.write(
            "UPDATE own_stream SET floor = max(floor, coalesce((SELECT min(seq) FROM own_page WHERE"
            " (own_page.epoch, own_page.audience) = (own_stream.epoch, own_stream.audience)),"
            " seq + 1))"
        )

    def pass_over(self, gone: list[Retired], epoch: str) -> None:
        """These pages are offered no more: floors rise beyond them, whatever is kept below them.

        Readers may hold later pages of the streams of this epoch, and wait for those that are gone.
        """
        self._db.write_many(
            "UPDATE own_stream SET gone = max(gone, ?1),"
            " owes = owes OR (epoch = ?2 AND seq > ?1) WHERE epoch = ?3 AND audience = ?4",
            [(page.seq, epoch, page.epoch, page.audience) for page in gone],
        )
        self.raise_floors(epoch)

    def lags(self) -> bool:
        """Whether a floor is still below what is gone, because something below that is open."""
        return bool(self._db.held("SELECT 1 FROM own_stream WHERE gone >= floor LIMIT 1"))

    def raise_floors(self, epoch: str) -> None:
        """Floors never rise beyond a page that is still offered and that nobody has received.

        Who holds pages of this epoch beyond what is gone has to hear of it.
        """
        floor = (
            "min(gone + 1, coalesce((SELECT min(seq) FROM own_page WHERE covered_at IS NULL AND"
            " (own_page.epoch, own_page.audience) = (own_stream.epoch, own_stream.audience)),"
            " seq + 1))"
        )
        self._db.write(
            f"UPDATE own_stream SET floor = {floor},"
            " owes = owes OR (epoch = ? AND seq > gone AND told <= gone)"
            f" WHERE gone >= floor AND {floor} > floor",
            epoch,
        )

    # ---------------------------------------------------------------------------- what I read

    def forget_received(self, pages_max: int, over_day: int) -> None:
        """Of each stream only the newest pages are known one by one.

        What was announced of feeds whose epochs ended by that day is waited for no more.
        """
        self._db.write(
            "UPDATE stream SET announced = received WHERE audience = 'all'"
            " AND over BETWEEN 1 AND ? AND announced > received",
            over_day,
        )
        shortened = self._db.write(
            "UPDATE stream SET kept = received - ?1 + 1 WHERE received - kept >= ?1 * 5 / 4",
            pages_max,
        )
        if shortened:
            self._db.write(
                "DELETE FROM page WHERE seq < (SELECT kept FROM stream WHERE n = page.stream)"
            )

    def forget_items(self, ages: Ages) -> int:
        """Items of that age that are done with go; returns how many letters nobody had read."""
        which = (
            "n <= ? AND state IN ('paged', 'expired', 'cancelled', 'dropped', 'acted', 'set-aside',"
            " 'erased')"
        )
        row = self._db.one(
            f"SELECT count(*) FROM item WHERE {which} AND mine = 0 AND read_at IS NULL"
            " AND audience <> 'all'",
            ages.item,
        )
        self._db.write(f"DELETE FROM item WHERE {which}", ages.item)
        return 0 if row is None else int(row[0])

    def put_away(self, item_id: str, at: int) -> bool:
        """What an own item said that waits, or that expired, is forgotten; whether there was one.

        Its row stays, in no page, to tell that it was there.
        """
        row = self._db.one(
            "SELECT n, data FROM item WHERE id = ? AND mine = 1"
            " AND state IN ('asked', 'waiting', 'expired')",
            item_id,
        )
        if row is None:
            return False
        n, data = row
        self._db.write(
            "UPDATE item SET state = 'cancelled', cancelled_at = ?, data = ?, understood = 0,"
            " epoch = NULL, seq = NULL, place = NULL WHERE n = ?",
            *(at, without_content(data), n),
        )
        self._db.write("DELETE FROM sealed WHERE item = ?", item_id)
        search.forget(self._db, n)
        knowledge.take_out(self._db, item_id)
        return True

    def forget_rest(self, before_ms: int, tick: int) -> None:
        """What hangs on rows that are gone, or says only what once was the case."""
        for table in ("ask", "ask_told", "matter"):
            self._db.write(f"DELETE FROM {table} WHERE item NOT IN (SELECT id FROM item)")
        self._db.write("DELETE FROM proposal WHERE id NOT IN (SELECT id FROM item)")
        self._db.write("DELETE FROM ballot WHERE item NOT IN (SELECT id FROM item)")
        self._db.write(
            "DELETE FROM certificate WHERE NOT taken AND item NOT IN (SELECT id FROM item)"
        )
        self._db.write("DELETE FROM concern WHERE resolved < ?", before_ms)
        self._db.write(
            "UPDATE concern SET resolved = ?1 WHERE resolved IS NULL AND since < ?1"
            " AND (substr(key, 1, 5) = 'item:' OR substr(key, 1, 8) = 'expired:')",
            before_ms,
        )
        self._db.write("DELETE FROM unripe WHERE tick < ?", tick)
        self._db.write(
            "DELETE FROM receipt WHERE (SELECT count(*) FROM receipt AS newer"
            " WHERE newer.reader = receipt.reader AND newer.at > receipt.at) >= ?",
            lives_max,
        )
        # What was announced, and nothing ever came of it: of each author only the newest ones.
        self._db.write(
            "DELETE FROM stream WHERE received = 0 AND frozen IS NULL"
            " AND n NOT IN (SELECT stream FROM page)"
            " AND n NOT IN (SELECT stream FROM item WHERE stream IS NOT NULL)"
            " AND (SELECT count(*) FROM stream AS newer WHERE newer.author = stream.author"
            " AND newer.n > stream.n) >= ?",
            lives_max,
        )
        self._db.write(
            "DELETE FROM damage WHERE author IN"
            " (SELECT author FROM damage GROUP BY author HAVING count(*) > ?)",
            damages_max,
        )
