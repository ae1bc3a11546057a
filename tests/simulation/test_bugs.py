"""Every planted bug is caught, in a short run that has nothing to tell without it.

A change of the simulator changes every run. Then other seeds are tried, and this takes longer;
`python -m tests.simulation.bugs --keep` finds the short runs anew.
"""

from __future__ import annotations

import pytest

from tests.simulation.bugs import catalogue
from tests.simulation.bugs.hunting import caught_shortly, is_clean, kept

KEPT = kept()


def test_every_bug_has_a_run_that_catches_it() -> None:
    assert sorted(KEPT) == sorted(catalogue()), "run `python -m tests.simulation.bugs --keep`"


@pytest.mark.parametrize("name", sorted(KEPT))
def test_the_bug_is_caught(name: str) -> None:
    assert caught_shortly(name, KEPT[name]) is not None


RUNS = sorted({(run["weather"], run["seed"], run["ticks"]) for run in KEPT.values()})


@pytest.mark.parametrize(("weather", "seed", "ticks"), RUNS)
def test_the_same_run_without_a_bug_is_clean(weather: str, seed: int, ticks: int) -> None:
    assert is_clean(weather, seed, ticks)
