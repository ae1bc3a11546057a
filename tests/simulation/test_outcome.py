"""An outcome as JSON and back: nothing lost, the same order always, and plain words for junk."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from peer.simulate.outcome import Outcome
from tests.simulation import outcomes


@pytest.mark.parametrize(
    "one", [outcomes.outcome(violations=2), outcomes.outcome(peers=1), outcomes.empty()]
)
def test_an_outcome_survives_json(one: Outcome) -> None:
    text = json.dumps(one.as_json())
    assert Outcome.from_json(json.loads(text)) == one
    assert json.dumps(Outcome.from_json(json.loads(text)).as_json()) == text


def test_the_order_of_what_is_counted_does_not_depend_on_how_it_came() -> None:
    one = outcomes.outcome()
    turned = replace(
        one,
        answers=dict(reversed(one.answers.items())),
        totals=dict(reversed(one.totals.items())),
    )
    assert json.dumps(turned.as_json()) == json.dumps(one.as_json())


def test_it_says_whether_all_is_well() -> None:
    assert outcomes.outcome().ok
    assert outcomes.outcome().as_json()["ok"]
    assert not outcomes.outcome(violations=1).ok


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: [],
        lambda row: None,
        lambda row: {key: row[key] for key in row if key != "waits"},
        lambda row: {**row, "rounds": [{}]},
        lambda row: {**row, "rounds": [7]},
        lambda row: {**row, "strikes": None},
        lambda row: {**row, "answers": []},
    ],
)
def test_what_is_no_outcome_is_said_to_be_none(spoil: Any) -> None:
    with pytest.raises(ValueError, match="no outcome of a run"):
        Outcome.from_json(spoil(outcomes.outcome().as_json()))
