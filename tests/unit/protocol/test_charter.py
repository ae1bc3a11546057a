"""The charter: the form of goals and values."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits, wire
from protocol.canonical import encode
from protocol.charter import Charter, Goal
from protocol.errors import RuleError
from tests.samples import CHARTER

GOAL = {"id": "g", "text": "A goal."}
NEEDED = {"type", "network", "version", "at"}


def read(**members: Any) -> Charter:
    return wire.validate(Charter, encode({**wire.dump(CHARTER), **members}), "AUTH-1")


def test_what_is_written_is_read() -> None:
    """AUTH-1: goals keep their order, and a later version may know more states."""
    assert read() == CHARTER
    said = read(goals=[GOAL, {**GOAL, "state": "retired"}, {**GOAL, "state": "paused"}])
    assert [goal.state for goal in said.goals] == ["active", "retired", "paused"]
    assert said.goals[0] == Goal(id="g", text="A goal.")


@pytest.mark.parametrize(
    "members",
    [
        {"scope": ""}, {"scope": "Lab"}, {"scope": "core@"}, {"version": 0}, {"at": "now"},
        {"goals": [{"id": "g"}]}, {"goals": [{"text": "A goal."}]}, {"goals": [{**GOAL, "id": ""}]},
        {"goals": [{**GOAL, "state": "Active"}]}, {"goals": [GOAL] * (limits.goals_max + 1)},
        {"goals": "g"}, {"values": ["a\nb"]}, {"values": [1]}, {"values": ["v" * 501]},
        {"values": ["v"] * (limits.goals_max + 1)},
    ],
    ids=lambda members: repr(members)[:50],
)  # fmt: skip
def test_a_member_of_another_form(members: dict[str, Any]) -> None:
    """AUTH-1: nothing is coerced, nothing is unlimited."""
    with pytest.raises(RuleError) as caught:
        read(**members)
    assert caught.value.rule == "AUTH-1"


def test_scopes_and_what_may_be_left_out() -> None:
    """AUTH-1: the network, a cluster or region, one peer."""
    said = {name: value for name, value in wire.dump(CHARTER).items() if name in NEEDED}
    empty = wire.validate(Charter, encode(said), "AUTH-1")
    assert (empty.scope, empty.prev, empty.goals, empty.values) == ("*", None, (), ())
    assert [read(scope=scope).scope for scope in ("eu.acme", "core@lab.eu")]
