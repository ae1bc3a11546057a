"""Every planted bug is caught, in a short run that has nothing to tell without it."""

from __future__ import annotations

import pytest

from tests.simulation.bugs import catalogue
from tests.simulation.bugs.hunting import caught, is_clean, kept

KEPT = kept()


def test_every_bug_has_a_run_that_catches_it() -> None:
    assert sorted(KEPT) == sorted(catalogue()), "run `python -m tests.simulation.bugs --keep`"


@pytest.mark.parametrize("name", sorted(KEPT))
def test_the_bug_is_caught(name: str) -> None:
    found = caught(name, KEPT[name]["seed"], KEPT[name]["ticks"])
    assert found is not None, "run `python -m tests.simulation.bugs --keep` if faults have changed"
    assert found.checker == KEPT[name]["checker"]


RUNS = sorted({(catalogue()[n].weather, run["seed"], run["ticks"]) for n, run in KEPT.items()})


@pytest.mark.parametrize(("weather", "seed", "ticks"), RUNS)
def test_the_same_run_without_a_bug_is_clean(weather: str, seed: int, ticks: int) -> None:
    assert is_clean(weather, seed, ticks)
