"""Signed heads: form, and that nothing but a steward's own statement is one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import limits
from protocol.authority import open_head
from protocol.canonical import b64, decode, encode
from protocol.errors import RuleError
from protocol.signing import pae
from tests.samples import (
    CLUSTER,
    DEPUTY,
    HALT,
    HEAD_DATA,
    OTHER_NETWORK,
    ROSTER,
    STEWARD,
    TRUST,
    head_of,
)


def rule_of(data: bytes) -> str:
    with pytest.raises(RuleError) as caught:
        open_head(data, TRUST)
    return caught.value.rule


def test_what_a_steward_signed() -> None:
    """HEAD-1, HEAD-2: type, scope, number and hash of a document."""
    head = open_head(HEAD_DATA, TRUST)
    assert (head.of, head.scope, head.number) == ("soma/roster/1", CLUSTER, ROSTER.version)


@pytest.mark.parametrize(
    "members",
    [
        {"of": "soma/card/1"}, {"of": "roster"}, {"of": None}, {"scope": "Lab"}, {"scope": ""},
        {"number": -1}, {"number": "1"}, {"number": True}, {"hash": "0" * 63}, {"hash": None},
        {"network": ""},
    ],
    ids=repr,
)  # fmt: skip
def test_a_head_of_another_form(members: dict[str, Any]) -> None:
    """HEAD-1: a type that this version does not know is nothing it could look for."""
    assert rule_of(head_of(ROSTER, **members)) == "HEAD-1"


def test_a_head_of_another_network() -> None:
    """HEAD-2: a steward may serve two networks with one key."""
    data = head_of(ROSTER, network=OTHER_NETWORK)
    assert rule_of(data) == "HEAD-2"
    assert open_head(data, replace(TRUST, network=OTHER_NETWORK)).network == OTHER_NETWORK


def test_a_head_is_signed_in_earnest() -> None:
    """HEAD-2: by one steward or by several; a steward's name is not his signature."""
    value = decode(head_of(HALT))  # an order: both stewards may sign it
    message = pae("soma/head/1", encode(value["signed"]))
    own = value["signatures"][0]
    other = {"key": DEPUTY.key, "sig": b64(DEPUTY.sign(message))}
    assert open_head(encode({**value, "signatures": [other]}), TRUST).of == HALT.type
    twice = sorted([own, other], key=lambda entry: entry["key"])
    assert open_head(encode({**value, "signatures": twice}), TRUST).of == HALT.type
    twice[0] = {**twice[0], "sig": twice[1]["sig"]}
    assert rule_of(encode({**value, "signatures": twice})) == "HEAD-2"
    forged = {"key": STEWARD.key, "sig": other["sig"]}
    assert rule_of(encode({**value, "signatures": [forged]})) == "HEAD-2"


def test_a_head_has_no_company_and_no_great_size() -> None:
    """ENV-1, ENV-3: heads are copied into heartbeats."""
    assert rule_of(encode({**decode(HEAD_DATA), "head": {}})) == "ENV-3"
    assert rule_of(head_of(ROSTER, more="x" * limits.document_bytes_max)) == "ENV-1"
