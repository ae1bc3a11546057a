"""Quarantine: bad bytes of others and poisoned items of our own journal, with reason and rule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from peer.home.database import Database
from protocol import limits
from protocol.errors import OversizedError, RuleError, ShareError, SpecialFileError


class Caught(NamedTuple):
    """One entry; `times` counts how often the same bytes came to the same place."""

    n: int
    file: str
    author: str | None
    rule: str
    reason: str
    size: int
    data: bytes
    item: str | None
    at: int
    times: int


entries_max = 10_000
unripe_ticks = 100  # some files are looked at only now and then
unripe_max = 200_000
trimmed_every = 100  # new entries; in between 50 MiB may be there beyond the bound
kept_bytes_max = 64 * 1024 * 1024
BY_ROSTER = ("PAGE-11", "PAGE-12", "HB-4", "RCPT-4")
# What hangs on who may sign for the network: looked at again when that changes.
BY_TRUST = (
    "AUTH-4", "AUTH-14", "AUTH-15", "AUTH-16", "ROOT-7", "ROOT-8", "ROOT-9", "ROOT-11",
    "AUTH-26",
)  # fmt: skip
# Who is no neighbour may call himself anything: all of those together count as one author.
_BY_AUTHOR = (
    "PARTITION BY CASE WHEN substr(author, 1, instr(author, '@') - 1)"
    " IN (SELECT name FROM neighbour) THEN author END ORDER BY n DESC"
)
_COLUMNS = "n, file, author, rule, reason, size, data, item, at, times"


def unreadable(error: ShareError) -> RuleError | None:
    """The rule that a file breaks which can be no document; None: only the drive is to blame."""
    path, found, reason = str(error).partition(": ")
    reason = reason if found else path
    if isinstance(error, OversizedError):
        return RuleError("ENV-1", reason)
    return RuleError("LAYOUT-9", reason) if isinstance(error, SpecialFileError) else None


class Quarantine:
    """The tables `quarantine` and `unripe`. Writers stand inside a transaction.

    `touched`: something was set aside, or waits for a second look, since the last `trim`.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self.touched = False
        self._added = 0

    def refuse(
        self, file: str, data: bytes, error: RuleError, tick: int, at: int, author: str | None
    ) -> bool | None:
        """`add`, but None for what may be half written: the second look decides (PAGE-14)."""
        if error.may_be_torn and not self.ripe(file, data, tick):
            return None
        return self.add(file, data, error, at, author)

    def add(
        self,
        file: str,
        data: bytes,
        error: RuleError,
        at: int,
        author: str | None = None,
        item: str | None = None,
    ) -> bool:
        """Set bytes aside; False when the same bytes were set aside for the same rule before."""
        key = (file, hashlib.sha256(data).hexdigest(), error.rule)
        known = self._db.write(
            "UPDATE quarantine SET times = times + 1 WHERE file = ? AND digest = ? AND rule = ?",
            *key,
        )
        if known:
            return False
        kept = data[: limits.quarantine_bytes_max]
        self._db.write(
            "INSERT INTO quarantine (file, digest, rule, author, reason, size, data, item, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(*key, author, error.reason, len(data), kept, item, at),
        )
        self._db.write("DELETE FROM unripe WHERE file = ?", file)
        self.touched = True
        self._added += 1
        if self._added % trimmed_every == 0:
            self._trim_entries()
        return True

    def holds(self, file: str, data: bytes) -> bool:
        """Whether exactly these bytes were set aside from exactly this place, for good.

        A verdict that hangs on the roster is none for good: a newer roster may know the key.
        """
        digest = hashlib.sha256(data).hexdigest()
        found = self._db.read(
            "SELECT rule FROM quarantine WHERE file = ? AND digest = ?", file, digest
        )
        return any(rule not in BY_ROSTER for (rule,) in found)

    def reconsider(self, folders: Iterable[str], rules: Iterable[str]) -> None:
        """Forget what was set aside from these folders for these rules: they may say else now."""
        listed = ", ".join(f"'{rule}'" for rule in rules)
        for folder in folders:
            self._db.write(
                f"DELETE FROM quarantine WHERE file > ? AND file < ? AND rule IN ({listed})",
                *(f"{folder}/", f"{folder}0"),
            )

    def files(self, folders: Iterable[str]) -> set[str]:
        """The paths in these folders of the share from which something was set aside, or may be."""
        found: set[str] = set()
        for folder in folders:
            rows = self._db.held(
                "SELECT file FROM quarantine WHERE file > ?1 AND file < ?2"
                " UNION SELECT file FROM unripe WHERE file > ?1 AND file < ?2",
                *(f"{folder}/", f"{folder}0"),
            )
            found.update(row[0] for row in rows)
        return found

    def files_by(self, rule: str) -> set[str]:
        """The paths from which something was set aside for this rule."""
        return {row[0] for row in self._db.read("SELECT file FROM quarantine WHERE rule = ?", rule)}

    def ripe(self, file: str, data: bytes, tick: int) -> bool:
        """Whether an earlier tick saw exactly these unreadable bytes; else this one did now."""
        digest = hashlib.sha256(data).hexdigest()
        row = self._db.one("SELECT digest, tick FROM unripe WHERE file = ?", file)
        if row is not None and row[0] == digest:
            return bool(row[1] < tick)
        self._db.write("INSERT OR REPLACE INTO unripe VALUES (?, ?, ?)", file, digest, tick)
        self.touched = True
        return False

    def all(self) -> list[Caught]:
        """Everything, oldest first."""
        return [Caught(*r) for r in self._db.read(f"SELECT {_COLUMNS} FROM quarantine ORDER BY n")]

    def get(self, n: int) -> Caught | None:
        """One entry by its number."""
        row = self._db.one(f"SELECT {_COLUMNS} FROM quarantine WHERE n = ?", n)
        return None if row is None else Caught(*row)

    def drop(self, n: int) -> None:
        """Forget an entry."""
        self._db.write("DELETE FROM quarantine WHERE n = ?", n)

    def trim(self, tick: int) -> None:
        """Keep within bounds: the oldest bytes go first, their rule and reason stay longer.

        Of the author who has most: whoever floods pushes out his own entries, and never those of
        an author with fewer. Items of my own journal that were set aside stay.
        """
        self._db.write("DELETE FROM unripe WHERE tick < ?", tick - unripe_ticks)
        self._db.write(
            "DELETE FROM unripe WHERE file IN"  # of one tick by digest: nobody's names come first
            " (SELECT file FROM unripe ORDER BY tick DESC, digest LIMIT -1 OFFSET ?)",
            unripe_max,
        )
        self._trim_entries()
        self.touched = bool(self._db.one("SELECT 1 FROM unripe LIMIT 1"))

    def _trim_entries(self) -> None:
        self._db.write(
            "DELETE FROM quarantine WHERE n IN (SELECT n FROM"
            f" (SELECT n, row_number() OVER ({_BY_AUTHOR}) AS place FROM quarantine"
            " WHERE item IS NULL) ORDER BY place, n DESC LIMIT -1 OFFSET ?)",
            entries_max,
        )
        self._db.write(
            "UPDATE quarantine SET data = x'' WHERE length(data) > 0 AND n IN (SELECT n FROM"
            " (SELECT n, sum(size) OVER (ORDER BY share, n DESC) AS total FROM"
            f" (SELECT n, length(data) AS size, sum(length(data)) OVER ({_BY_AUTHOR}) AS share"
            " FROM quarantine)) WHERE total > ?)",
            kept_bytes_max,
        )

    def count(self) -> int:
        """How many entries there are."""
        row = self._db.one("SELECT count(*) FROM quarantine")
        return 0 if row is None else int(row[0])
