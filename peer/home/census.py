"""Counting what a home holds, without reading it: for metrics and for one screen.

Totals are counters of ticks in the table `self`; they never go back while the home lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from peer.home.database import Database
from peer.home.state import State

_TOTAL = "total:"


def letters(db: Database) -> dict[str, int]:
    """My letters that no receipt covers: how many are `staged`, `delivered` and `expired`."""
    waiting = _count(db, "SELECT count(*) FROM item WHERE state = 'waiting' AND audience <> 'all'")
    paged: dict[int, int] = dict(
        db.read(
            # CROSS: from the few open pages to their items, never the other way about.
            "SELECT placed_at IS NOT NULL, count(*) FROM own_page CROSS JOIN item"
            " ON item.mine = 1 AND item.epoch = own_page.epoch"
            " AND item.audience = own_page.audience AND item.seq = own_page.seq"
            " WHERE covered_at IS NULL AND own_page.audience <> 'all'"
            " AND item.state = 'paged' GROUP BY 1"
        )
    )
    expired = _count(db, "SELECT count(*) FROM item WHERE mine = 1 AND state = 'expired'")
    return {
        "staged": waiting + paged.get(0, 0),
        "delivered": paged.get(1, 0),
        "expired": expired,
    }


def position(db: Database, n: int) -> tuple[str, int] | None:
    """(epoch, seq) of the page in which the item of a row stands; None while it is in none."""
    row = db.one(
        "SELECT coalesce(item.epoch, stream.epoch), item.seq FROM item"
        " LEFT JOIN stream ON stream.n = item.stream WHERE item.n = ?",
        n,
    )
    return None if row is None or None in row else (row[0], row[1])


class Open(NamedTuple):
    """Where the page of a letter stands among those that no receipt covers; `rank` from 1."""

    rank: int
    pulled: bool


def open_pages(db: Database, audience: str) -> dict[int, Open]:
    """The rows of letters to somebody that stand in pages no receipt covers."""
    rows = db.read(
        "SELECT item.n, page.rank, page.pulled FROM"
        " (SELECT epoch, audience, seq, pulled, row_number() OVER (ORDER BY n) AS rank"
        " FROM own_page WHERE audience = ? AND covered_at IS NULL) AS page"
        " JOIN item ON item.mine = 1 AND item.epoch = page.epoch"
        " AND item.audience = page.audience AND item.seq = page.seq",
        audience,
    )
    return {n: Open(rank, bool(pulled)) for n, rank, pulled in rows}


def formed(db: Database) -> dict[str, int]:
    """How many pages I ever formed: of `letters` and of the `feed`."""
    rows = db.read("SELECT audience = 'all', sum(seq) FROM own_stream GROUP BY 1")
    pages: dict[int, int] = dict(rows)
    return {"letters": pages.get(0, 0), "feed": pages.get(1, 0)}


def unacted(db: Database) -> int:
    """How many received items are journalled and not acted on."""
    return _count(db, "SELECT count(*) FROM item WHERE state = 'new'")


def add(state: State, more: Mapping[str, int]) -> None:
    """Let counters grow; inside a transaction."""
    state.put_all({_TOTAL + name: total(state, name) + by for name, by in more.items() if by})


def total(state: State, name: str) -> int:
    """What a counter has come to; 0 before its first tick."""
    return state.number(_TOTAL + name)


def _count(db: Database, sql: str) -> int:
    row = db.one(sql)
    return 0 if row is None else int(row[0])
