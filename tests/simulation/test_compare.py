"""Two runs in figures: what is said is what the outcomes say, and the words fit the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.simulate import compare
from peer.simulate.outcome import Outcome
from tests.simulation import outcomes


def rows(a: Outcome, b: Outcome) -> dict[str, tuple[str, str, str]]:
    return {what: (left, right, words) for what, left, right, words in compare.table(a, b)}


def test_a_run_stands_beside_itself_as_equal() -> None:
    usual = outcomes.outcome()
    told = rows(usual, usual)
    assert all(left == right for left, right, _ in told.values())
    assert {words for _, _, words in told.values()} == {"", "equal"}


def test_figures_are_those_of_the_outcome() -> None:
    a, b = outcomes.outcome(), outcomes.outcome(peers=9, ticks=80, violations=2)
    told = rows(a, b)
    ticks = sum(one.ticks for one in b.rounds)
    assert told["verdict"][:2] == ("nothing broken", "2 violations")
    assert told["letters promised"][1] == f"{b.rounds[-1].promised:,}"
    assert told["letters acted on"][1] == f"{b.rounds[-1].promised - b.rounds[-1].under_way:,}"
    assert told["strikes"][:2] == (str(len(a.strikes)), str(len(b.strikes)))
    assert told["files on the share at the end"][1] == str(b.rounds[-1].files)
    assert told["quarantined"][1] == str(sum(one.quarantined for one in b.rounds))
    mean = sum(one.calls for one in b.rounds) / ticks
    assert float(told["share calls a tick"][1]) == pytest.approx(mean, rel=0.01)


def test_waits_are_told_in_rounds_and_in_hours() -> None:
    one = replace(outcomes.outcome(), waits=(0, 1, 1, 2, 30))
    told = rows(one, one)
    assert told["wait, median"][0] == "1 round (6 h)"
    assert told["wait, 95 of 100 within"][0] == "30 rounds (180 h)"
    assert told["wait, worst"][0] == "30 rounds (180 h)"
    at_once = replace(one, waits=(0, 0))
    assert rows(at_once, at_once)["wait, worst"][0] == "0 rounds"
    quick = replace(one, every_ms=60_000)
    assert rows(quick, quick)["wait, median"][0] == "1 round (1 min)"


def test_runs_without_rounds_have_no_figures_rather_than_wrong_ones() -> None:
    told = rows(outcomes.empty(), outcomes.outcome())
    assert told["share calls a tick"][0] == "–"
    assert told["wait, median"] == ("–", "2 rounds (12 h)", "")
    assert told["settled after faults stopped"][0] == "no quiet phase"


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ((0, 0, 0), 1),
        ((3, 0, 0), 2),
        ((0, 2, 0), 3),  # quiet for a moment is not settled
        ((5, 4, 1), None),
    ],
)
def test_settled_means_for_good(left: tuple[int, ...], expected: int | None) -> None:
    usual = outcomes.outcome(quiet=3)
    rounds = tuple(
        replace(one, under_way=left[place])
        for place, one in enumerate(one for one in usual.rounds if one.quiet)
    )
    assert compare.settled_after(replace(usual, rounds=rounds)) == expected


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (10, 10, "equal"),
        (1_000, 1_004, "nearly equal"),
        (100, 112, "B is 12 % more"),
        (100, 60, "B is 40 % less"),
        (10, 35, "B is 3.5 times A"),
        (35, 10, "A is 3.5 times B"),
        (0, 4, "none in A"),
        (4, 0, "none in B"),
        (0, 0, "equal"),
        (None, 4, ""),
    ],
)
def test_the_ratio_is_said_in_words(a: float | None, b: float | None, words: str) -> None:
    assert compare.ratio(a, b) == words


@given(st.lists(st.integers(0, 500), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[int], n: int) -> None:
    values.sort()
    found = compare.rank(values, n)
    assert found in values
    assert 100 * sum(value <= found for value in values) >= n * len(values)
    lower = [value for value in values if value < found]
    assert 100 * len(lower) < n * len(values)
    assert compare.rank([], n) is None


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_the_ratio_names_the_larger_one(a: int, b: int) -> None:
    words, back = compare.ratio(a, b), compare.ratio(b, a)
    if "times" in words:
        assert words.startswith("B" if b > a else "A")
        assert back.startswith("A" if b > a else "B")
    elif "%" in words:
        assert words.endswith("more" if b > a else "less")
