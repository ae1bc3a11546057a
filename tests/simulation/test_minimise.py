"""Minimising: what is left fails in the same way, and nothing that is left can be spared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.simulate.minimise import ddmin, minimise
from peer.simulate.outcome import Outcome
from peer.simulate.plan import Plan
from tests.simulation.fakes import made_up, story, violation

STRIKES = tuple(
    f"{name}:{number}:{fault}"
    for number in range(20)
    for name in ("core", "scout", "smith")
    for fault in ("kill", "torn")
)


@dataclass
class Bug:
    """A run that breaks a promise exactly if all of this is in the plan."""

    strikes: frozenset[str] = frozenset({"core:5:kill", "scout:9:torn"})
    letters: frozenset[str] = frozenset({"core:4", "scout:2"})
    names: frozenset[str] = frozenset({"core", "scout"})
    ticks: int = 10
    round: int = 9
    checker: str = "nothing-lost"
    runs: list[Plan] = field(default_factory=list)

    def __call__(self, plan: Plan) -> Outcome:
        self.runs.append(plan)
        ticks, quiet = plan.rounds()
        names = plan.instances()
        struck = [
            key
            for key in STRIKES
            if plan.strikes(key) and key.split(":")[0] in names and int(key.split(":")[1]) < ticks
        ]
        broken = (
            self.strikes <= set(struck)
            and all(map(plan.writes, self.letters))
            and self.names <= set(names)
            and ticks >= self.ticks
        )
        found = violation(self.round if self.round >= 0 else ticks + quiet - 1, self.checker)
        return made_up(plan, struck, [found] if broken else [])


def test_the_known_minimum_is_found() -> None:
    bug, plan = Bug(), Plan(story(), 3)
    small = minimise(plan, bug)
    assert small == replace(
        plan, ticks=10, quiet=0, only=bug.strikes, letters=bug.letters, names=("core", "scout")
    )
    assert len(bug.runs) <= 400
    assert bug(small).violations == (violation(9),)


def test_it_is_deterministic() -> None:
    first, second = Bug(), Bug()
    assert minimise(Plan(story(), 3), first) == minimise(Plan(story(), 3), second)
    assert first.runs == second.runs


def test_what_does_not_fail_stays_as_it_is() -> None:
    bug, plan = Bug(ticks=99), Plan(story(), 3)
    assert minimise(plan, bug) is plan
    assert len(bug.runs) == 1


def test_what_is_broken_only_in_the_end_keeps_its_quiet_phase() -> None:
    """A shorter quiet phase would break that promise all by itself."""
    small = minimise(Plan(story(), 3), Bug(round=-1))
    assert small.quiet is None
    assert (small.ticks, small.only) == (10, Bug.strikes)


def test_a_run_that_fails_only_in_the_end_is_not_the_same() -> None:
    bug = Bug()

    def fails(plan: Plan) -> Outcome:
        outcome = bug(plan)
        if outcome.ok:  # whatever else is left out, something is unsettled
            ticks, quiet = plan.rounds()
            return made_up(plan, (), [violation(ticks + quiet - 1)])
        return outcome

    assert minimise(Plan(story(), 3), fails).only == bug.strikes


def test_a_fault_that_does_something_and_denies_it_is_found() -> None:
    """`strike` must do nothing where it returns None; one that does is part of the story."""
    given = replace(story(), faults={"kill": 10, "torn": 10})
    secret = "smith:7:torn"

    def fails(plan: Plan) -> Outcome:
        struck = [key for key in STRIKES if plan.strikes(key) and key != secret]
        broken = plan.strikes(secret) and "smith" in plan.instances() and plan.rounds()[0] > 9
        return made_up(plan, struck, [violation(9)] if broken else [])

    assert minimise(Plan(given, 3), fails).only == frozenset({secret})


def test_another_checker_is_another_matter() -> None:
    bug = Bug()

    def fails(plan: Plan) -> Outcome:
        outcome = bug(plan)
        return outcome if not outcome.ok else made_up(plan, (), [violation(1, "nothing-twice")])

    assert minimise(Plan(story(), 3), fails).only == bug.strikes


@pytest.mark.parametrize("runs_max", [1, 2, 10, 50])
def test_no_more_runs_than_allowed_and_still_a_plan_that_fails(runs_max: int) -> None:
    bug = Bug()
    told: list[int] = []
    small = minimise(Plan(story(), 3), bug, runs_max, lambda runs, best: told.append(runs))
    assert len(bug.runs) <= runs_max
    assert told == list(range(2, len(bug.runs) + 1))
    assert not bug(small).ok


def test_a_smaller_plan_is_left_as_small() -> None:
    small = minimise(Plan(story(), 3), Bug())
    assert minimise(small, Bug()) == small


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, 60)))))
def test_delta_debugging_finds_what_is_needed(case: tuple[int, set[int]]) -> None:
    size, wanted = case
    needed = {one for one in wanted if one < size}
    asked: list[tuple[int, ...]] = []

    def fails(some: list[int]) -> bool:
        asked.append(tuple(some))
        return needed <= set(some)

    assert ddmin(range(size), fails) == sorted(needed)
    assert len(asked) <= 4 * (size + 1) * (len(needed) + 1)


@given(st.sets(st.integers(0, 40), min_size=1), st.integers(1, 5))
def test_nothing_that_is_left_can_be_spared_even_if_it_is_no_simple_matter(
    items: set[int], modulus: int
) -> None:
    def fails(some: list[int]) -> bool:  # more of it is not always worse
        return sum(some) % modulus == total and bool(some)

    total = sum(items) % modulus
    left = ddmin(sorted(items), fails)
    assert fails(left)
    assert len(left) == 1 or not any(
        fails(left[:at] + left[at + 1 :]) for at in range(len(left)) if len(left) > 1
    )
