"""Whoever signs as a steward and is none parks nobody, frees nobody, and sends nothing out."""

from __future__ import annotations

import pytest

from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import load


@pytest.mark.parametrize("seed", [1, 2])
def test_agents_who_sign_as_stewards_change_nothing(seed: int) -> None:
    """AUTH-8, ROOT-9, HALT-8, ASK-3: no home believes it, nothing goes without a steward's yes."""
    plan = Plan(load("ask-first"), seed, ticks=16, quiet=6, faults={"usurp": 300, "asked": 60})
    outcome = run(plan)
    assert outcome.violations == ()
    assert sum(one.fault == "usurp" for one in outcome.strikes) > 15
    assert not any(one.parked for one in outcome.rounds)


def test_what_is_ruled_and_agreed_on_happens() -> None:
    """ASK-2, VOTE-18: in the scenario a yes lets letters go, a no does not, and votes are won."""
    outcome = run(Plan(load("ask-first"), 3, ticks=20, quiet=8))
    assert outcome.violations == ()
    assert {"asked", "vote", "usurp"} <= {one.fault for one in outcome.strikes}
    assert "denied" in {word for seen in outcome.answers.values() for word in seen}
