"""Counting what a home holds: as Mailbox sees it, and without reading a year of letters."""

from __future__ import annotations

from collections import Counter

import pytest

from peer.home import census
from peer.mailbox import Mailbox
from registry.faulty import Fault
from tests.network import FIVE, Network


@pytest.fixture
def network() -> Network:
    made = Network(FIVE)
    made.round()
    return made


def check(network: Network) -> dict[str, int]:
    core = network.peers["core"]
    counted = census.letters(core.home.db)
    seen = Counter(row["state"] for row in Mailbox(core.home, core.identity).outbox())
    assert counted == {state: seen[state] for state in ("staged", "delivered", "expired")}
    return counted


def test_letters_are_counted_as_the_outbox_shows_them(network: Network) -> None:
    away = Fault(name="unavailable", times=-1)
    assert set(check(network).values()) == {0}
    for number in range(20):  # three of them wait for a place in the window, in pages
        network.send("core", "librarian", f"letter {number}")
    network.send("core", "scout", "staged", away)
    network.send("core", "all", "published letters are not counted")
    assert check(network)["staged"] >= 1
    network.round(1)
    assert check(network)["delivered"] > 0
    network.send("core", "librarian", "for nobody")
    others = [name for name in FIVE if name != "librarian"]
    network.round(34, hours=24, only=others)
    assert check(network)["expired"] >= 1


SMALL = [f"SCAN item USING INDEX item_{part}" for part in ("waiting", "new", "expired")]


@pytest.mark.parametrize("count", [census.letters, census.unacted, census.formed])
def test_no_count_reads_every_item(network: Network, count: object) -> None:
    """A home keeps items for a year, and every tick counts."""
    plans: list[str] = []
    read = network.peers["core"].home.db.read

    class Planned:
        def read(self, sql: str, *values: object) -> list[tuple[object, ...]]:
            plans.extend(str(row[3]) for row in read(f"EXPLAIN QUERY PLAN {sql}", *values))
            return read(sql, *values)

        def one(self, sql: str, *values: object) -> tuple[object, ...] | None:
            return next(iter(self.read(sql, *values)), None)

    count(Planned())  # type: ignore[operator]
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN item") and plan not in SMALL], plans


def test_totals_only_grow(network: Network) -> None:
    core = network.peers["core"]
    with core.home.transaction():
        census.add(core.home.state, {"received": 2, "acted": 0})
        census.add(core.home.state, {"received": 3})
    assert census.total(core.home.state, "received") == 5
    assert census.total(core.home.state, "acted") == 0
