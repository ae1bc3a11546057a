"""How long letters of mine are offered where their writer chose that.

Terms are counted in what this home has lived (`Peer.lived_ms`), never by the wall clock: no wrong
date ends one. Letters without a term of their own follow the days of `past`. Writers stand inside
a transaction. Not here: what happens to the share (`peer.tick.retire`).
"""

from __future__ import annotations

from peer.home.database import Database
from peer.home.past import Ages, Retired

_OPEN = "due_ms IS NOT NULL AND covered_at IS NULL"
_LEFT = "due_ms IS NOT NULL AND state IN ('waiting', 'paged')"


class Terms:
    """`due_ms` of `item` and `own_page`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def bind(self, page: int, ns: list[int], due_ms: int) -> None:
        """A page is offered until its last item need not be, and so are those without a term."""
        self._db.write("UPDATE own_page SET due_ms = ? WHERE n = ?", due_ms, page)
        self._db.write_many(
            "UPDATE item SET due_ms = ? WHERE n = ? AND due_ms IS NULL", [(due_ms, n) for n in ns]
        )

    def soonest(self) -> int | None:
        """When the first of them ends; None where there is none."""
        rows = self._db.held(
            f"SELECT min(due_ms) FROM own_page WHERE {_OPEN} UNION ALL"
            " SELECT min(due_ms) FROM item WHERE due_ms IS NOT NULL AND state = 'waiting'"
        )
        return min((row[0] for row in rows if row[0] is not None), default=None)

    def overdue(self, lived_ms: int) -> list[Retired]:
        """Open pages all of whose letters are past their term."""
        rows = self._db.read(
            f"SELECT n, epoch, audience, seq FROM own_page WHERE {_OPEN} AND due_ms <= ?"
            " AND audience <> 'all' ORDER BY n",
            lived_ms,
        )
        return [Retired(*row) for row in rows]

    def expire(self, lived_ms: int, at: int) -> dict[str, int]:
        """Letters past their term that nobody received are offered no more: how many, to whom."""
        open_ = (
            f"EXISTS (SELECT 1 FROM own_page WHERE own_page.{_OPEN} AND own_page.due_ms <= ?1"
            " AND (epoch, audience, seq) = (item.epoch, item.audience, item.seq))"
        )
        which = f"{_LEFT} AND due_ms <= ?1 AND mine = 1 AND (state = 'waiting' OR {open_})"
        told = self._db.read(
            f"SELECT audience, count(*) FROM item WHERE {which} GROUP BY audience", lived_ms
        )
        if told:
            self._db.write(
                f"UPDATE item SET state = 'expired', expired_at = ?2 WHERE {which}", lived_ms, at
            )
        return dict(told)

    def give_up(self, sha256: str, lived_ms: int) -> None:
        """A file of mine is lost: what names it and was not received ends now, and nothing else.

        What shares a page with it waits for another one.
        """
        names = "SELECT item FROM attachment WHERE sha256 = ?1"
        pages = self._db.read(
            "SELECT DISTINCT own_page.n FROM own_page JOIN item ON (own_page.epoch,"
            " own_page.audience, own_page.seq) = (item.epoch, item.audience, item.seq)"
            " WHERE covered_at IS NULL AND own_page.audience <> 'all' AND mine = 1"
            f" AND item.id IN ({names})",
            sha256,
        )
        self._db.write(
            "UPDATE item SET due_ms = ?2 WHERE mine = 1 AND audience <> 'all'"
            f" AND state IN ('waiting', 'paged') AND id IN ({names})",
            *(sha256, lived_ms),
        )
        for (page,) in pages:
            self._db.write("UPDATE own_page SET due_ms = ? WHERE n = ?", lived_ms, page)
            self._db.write(
                "UPDATE item SET state = 'waiting', epoch = NULL, seq = NULL, place = NULL"
                f" WHERE mine = 1 AND state = 'paged' AND id NOT IN ({names})"
                " AND (epoch, audience, seq) = (SELECT epoch, audience, seq FROM own_page"
                " WHERE n = ?2)",
                *(sha256, page),
            )

    def unheard(self, ages: Ages) -> dict[str, int]:
        """Letters of that age that no receipt covers, and that are still offered, by audience."""
        rows = self._db.read(
            "SELECT audience, count(*) FROM item WHERE mine = 1 AND audience <> 'all' AND n <= ?1"
            " AND (state = 'waiting' OR (state = 'paged' AND EXISTS (SELECT 1 FROM own_page"
            " WHERE covered_at IS NULL AND audience = item.audience AND epoch = item.epoch"
            " AND seq = item.seq))) GROUP BY audience",
            ages.item,
        )
        return dict(rows)

    def expired(self, audience: str) -> int:
        """How many letters to somebody expired and were not put away yet."""
        row = self._db.one(
            "SELECT count(*) FROM item WHERE mine = 1 AND state = 'expired' AND audience = ?",
            audience,
        )
        return 0 if row is None else int(row[0])
