"""Runs that once failed, made as short as they go: each showed a bug of the product.

`cases/NAME.json` is what `peer simulate replay SEED --minimise` left; `found` says what was wrong.
The same faults, told as stories, are in `tests/integration/test_simulated_findings.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from peer.simulate import cases
from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import load

CASES = sorted(Path(__file__).with_name("cases").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_what_once_failed_holds(path: Path) -> None:
    plan = cases.load(str(path))
    outcome = run(plan)
    assert outcome.violations == ()
    assert frozenset(strike.key for strike in outcome.strikes) == plan.only, "another story now"


# Seeds of campaigns that showed a fault of the product when they were first played.
FOUND = (94, 323, 509, 963, 3518, 6401, 6576)


@pytest.mark.parametrize("seed", FOUND)
def test_a_seed_that_once_showed_a_fault_shows_none(seed: int) -> None:
    assert run(Plan(load("any-weather"), seed)).violations == ()
