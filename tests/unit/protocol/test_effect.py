"""Effects: plain values with a name each, and a closed set of them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from protocol.effect import (
    CountVote,
    Effect,
    Enter,
    Escalate,
    Publish,
    RecordEvidence,
    Remember,
    Send,
    Settle,
)
from tests.samples import BODIES, READER

EFFECTS: list[Effect] = [
    Send(to=READER, body=BODIES[0]),
    Publish(body=BODIES[0]),
    Remember(topics=("nfs",)),
    RecordEvidence(about="a" * 26, kind="endorsement"),
    Escalate(text="The disk is full.", mend="Make room."),
    Settle(about="a" * 26),
    CountVote(),
    Enter(matter="escalation:files"),
]


def test_the_set_is_closed_and_named() -> None:
    """AUTO-1: whoever applies effects can name every one of them to a person."""
    assert tuple(map(type, EFFECTS)) == get_args(Effect)
    names = [effect.name for effect in EFFECTS]
    assert names == [
        *("send", "publish", "remember", "record-evidence", "escalate", "settle", "count-vote"),
        "enter",
    ]


def test_a_decision_is_a_value() -> None:
    assert Send(to=READER, body=BODIES[0]) == EFFECTS[0] != Send(to=READER, body=BODIES[1])
    assert len(set(EFFECTS)) == len(EFFECTS)
    with pytest.raises(FrozenInstanceError):
        EFFECTS[0].to = "core@lab.eu"  # type: ignore[misc]


def test_an_escalation_warns_unless_it_says_otherwise() -> None:
    assert Escalate(text="x", mend="y").level == "warn"
