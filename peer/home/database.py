"""The database of one identity: opening, migrating, and the one way to write.

Rules: writes happen inside `transaction()`, which begins IMMEDIATE, so that two processes of one
identity never interleave; a durable one has reached the disk when the block ends. Time for SQLite
does not exist: callers pass it. Not here: what the tables mean (the stores beside this file).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import lru_cache
from typing import Any

from peer.home.files import make_private_file, refusal
from protocol.errors import DamagedHomeError, HomeError

BUSY_SECONDS = 30.0
_MIGRATIONS = os.path.join(os.path.dirname(__file__), "migrations")

# Faults of our own statements, not of the file.
_OURS = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
)

# Faults of a disk that a repair can do something about: others pass, or a person mends the disk.
# READ, SHORT_READ, DATA and CORRUPTFS; Python has no name for what an old SQLite does not know.
_UNREADABLE = tuple(sqlite3.SQLITE_IOERR | kind << 8 for kind in (1, 2, 32, 33))

Row = tuple[Any, ...]  # column values, in the order of the SELECT
Stamp = tuple[int, int]

# Age is told by row numbers (`peer.home.past`), so none is given twice. SQLite would begin anew
# where the newest rows are gone.
_next = (
    "(SELECT max(coalesce((SELECT max(n) FROM {1}), 0),"
    " coalesce((SELECT {0} FROM age ORDER BY day DESC LIMIT 1), 0)) + 1)"
)
next_item, next_page = _next.format("item", "item"), _next.format("page", "own_page")

_MEMORY = ":memory:"
_SMALL_PAGES = "PRAGMA page_size = 1024"  # most tables of a home in memory hold next to none
_HELD_MAX = 200  # answers; those of a tick are some twenty
_named = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)").findall


class Database:
    """One connection; `path` may be `:memory:`.

    `statements_max` of its statements stay compiled, 7 KB each: what 1,000 homes in one process
    must not keep for every one.
    """

    def __init__(self, path: str, *, create: bool = False, statements_max: int = 128) -> None:
        """Open it; DamagedHomeError where there is none (unless `create`), else HomeError."""
        self.path = path
        self._rollbacks = 0
        self._writes: dict[str, int] = defaultdict(int)  # by table
        self._held: dict[tuple[object, ...], tuple[Stamp, list[Row]]] = {}
        if path != _MEMORY and not create and not os.path.exists(path):
            raise DamagedHomeError(f"{path} is gone; run `peer repair` to begin a new epoch")
        if path != _MEMORY and create:
            make_private_file(path)  # its log and its index get the same mode
        try:
            self._connection = sqlite3.connect(
                path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                cached_statements=statements_max,
            )
            if path == _MEMORY:
                self._connection.execute(_SMALL_PAGES)
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._durable = True
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version == 0 and not create and path != _MEMORY:
                raise _sick(path, "it is empty")
            self._migrate(version)
        except sqlite3.DatabaseError as error:
            raise self._fault(error) from error

    def copy_to(self, path: str) -> None:
        """Everything that is committed, as a database of its own in a new file."""
        make_private_file(path)
        try:
            self._connection.execute("VACUUM INTO ?", (path,))
        except sqlite3.DatabaseError as error:
            raise self._fault(error) from error

    def read(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._fault(error) from error

    def one(self, sql: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        try:
            row: Row | None = self._connection.execute(sql, values).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._fault(error) from error
        return row

    def held(self, sql: str, *values: object) -> list[Row]:
        """`read`, answered from memory while none of the tables changed. Not to be changed."""
        question, stamp = (sql, values), self.stamp(*_tables(sql))
        found = self._held.get(question)
        if found is None or found[0] != stamp:
            if len(self._held) >= _HELD_MAX:
                self._held.clear()
            found = self._held[question] = (stamp, self.read(sql, *values))
        return found[1]

    def stamp(self, *tables: str) -> Stamp:
        """Something that changes whenever what is read from these tables may have changed."""
        version = self._rollbacks
        if self.path != _MEMORY:  # only there others can write, too
            row = self.one("PRAGMA data_version")
            assert row is not None
            version += int(row[0]) << 32
        if len(tables) == 1:
            return version, self._writes[tables[0]]
        return version, sum([self._writes[table] for table in tables])

    def write(self, sql: str, *values: object) -> int:
        """One change, inside a transaction; returns the number of rows it touched."""
        touched = self._connection.execute(sql, values).rowcount
        if touched:
            self._count(sql)
        return touched

    def write_many(self, sql: str, rows: Sequence[Row]) -> int:
        """One change for each row, inside a transaction; returns how many rows they touched."""
        if not rows:
            return 0
        self._count(sql)
        return max(self._connection.executemany(sql, rows).rowcount, 0)

    def insert(self, sql: str, *values: object) -> int:
        """One INSERT inside a transaction; its rowid."""
        self._count(sql)
        return self._connection.execute(sql, values).lastrowid or 0

    def _count(self, sql: str) -> None:
        for table in _tables(sql):
            self._writes[table] += 1

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Everything in the block happens, or nothing; durable: also after a loss of power.

        A transaction that is not durable is atomic and ordered all the same, and becomes durable
        with the next one that is: for what can be found out or done again.
        """
        execute = self._connection.execute
        try:
            if durable != self._durable and self.path != _MEMORY:
                execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            execute("BEGIN IMMEDIATE")
            try:
                yield
                execute("COMMIT")
            except BaseException:  # also a death in the block: nothing of it may stay
                self._rollbacks += 1
                if self._connection.in_transaction:  # some faults of the disk end it themselves
                    execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            raise self._fault(error) from error

    def scrub(self, indices: Iterable[str]) -> bool:
        """Overwrite what was deleted: in these indices of words, and in the log. False: not now.

        FTS5 keeps deleted words in older parts of an index until these are merged.
        """
        try:
            for table in indices:
                if self.one("SELECT 1 FROM sqlite_master WHERE name = ?", table) is not None:
                    with self.transaction(durable=False):
                        self._connection.execute(
                            f"INSERT INTO {table} ({table}) VALUES ('optimize')"
                        )
            row = self.one("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.DatabaseError as error:
            raise self._fault(error) from error
        return row is not None and not row[0]  # 1: another process reads what is older

    def part(self) -> AbstractContextManager[None]:
        """All or nothing, as a part of the transaction in which this happens, or as one alone."""
        if self._connection.in_transaction:
            return self.savepoint()
        return self.transaction(durable=False)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:  # as in `transaction`
            self._rollbacks += 1
            self._connection.execute("ROLLBACK TO part")
            raise
        finally:
            self._connection.execute("RELEASE part")

    def check(self) -> None:
        """HomeError unless the whole file is sound."""
        (verdict,) = self.read("PRAGMA quick_check(1)")[0]
        if verdict != "ok":
            raise _sick(self.path, str(verdict))

    def gather(self) -> None:
        """Bring everything from the log into the one file; HomeError where that cannot be done."""
        (mode,) = self.read("PRAGMA journal_mode = DELETE")[0]
        if mode != "delete":
            raise HomeError(f"{self.path} is still in use ({mode}); try again in a moment")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __del__(self) -> None:
        """Whoever forgets a home lets go of its file, too."""
        if hasattr(self, "_connection"):
            # Another thread's search for garbage may have come here. It may not call this; but
            # the connection ends with its last name, and lets go of the file by itself.
            with suppress(sqlite3.ProgrammingError):
                self._connection.close()

    def _fault(self, error: sqlite3.DatabaseError) -> Exception:
        """What a disk or a foreign hand did to the file is HomeError; our own mistakes stay."""
        return (
            error
            if isinstance(error, _OURS)
            else _sick(self.path, str(error), getattr(error, "sqlite_errorcode", 0))
        )

    def _migrate(self, version: int) -> None:
        steps = _migrations()
        if version > len(steps):
            raise HomeError(
                f"{self.path} was written by a newer version; upgrade soma-network on this machine"
            )
        if version == 0 and self.path == _MEMORY:
            _fill(self._connection)
            return
        for number, name in enumerate(steps[version:], start=version + 1):
            with self.transaction():
                # Another process may have done this step while we waited for our turn.
                if self._connection.execute("PRAGMA user_version").fetchone()[0] < number:
                    _run(self._connection, number, name)


def _migrations() -> list[str]:
    return sorted(name for name in os.listdir(_MIGRATIONS) if name.endswith(".sql"))


def _run(connection: sqlite3.Connection, number: int, name: str) -> None:
    with open(os.path.join(_MIGRATIONS, name), encoding="utf-8") as file:
        script = file.read()
    for statement in _statements(script):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {number}")


def _fill(connection: sqlite3.Connection) -> None:
    """What all migrations make of a new database in memory; it takes a twentieth of their time.

    By pages, not by `deserialize` alone: what that makes is kept twice, as a file and in the cache.
    """
    with closing(sqlite3.connect(_MEMORY)) as blank:
        blank.deserialize(_blank())
        blank.backup(connection)


@lru_cache(maxsize=1)
def _blank() -> bytes:
    with closing(sqlite3.connect(_MEMORY, isolation_level=None)) as connection:
        connection.execute(_SMALL_PAGES)
        for number, name in enumerate(_migrations(), start=1):
            _run(connection, number, name)
        return connection.serialize()


@lru_cache(maxsize=512)
def _tables(sql: str) -> tuple[str, ...]:
    """The tables that a statement names."""
    return tuple(set(_named(sql)))


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _sick(path: str, fault: str, code: int = 0) -> HomeError:
    """Only what has no other cause is damage: a repair puts the database aside."""
    if "locked" in fault:
        return HomeError(f"{path} stayed locked for {BUSY_SECONDS:.0f} s; try again in a moment")
    if "full" in fault:
        return HomeError(f"the disk of {path} is full; make room and try again, nothing is lost")
    if "readonly" in fault or "unable to open" in fault or code & 0xFF == sqlite3.SQLITE_IOERR:
        mend = refusal(path)
        if mend is not None:
            return HomeError(f"{path} cannot be written; {mend}, nothing is lost")
    if "readonly" in fault or "unable to open" in fault:
        return HomeError(
            f"{path} cannot be written ({fault}); run `peer doctor` to see who owns it"
        )
    if code & 0xFF == sqlite3.SQLITE_IOERR and code not in _UNREADABLE:
        return HomeError(f"the disk of {path} has a fault ({fault}); mend it and try again")
    return DamagedHomeError(
        f"{path} is damaged ({fault}); run `peer repair`, which keeps what can still be read"
    )
