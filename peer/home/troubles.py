"""What this home remembers of its own peer's troubles; see `protocol.trouble` for the rules.

A trouble is here from the tick that found it until its end is told. Writers stand inside a
transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from peer.home.database import Database
from protocol.messages import Severity
from protocol.trouble import Known, Trouble


class Lasting(NamedTuple):
    """A row; times in ms that this home has lived, `alert` the id of what first told of it."""

    key: str
    severity: Severity
    text: str
    mend: str
    since: int
    seen: int
    alert: str | None
    worst: Severity
    told: int | None
    times: int

    @property
    def known(self) -> Known:
        """What the rules ask for."""
        return Known(self.seen, self.worst, self.told, self.times)


class Troubles:
    """The table `trouble`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Lasting]:
        """Every trouble, the oldest first."""
        rows = self._db.held(
            "SELECT key, severity, text, mend, since, seen, alert, worst, told, times FROM trouble"
            " ORDER BY since, key"
        )
        return [Lasting(*row) for row in rows]

    def see(self, trouble: Trouble, now_ms: int) -> None:
        """It was found, first or still."""
        self._db.write(
            "INSERT INTO trouble (key, severity, text, mend, since, seen)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (key) DO UPDATE SET"
            " severity = ?2, text = ?3, mend = ?4, seen = ?5",
            *(trouble.key, trouble.severity, trouble.text, trouble.mend, now_ms),
        )

    def tell(self, key: str, alert: str, now_ms: int) -> None:
        """Others were told, as it is now; `alert` is kept where it was the first."""
        self._db.write(
            "UPDATE trouble SET alert = coalesce(alert, ?), worst = severity, told = ?,"
            " times = times + 1 WHERE key = ?",
            *(alert, now_ms, key),
        )

    def forget(self, key: str) -> None:
        """It is over."""
        self._db.write("DELETE FROM trouble WHERE key = ?", key)
