"""Repair: a new epoch after a restored backup, a twin or a lost database; nothing readable is lost.

A new epoch is a clean start of every stream under the same key: what no receipt covers is queued
again, readers know items by id, and authors offer again what the restored cursors lack. No steward
is needed. A damaged database is set aside, and every row that can still be read is carried over.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from peer import keys, lock
from peer.clock import Clock, Entropy
from peer.home import create_home, open_home
from peer.home.database import Database
from peer.home.files import forget_database, put_in_place, set_aside
from peer.home.places import DATABASE, Identity
from peer.lives import Told, begin_epoch, told
from peer.wiring import open_share
from protocol.errors import DamagedHomeError, HomeError

_RESCUED = ".rescued"
# What may be better in a moment: nothing may be given up for it.
_NOT_DAMAGE = (
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY,
)  # fmt: skip

# Parents before children, so that foreign keys hold while rows are carried over.
_TABLES = (
    "self", "document", "hidden", "stream", "item", "attachment", "sealed", "own_stream",
    "own_page", "receipt", "page", "damage", "own_receipt", "neighbour", "unripe", "quarantine",
    "concern", "node", "about", "edge", "evidence", "age", "erased", "proposal", "ballot",
    "certificate", "support", "ask", "ask_told", "deed", "reported", "matter", "trouble",
    "mentoring",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repaired:
    """What repair did; `salvaged` is None where the database was sound."""

    epoch: str
    queued_again: int
    salvaged: int | None
    set_aside: str | None


def repair(folder: str, identity: Identity, clock: Clock, entropy: Entropy) -> Repaired:
    """Begin a new epoch for the identity in `folder`, over a sound or a rescued database."""
    with lock.held(folder) as mine:
        if not mine:
            raise HomeError("a tick of this peer is running; try again when it has ended")
        try:
            return _repair(folder, identity, clock, entropy)
        except OSError as error:
            raise HomeError(f"{folder} cannot be repaired ({error.strerror}); try again") from error


def _repair(folder: str, identity: Identity, clock: Clock, entropy: Entropy) -> Repaired:
    path = os.path.join(folder, DATABASE)
    share = open_share(identity.share, identity.name, entropy)
    lives = told(share, identity, keys.own_keys(folder))
    try:
        if not os.path.exists(path) and os.path.exists(path + _RESCUED):
            _swap(path)  # a repair died between two names; what it saved is whole
        with closing(open_home(path)) as home:
            home.db.check()
            epoch, again = begin_epoch(home, lives, clock, entropy)
            return Repaired(epoch, again, None, None)
    except DamagedHomeError:
        pass  # the error must be gone: what it holds open cannot be renamed on Windows
    return _rescue(path, lives, clock, entropy)


def _rescue(path: str, lives: Told, clock: Clock, entropy: Entropy) -> Repaired:
    """A new database beside the damaged one takes its place once it has all that can be saved.

    A death or a full disk on the way leaves the damaged one where it was, to be read again.
    """
    forget_database(path + _RESCUED)
    with closing(create_home(path + _RESCUED, entropy.draw)) as home:
        salvaged = _salvage(path, home.db) if os.path.exists(path) else 0
        epoch, again = begin_epoch(home, lives, clock, entropy)
        home.db.gather()  # closing would keep quiet about what it cannot bring over
    return Repaired(epoch, again, salvaged, _swap(path))


def _swap(path: str) -> str | None:
    aside = set_aside(path, "damaged")
    put_in_place(path + _RESCUED, path)
    return aside


def _salvage(damaged: str, fresh: Database) -> int:
    """Copy every row that a damaged database still gives; returns how many."""
    try:
        # As a URI of its own: a path may hold what a URI has other meanings for.
        old = sqlite3.connect(f"{Path(damaged).absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise HomeError(f"{damaged} cannot be read now ({error}); try again") from error
    old.text_factory = _text
    with closing(old), fresh.transaction():
        return sum(_copy(old, fresh, table) for table in _TABLES)


def _copy(old: sqlite3.Connection, fresh: Database, table: str) -> int:
    copied = 0
    known = [row[1] for row in fresh.read(f"PRAGMA table_info({table})")]
    columns = [name for name in known if name in _columns(old, table, known)]
    for direction in ("ASC", "DESC"):
        # From both ends: a bad page in the middle hides neither what is before nor after it.
        select = f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1 {direction}"
        try:
            for row in _rows(old, select):
                copied += _insert(fresh, table, columns, row)
        except _UnreadableError:
            continue
        break
    return copied


def _columns(old: sqlite3.Connection, table: str, known: list[str]) -> list[str]:
    """What a table had when the damaged database was last opened; later ones have defaults."""
    try:
        found = [str(row[1]) for row in _rows(old, f"PRAGMA table_info({table})")]
    except _UnreadableError:
        found = []
    return found or known


def _text(data: bytes) -> str | None:
    """A cell of text, None where it is none any more: then its row alone is lost, or no value."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


class _UnreadableError(Exception):
    """From here on a table of the damaged database gives nothing."""


def _rows(old: sqlite3.Connection, select: str) -> Iterator[tuple[object, ...]]:
    try:
        cursor = old.execute(select)
        while (row := cursor.fetchone()) is not None:
            yield row
    except sqlite3.Error as error:
        # Faults that Python finds itself, in what SQLite gave it, have no code.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _NOT_DAMAGE:
            raise HomeError(f"the database cannot be read now ({error}); try again") from error
        raise _UnreadableError from error


def _insert(fresh: Database, table: str, columns: list[str], row: tuple[object, ...]) -> int:
    marks = ", ".join("?" * len(row))
    # The new database has an epoch already; the old one, if it can be read, is the true one.
    verb = "REPLACE" if table == "self" else "IGNORE"
    try:
        return fresh.write(
            f"INSERT OR {verb} INTO {table} ({', '.join(columns)}) VALUES ({marks})", *row
        )
    except sqlite3.IntegrityError:
        return 0  # its parent row is lost, so the row means nothing any more
