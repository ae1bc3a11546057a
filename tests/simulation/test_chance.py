"""Chance: the same everywhere and for ever, fair, and independent of what else is drawn."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.simulate.chance import BLOCK_BYTES, Chance

WORDS = st.lists(st.text() | st.integers(), max_size=4)


def chi_squared(counts: Counter[int], expected: list[float]) -> float:
    return sum((counts[n] - mean) ** 2 / mean for n, mean in enumerate(expected))


def test_the_numbers_are_those_that_every_python_draws() -> None:
    """Golden: a change here makes every kept seed another story."""
    assert Chance(7, "core", 12, "kill").draw(16).hex() == "38cd8a22fffd814134a06953221e7189"
    assert Chance("é", -3).draw(70)[-8:].hex() == "254c17ff74288b56"
    chance = Chance(1)
    assert [chance.below(1000) for _ in range(6)] == [286, 607, 442, 882, 315, 594]
    assert [chance.below(10**12) for _ in range(2)] == [607257979637, 888656330915]
    chance = Chance(1)
    hits = [n for n in range(160) if chance.hits(50)]
    assert hits == [29, 61, 79, 86, 99, 104, 139, 144, 149, 151, 156, 157]
    assert "".join(Chance("pick").shuffled("abcdefgh")) == "fceabhdg"
    assert Chance("pick").sample(range(100), 5) == [37, 16, 91, 53, 60]


def test_it_is_blake2b_of_the_words_and_a_counter() -> None:
    blocks = [blake2b(b"7,'core','\\xe9',#%d" % n).digest() for n in range(3)]
    assert Chance(7, "core", "é").draw(3 * BLOCK_BYTES) == b"".join(blocks)


@given(WORDS, st.lists(st.integers(0, 200)))
def test_bytes_come_in_one_order_however_they_are_asked_for(
    words: list[str | int], sizes: list[int]
) -> None:
    chance = Chance(*words)
    parts = [chance.draw(size) for size in sizes]
    assert list(map(len, parts)) == sizes
    assert b"".join(parts) == Chance(*words).draw(sum(sizes))


@given(WORDS, WORDS, st.integers(0, 300))
def test_a_fork_does_not_depend_on_what_was_drawn(
    words: list[str | int], more: list[str | int], size: int
) -> None:
    parent = Chance(*words)
    before = parent.fork(*more).draw(32)
    parent.draw(size)
    parent.hits(500)
    assert parent.fork(*more).draw(32) == before == Chance(*words, *more).draw(32)


@given(WORDS, WORDS)
def test_other_words_are_another_chance(one: list[str | int], other: list[str | int]) -> None:
    assert (Chance(*one).draw(16) == Chance(*other).draw(16)) == (one == other)


def test_numbers_and_their_spelling_have_nothing_in_common() -> None:
    spellings: list[tuple[str | int, ...]] = [
        (1, 2),
        ("1", 2),
        (12,),
        ("1,2",),
        ("1", "2"),
        (1, "2,"),
    ]
    assert len({Chance(*words).draw(16) for words in spellings}) == len(spellings)


@given(WORDS, st.integers(1, 2**80))
def test_a_number_is_below_its_bound(words: list[str | int], n: int) -> None:
    assert 0 <= Chance(*words).below(n) < n


@pytest.mark.parametrize("n", [2, 3, 6, 10, 100, 257])
def test_every_number_is_equally_likely(n: int) -> None:
    chance, draws = Chance("fair", n), 200 * n
    counts = Counter(chance.below(n) for _ in range(draws))
    freedom = n - 1
    assert chi_squared(counts, [200.0] * n) < freedom + 4 * (2 * freedom) ** 0.5 + 4


@pytest.mark.parametrize("permille", [1, 10, 333, 500, 999])
def test_it_hits_as_often_as_said(permille: int) -> None:
    chance, draws = Chance("hits", permille), 100_000
    hits = sum(chance.hits(permille) for _ in range(draws))
    mean = draws * permille / 1000
    assert abs(hits - mean) < 4 * (mean * (1 - permille / 1000)) ** 0.5 + 1


def test_it_never_hits_at_zero_and_always_at_a_thousand() -> None:
    chance = Chance("ends")
    assert not any(chance.hits(0) for _ in range(10_000))
    assert all(chance.hits(1000) for _ in range(10_000))


def test_numbers_drawn_one_after_the_other_are_not_correlated() -> None:
    chance = Chance("pairs")
    pairs = Counter(a * 4 + b for a, b in pairwise(chance.below(4) for _ in range(16_001)))
    assert chi_squared(pairs, [1000.0] * 16) < 15 + 4 * 30**0.5 + 4


@given(WORDS, st.lists(st.integers(), unique=True, max_size=30), st.data())
def test_a_sample_holds_none_twice(
    words: list[str | int], among: list[int], data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, len(among)))
    sample = Chance(*words).sample(among, k)
    assert len(sample) == len(set(sample)) == k
    assert set(sample) <= set(among)
    assert sorted(Chance(*words).shuffled(among)) == sorted(among)
    if among:
        assert Chance(*words).pick(among) in among


def test_every_order_is_equally_likely() -> None:
    orders = Counter("".join(Chance(n).shuffled("abcd")) for n in range(4_800))
    assert len(orders) == 24
    assert max(orders.values()) < 270
    assert min(orders.values()) > 140


def test_what_cannot_be_drawn_is_our_mistake() -> None:
    for impossible in (
        lambda: Chance(1).below(0), lambda: Chance(1).pick([]), lambda: Chance(1).sample([1], 2),
        lambda: Chance(1).sample([1], -1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"no number below|cannot be drawn"):
            impossible()
