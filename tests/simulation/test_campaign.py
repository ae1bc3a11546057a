"""Campaigns: every plan is told of once, whatever becomes of it and of whoever played it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator

import pytest

from peer.simulate.campaign import Done, campaign, play
from peer.simulate.plan import Plan
from tests.simulation.fakes import endless, eventful, slow, story, violation


def plans(*seeds: int) -> Iterator[Plan]:
    return (Plan(story(), seed) for seed in seeds)


def test_what_a_run_raises_is_a_finding_with_its_trace() -> None:
    done = play(Plan(story(), 5), eventful)
    assert not done.ok
    assert done.finding == "LookupError: seed 5 is more than I can bear"
    assert "in eventful" in done.trace


def test_a_good_run_and_a_broken_promise_are_summed_up() -> None:
    good, bad = (play(Plan(story(), seed), eventful) for seed in (1, 3))
    assert (good.ok, good.finding, good.ticks, good.digest) == (True, "", 26 * 5, f"{1:064}")
    assert (bad.ok, bad.violations, bad.ticks) == (False, (violation(2),), 3 * 5)
    assert bad.finding == "nothing-lost: a letter of core is gone"


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_every_plan_is_told_of_once_though_workers_die(workers: int) -> None:
    found: dict[int, Done] = {}

    def on_done(done: Done) -> None:
        assert done.plan.seed not in found
        found[done.plan.seed] = done

    campaign(plans(*range(12)), workers, on_done, eventful)
    assert sorted(found) == list(range(12))
    assert [seed for seed, done in found.items() if not done.ok] != []
    assert {seed for seed, done in found.items() if not done.ok} == {3, 5, 7}
    assert "died with exit code 9" in found[7].finding
    assert "LookupError" in found[5].trace
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_run_that_does_not_end_is_given_up() -> None:
    found: dict[int, Done] = {}
    campaign(plans(1, 2, 3), 2, lambda d: found.update({d.plan.seed: d}), endless, seconds_max=3)
    assert {seed: done.ok for seed, done in found.items()} == {1: True, 2: False, 3: True}
    assert "did not end within 3 seconds" in found[2].finding


@pytest.mark.slow
def test_an_interruption_ends_all_workers_at_once() -> None:
    def on_done(done: Done) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        campaign(plans(*range(1000)), 2, on_done, slow)
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_plans_are_taken_one_by_one() -> None:
    taken: list[int] = []

    def endlessly() -> Iterator[Plan]:
        for seed in range(1_000_000):
            if len(taken) == 6:
                return
            taken.append(seed)
            yield Plan(story(), seed)

    done: list[int] = []
    began = time.monotonic()
    campaign(endlessly(), 2, lambda one: done.append(one.plan.seed), slow)
    assert sorted(done) == taken
    assert time.monotonic() - began < 30


def test_no_plans_need_no_workers() -> None:
    told: list[Done] = []
    campaign(plans(), 4, told.append, eventful)
    assert told == []
