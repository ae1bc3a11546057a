"""The marker of a share: the root speaks for itself, the rest is a hint."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.canonical import decode, encode
from protocol.errors import RuleError
from protocol.marker import form_marker, open_marker
from tests.samples import (
    CHARTER_DATA,
    CLUSTER,
    DEPUTY,
    MARKER_DATA,
    NETWORK,
    OTHER_NETWORK,
    ROOT,
    ROOT_DATA,
)

MARKER = decode(MARKER_DATA)
FOREIGN = {"key": DEPUTY.key, "sig": "A" * 86}


def rule_of(data: bytes, network: str | None = NETWORK) -> str:
    with pytest.raises(RuleError) as caught:
        open_marker(data, network)
    return caught.value.rule


def test_what_is_formed_opens() -> None:
    """ROOT-4: the root keeps its bytes, so its hash is the network's id."""
    for network in (None, NETWORK):
        cluster, document = open_marker(form_marker(CLUSTER, ROOT_DATA), network)
        assert (cluster, document.digest, document.body) == (CLUSTER, NETWORK, ROOT)
        assert document.data == ROOT_DATA


def test_later_versions_may_leave_more_hints() -> None:
    """ROOT-4: members that nobody knows are ignored."""
    cluster, document = open_marker(encode({**MARKER, "bucket": "soma"}), NETWORK)
    assert (cluster, document.digest) == (CLUSTER, NETWORK)


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"cluster": "Lab"}, "ROOT-4"),
        ({"cluster": 1}, "ROOT-4"),
        ({"cluster": "lab.nul"}, "NAME-3"),
        ({"root": None}, "ROOT-4"),
        ({"root": "root"}, "ROOT-4"),
        ({"root": {}}, "ENV-2"),
        ({"root": decode(CHARTER_DATA)}, "ENV-7"),
        ({"root": {**MARKER["root"], "signatures": [FOREIGN]}}, "AUTH-4"),
    ],
)
def test_a_marker_of_another_form(members: dict[str, Any], rule: str) -> None:
    """ROOT-4: and what is wrong with its root says the root's rule."""
    assert rule_of(encode({**MARKER, **members})) == rule


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", encode({"cluster": CLUSTER})])
def test_what_is_no_marker(data: bytes) -> None:
    """ROOT-4, CANON-1: junk in its place."""
    assert rule_of(data) == ("ROOT-4" if data else "CANON-1")


def test_a_marker_is_canonical() -> None:
    """ROOT-4: no spaces, no newline, each member once."""
    assert rule_of(MARKER_DATA + b"\n") == "CANON-6"
    assert (
        rule_of(MARKER_DATA.replace(b'{"cluster"', b'{"cluster":"lab.us","cluster"')) == "CANON-6"
    )


def test_the_marker_of_another_network() -> None:
    """ROOT-2: whatever it says."""
    assert rule_of(MARKER_DATA, OTHER_NETWORK) == "ROOT-2"
