"""Cards: the form of each member (what all documents share is in test_documents)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from protocol.canonical import encode
from protocol.card import Card, open_card
from protocol.errors import RuleError
from tests.samples import CARD, CLUSTER, CORE, NETWORK, signed


def shown(**members: Any) -> Card:
    return open_card(encode(signed(CARD, CORE, **members)), NETWORK, "core", CLUSTER)


def test_what_may_be_left_out() -> None:
    """CARD-1: defaults of the table."""
    assert shown(capabilities=None).capabilities == ()


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"name": "Core"}, "CARD-1"),
        ({"name": "-core"}, "CARD-1"),
        ({"name": "c" * 33}, "CARD-1"),
        ({"name": "nul"}, "NAME-3"),
        ({"name": "feed"}, "NAME-4"),
        ({"cluster": "lab..eu"}, "CARD-1"),
        ({"cluster": "lab.con"}, "NAME-3"),
        ({"cluster": ".".join(["abcdefghi"] * 11)}, "CARD-1"),
        ({"cluster": "lab." + "a" * 33}, "NAME-1"),
        ({"at": "now"}, "CARD-1"),
        ({"capabilities": ["Python"]}, "CARD-1"),
        ({"capabilities": ["w" * 65]}, "CARD-1"),
        ({"capabilities": ["w"] * (limits.capabilities_max + 1)}, "CARD-1"),
        ({"key": CORE.key + "A"}, "CARD-1"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_member_of_another_form(members: dict[str, Any], rule: str) -> None:
    """CARD-1, NAME-1 to NAME-4: a name that no drive could hold asks for nothing."""
    with pytest.raises(RuleError) as caught:
        shown(**members)
    assert caught.value.rule == rule
