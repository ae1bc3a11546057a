"""Repair: a new epoch after a restored backup, a twin or a lost database; nothing readable is lost.

A new epoch is a clean start of every stream under the same key: what no receipt covers is queued
again, readers know items by id, and authors offer again what the restored cursors lack. No steward
is needed. A damaged database is set aside, and every row that can still be read is carried over.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

from peer import lock
from peer.clock import Clock, Entropy
from peer.home import Home, create_home, open_home
from peer.home.database import Database
from peer.home.files import set_aside
from peer.home.places import DATABASE, Identity
from peer.lives import told_epochs
from peer.wiring import open_share
from protocol.errors import HomeError

PUBLISHED_AGAIN_DAYS = 30

# Parents before children, so that foreign keys hold while rows are carried over.
_TABLES = (
    "self", "document", "hidden", "stream", "item", "own_stream", "own_page", "receipt", "page",
    "damage", "own_receipt", "neighbour", "unripe", "quarantine", "concern", "claim", "evidence",
    "age",
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
        return _repair(folder, identity, clock, entropy)


def _repair(folder: str, identity: Identity, clock: Clock, entropy: Entropy) -> Repaired:
    path = os.path.join(folder, DATABASE)
    salvaged: int | None = None
    aside: str | None = None
    try:
        home = open_home(path)
        home.db.check()
    except HomeError:
        aside = set_aside(path, "damaged")
        home = create_home(path, entropy.draw)
        salvaged = _salvage(aside, home.db) if aside else 0
    told = told_epochs(open_share(identity.share, identity.name, entropy), identity)
    try:
        epoch, again = begin_epoch(home, told, clock, entropy)
        return Repaired(epoch, again, salvaged, aside)
    finally:
        home.close()


def begin_epoch(
    home: Home, told: tuple[str, ...], clock: Clock, entropy: Entropy
) -> tuple[str, int]:
    """A new epoch of a sound home, `told` being over too: (epoch, how many items wait again)."""
    with home.transaction():
        day = home.state.days_lived
        if (current := home.state.text("epoch")) is not None:
            home.outgoing.doubt(current)
        epoch = home.state.begin_epoch(entropy.draw, told)
        home.outgoing.end_streams()
        again = home.outgoing.queue_again(home.state.earlier_epochs)
        again += home.outgoing.publish_again(home.past.until(day - PUBLISHED_AGAIN_DAYS).item)
        home.state.put("greet", 1)
        for name in ("parked", "beat", "moved"):
            home.state.forget(name)
        home.concerns.resolve("parked", clock.wall_ms())
        home.concerns.resolve_like("claim:", clock.wall_ms())
        home.concerns.resolve_like("refused:", clock.wall_ms())
    return epoch, again


def _salvage(aside: str, fresh: Database) -> int:
    """Copy every row that a damaged database still gives; returns how many."""
    try:
        old = sqlite3.connect(f"file:{aside}?mode=ro", uri=True)
    except sqlite3.Error:
        return 0
    try:
        with fresh.transaction():
            return sum(_copy(old, fresh, table) for table in _TABLES)
    finally:
        old.close()


def _copy(old: sqlite3.Connection, fresh: Database, table: str) -> int:
    copied = 0
    columns = [row[1] for row in fresh.read(f"PRAGMA table_info({table})")]
    for direction in ("ASC", "DESC"):
        # From both ends: a bad page in the middle hides neither what is before nor after it.
        try:
            rows = old.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1 {direction}")
            while (row := rows.fetchone()) is not None:
                copied += _insert(fresh, table, row)
        except sqlite3.Error:
            continue
        break
    return copied


def _insert(fresh: Database, table: str, row: tuple[object, ...]) -> int:
    marks = ", ".join("?" * len(row))
    # The new database has an epoch already; the old one, if it can be read, is the true one.
    verb = "REPLACE" if table == "self" else "IGNORE"
    try:
        return fresh.write(f"INSERT OR {verb} INTO {table} VALUES ({marks})", *row)
    except sqlite3.IntegrityError:
        return 0  # its parent row is lost, so the row means nothing any more
