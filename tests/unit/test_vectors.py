"""Vectors at home: made for what came since, gone with what they stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peer.home import Home, create_home
from peer.home.vectors import Vector, code_bytes
from protocol.messages import Body, Dispute, Head, Insight, Item, compose
from tests.network import SeededEntropy

AUTHOR = "scout@lab.eu"


def home() -> Home:
    return create_home(":memory:", SeededEntropy("vectors").draw)


def fold(where: Home, n: int, body: Body, re: str | None = None) -> Item:
    item = compose(Head(author=AUTHOR, kind=body.kind, salt=f"{n:022}", at=n, re=re), body)
    with where.transaction():
        where.knowledge.fold(item, "all", (), 0)
    return item


def made(ns: list[int]) -> list[Vector]:
    return [Vector(n, bytes([n % 255 + 1]) * code_bytes, b"%d" % n) for n in ns]


def embed(where: Home, nodes_max: int) -> list[int]:
    rows, done = where.vectors.waiting(nodes_max)
    if done is not None:
        where.vectors.put(made([n for n, _ in rows]), done)
    return [n for n, _ in rows]


def everything(where: Home) -> dict[int, bytes]:
    """The codes of all nodes that have one, by number."""
    begins, codes = where.vectors.codes()
    found = {
        where.vectors.number(begins, place): codes[place * code_bytes : (place + 1) * code_bytes]
        for place in range(len(codes) // code_bytes)
    }
    return {n: code for n, code in found.items() if any(code)}


@given(st.lists(st.one_of(st.integers(1, 4), st.just(0)), max_size=30))
def test_whatever_comes_between_each_node_is_embedded_once(steps: list[int]) -> None:
    """0: something new comes; other numbers: so many are embedded."""
    where, seen, folded = home(), list[int](), 0
    for step in [*steps, 100, 100, 100, 100, 100, 100]:
        if step:
            new = embed(where, step)
            assert new == sorted(new, reverse=True), "the newest first"
            seen += new
        else:
            folded += 1
            fold(where, folded, Insight(text=f"number {folded}"))
        assert where.vectors.left() == folded - len(seen)
    assert sorted(seen) == list(range(1, folded + 1))
    assert len(everything(where)) == folded
    assert where.vectors.waiting(1) == ([], None)


def test_opinions_have_no_vector() -> None:
    where = home()
    claim = fold(where, 1, Insight(text="copper conducts"))
    fold(where, 2, Dispute(because="not this alloy"), re=claim.id)
    assert where.vectors.left() == 1
    assert embed(where, 10) == [1]
    assert list(where.vectors.whole([1, 2])) == [1]


def test_a_vector_goes_with_its_node() -> None:
    """RECALL-1: neither code nor vector of what was erased stays."""
    where = home()
    items = [fold(where, n, Insight(text=f"number {n}")) for n in range(1, 5)]
    embed(where, 10)
    with where.transaction():
        where.knowledge.erase(AUTHOR, items[1].id, lambda data: data)
    assert sorted(everything(where)) == [1, 3, 4]
    assert where.db.read("SELECT n FROM vector ORDER BY n") == [(1,), (3,), (4,)]
    assert where.vectors.left() == 0


def test_what_went_while_it_was_embedded_gets_no_vector() -> None:
    """RECALL-1: a tick may hear of an erasure between reading a text and keeping its vector."""
    where = home()
    items = [fold(where, n, Insight(text=f"number {n}")) for n in range(1, 4)]
    rows, done = where.vectors.waiting(10)
    assert done == (1, 3)
    with where.transaction():
        where.knowledge.erase(AUTHOR, items[2].id, lambda data: data)
    where.vectors.put(made([n for n, _ in rows]), done)
    assert sorted(everything(where)) == [1, 2]
    assert where.db.read("SELECT count(*) FROM vector") == [(2,)]
