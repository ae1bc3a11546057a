"""Runs that once failed, made as short as they go: each showed a bug of the product.

`cases/NAME.json` is what `peer simulate replay SEED --minimise` left; its `about` says what was
wrong. A new one is made with `peer simulate replay SEED --minimise --keep tests/simulation/cases`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from peer.simulate import cases
from peer.simulate.run import run

CASES = sorted(Path(__file__).with_name("cases").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_what_once_failed_holds(path: Path) -> None:
    outcome = run(cases.load(str(path)))
    assert outcome.violations == ()
    assert outcome.strikes or outcome.totals["sends"], "the case does nothing any more"
