"""Peers with troubles of their own, played: told, told again, over; and all know it in the end."""

from __future__ import annotations

import pytest

from peer.simulate import run
from peer.simulate.plan import ONLY_NAMED, Plan
from peer.simulate.scenario import fault_names, load
from peer.simulate.world import World
from protocol import canonical

SCENARIO = "under-the-weather"


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    """The worlds of the runs that a test makes."""
    made: list[World] = []

    class Kept(World):
        def __init__(self, plan: Plan) -> None:
            super().__init__(plan)
            made.append(self)

    monkeypatch.setattr(run, "World", Kept)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_what_was_wrong_is_over_for_everybody(seed: int, worlds: list[World]) -> None:
    """CHECK-1, CHECK-3, CHECK-4, CHECK-7: whoever died, was halted or alone meanwhile."""
    outcome = run.run(Plan(load(SCENARIO), seed, ticks=50))
    assert not outcome.violations
    assert sum(strike.fault == "unwell" for strike in outcome.strikes) > 2
    told = [
        canonical.decode(data)
        for one in worlds[0].honest()
        for (data,) in one.home.db.read(
            "SELECT data FROM item WHERE mine = 1 AND auto = 1 AND kind = 'alert' ORDER BY n"
        )
    ]
    firsts = [one for one in told if one.get("re") is None]
    ends = [one for one in told if one.get("re") and one["body"].get("severity") == "info"]
    assert len(firsts) > 2
    assert len(ends) == len(firsts), "each has one end"
    assert len(told) > len(firsts) + len(ends), "and some were told again"


def test_it_comes_only_where_a_scenario_names_it() -> None:
    for seed in range(40):
        drawn = Plan(load("any-weather"), seed).faults_in_force(fault_names())
        assert not {*ONLY_NAMED} & drawn.keys()
    assert "unwell" in Plan(load(SCENARIO), 1).faults_in_force(fault_names())
