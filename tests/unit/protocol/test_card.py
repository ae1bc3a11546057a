"""Cards: the form of each member (what all documents share is in test_documents)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import documents, limits
from protocol.canonical import encode, unb64
from protocol.card import Card, open_card, predecessor, succeed
from protocol.errors import RuleError
from protocol.signing import pae, verify
from tests.samples import (
    CARD,
    CLUSTER,
    CORE,
    LIBRARIAN,
    NETWORK,
    OTHER_NETWORK,
    STRANGER,
    signed,
)


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
        ({"succeeds": {"key": CORE.key}}, "CARD-1"),
        ({"succeeds": {"key": CORE.key, "sig": "A" * 85}}, "CARD-1"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_member_of_another_form(members: dict[str, Any], rule: str) -> None:
    """CARD-1, NAME-1 to NAME-4: a name that no drive could hold asks for nothing."""
    with pytest.raises(RuleError) as caught:
        shown(**members)
    assert caught.value.rule == rule


# ------------------------------------------------------------------------------ succession

NEW = replace(CARD, key=LIBRARIAN.key)


def test_an_old_key_vouches_for_the_new_one() -> None:
    """CARD-4: and the card opens as any other."""
    card = succeed(NEW, CORE)
    assert predecessor(card) == CORE.key
    data = documents.seal(card, LIBRARIAN)
    assert predecessor(open_card(data, NETWORK, "core", CLUSTER)) == CORE.key
    assert predecessor(NEW) is None


@pytest.mark.parametrize("member", ["network", "name", "cluster", "key"])
def test_a_succession_moves_to_no_other_card(member: str) -> None:
    """CARD-4: another network, name, cluster or successor."""
    other: dict[str, Any] = {
        "network": OTHER_NETWORK,
        "name": "scout",
        "cluster": "lab",
        "key": STRANGER.key,
    }
    card = succeed(NEW, CORE)
    assert predecessor(replace(card, **{member: other[member]})) is None


def test_only_the_key_itself_vouches() -> None:
    """CARD-4, CANON-7: a signature of somebody else, or none at all; and it raises nothing."""
    said = succeed(NEW, CORE).succeeds
    assert said is not None
    for spoiled in (
        replace(said, key=STRANGER.key),
        replace(said, sig="A" * 86),
        replace(said, sig=said.sig[:-1] + "-"),
        replace(said, key=said.key[:-1] + "-"),
    ):
        assert predecessor(replace(NEW, succeeds=spoiled)) is None


def test_a_succession_is_signed_as_its_own_type() -> None:
    """CARD-4, SIG-1: no other document of the old key can pass for one."""
    message = b'{"cluster":"%s","key":"%s","name":"core","network":"%s","next":"%s"}' % tuple(
        word.encode() for word in (CLUSTER, CORE.key, NETWORK, LIBRARIAN.key)
    )
    said = succeed(NEW, CORE).succeeds
    assert said is not None
    signature = unb64(said.sig, 64)
    assert verify(CORE.public, pae("soma/succession/1", message), signature)
    assert not verify(CORE.public, pae("soma/card/1", message), signature)
