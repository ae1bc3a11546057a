"""The roster: members, the states of their keys, and what would make the list ambiguous."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import limits, wire
from protocol.canonical import encode
from protocol.errors import RuleError
from protocol.roster import Member, MemberKey, Roster
from tests.samples import CORE, LIBRARIAN, ROSTER, STEWARD, STRANGER

OLD = Member(
    name="core",
    keys=(
        MemberKey(key=STRANGER.key, state="compromised"),
        MemberKey(key=LIBRARIAN.key, state="retired"),
        MemberKey(key=CORE.key),
    ),
)


def test_members_are_found_by_name() -> None:
    """PAGE-11: only those that are listed."""
    core = ROSTER.member("core")
    assert core is not None
    assert core.name == "core"
    assert ROSTER.member("Core") is None
    assert ROSTER.member("scout") is None


def test_each_key_has_its_state() -> None:
    """PAGE-11, PAGE-12: a key that is not listed has none."""
    assert OLD.state_of(CORE.key) == "active"
    assert OLD.state_of(LIBRARIAN.key) == "retired"
    assert OLD.state_of(STRANGER.key) == "compromised"
    assert OLD.state_of(STEWARD.key) is None


def test_a_member_without_an_active_key_cannot_act() -> None:
    """SEND-5: names stay in the roster when their keys are over."""
    assert OLD.active
    assert not replace(OLD, keys=OLD.keys[:2]).active
    assert not replace(OLD, keys=()).active


def member(name: str, *keys: str) -> Member:
    return Member(name=name, keys=tuple(MemberKey(key=key) for key in keys))


@pytest.mark.parametrize(
    ("members", "good"),
    [
        ((), True),
        ((member("a", CORE.key), member("b", STRANGER.key), member("c")), True),
        ((member("b", CORE.key), member("a", STRANGER.key)), False),
        ((member("a", CORE.key), member("a", STRANGER.key)), False),
        ((member("a", CORE.key), member("b", CORE.key)), False),
        ((member("a", CORE.key, CORE.key),), False),
    ],
)
def test_no_roster_says_two_things(members: tuple[Member, ...], good: bool) -> None:
    """AUTH-12: names ascend, and a key speaks for one name."""
    assert (replace(ROSTER, members=members).fault() is None) is good


def read(**members: Any) -> Roster:
    return wire.validate(Roster, encode({**wire.dump(ROSTER), **members}), "AUTH-1")


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"cluster": "Lab"}, "AUTH-1"),
        ({"cluster": "lab.nul"}, "NAME-3"),
        ({"version": 0}, "AUTH-1"),
        ({"prev": ""}, "AUTH-1"),
        ({"members": {}}, "AUTH-1"),
        ({"members": [{"name": "core"}]}, "AUTH-1"),
        ({"members": [{"name": "all", "keys": []}]}, "NAME-4"),
        ({"members": [{"name": "prn", "keys": []}]}, "NAME-3"),
        ({"members": [{"name": "core", "keys": [{"key": CORE.key, "state": "new"}]}]}, "AUTH-1"),
        ({"members": [{"name": "core", "keys": [CORE.key]}]}, "AUTH-1"),
        ({"members": [{"name": "core", "keys": [], "reused": -1}]}, "AUTH-1"),
        ({"members": [{"name": "core", "keys": [], "reused": True}]}, "AUTH-1"),
        ({"members": [{"name": "core", "keys": [], "roles": ["r"] * 17}]}, "AUTH-1"),
        ({"members": [{"name": "core", "keys": [{"key": CORE.key}] * 17}]}, "AUTH-1"),
        ({"members": [{"name": "core", "keys": []}] * (limits.members_max + 1)}, "AUTH-1"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_member_of_another_form(members: dict[str, Any], rule: str) -> None:
    """AUTH-1: reserved names and device names, too, are no members."""
    with pytest.raises(RuleError) as caught:
        read(**members)
    assert caught.value.rule == rule


def test_what_may_be_left_out() -> None:
    """AUTH-1: defaults of the table."""
    (core,) = read(members=[{"name": "core", "keys": [{"key": CORE.key}]}]).members
    assert (core.roles, core.reused, core.keys[0].state) == ((), 0, "active")
