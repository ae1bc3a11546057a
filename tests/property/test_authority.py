"""Steward documents over random damage and random content: only a steward's own words count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.authority import open_head, open_root, open_steward_document, seal_document
from protocol.canonical import decode, encode
from protocol.envelope import seal_envelope
from protocol.marker import open_marker
from protocol.signing import Signer
from tests.samples import (
    CHARTER,
    CORE,
    DEPUTY,
    DOCUMENTS,
    HALT,
    LIBRARIAN,
    MARKER_DATA,
    NETWORK,
    ROOT,
    ROSTER,
    STEWARD,
    STRANGER,
    TRUST,
)
from tests.strategies import attempt, canonical_objects, canonical_values, hashes, mutated

STEWARDS = ("charter", "roster", "order")
OPEN: dict[str, Any] = {
    **{name: lambda data: open_steward_document(data, TRUST) for name in STEWARDS},
    "root": lambda data: open_root(data, NETWORK),
    "head": lambda data: open_head(data, TRUST),
}


def tried(name: str, data: bytes) -> tuple[Any, str | None]:
    return attempt(lambda: OPEN[name](data))


@given(st.sampled_from(sorted(OPEN)), st.data())
def test_touched_documents_are_refused(name: str, data: st.DataObject) -> None:
    """AUTH-5, AUTH-6, HEAD-2: whatever was changed; no other exception comes out."""
    bad = data.draw(mutated(DOCUMENTS[name]))
    found, rule = tried(name, bad)
    assert (found is None) == (rule is not None) == (bad != DOCUMENTS[name])


def test_every_bit_counts() -> None:
    """AUTH-5, AUTH-6, HEAD-2: all single-bit changes, one after the other."""
    for name in OPEN:
        good = DOCUMENTS[name]
        assert tried(name, good)[0] is not None
        for at in range(len(good)):
            bit = 1 << at % 8
            bad = good[:at] + bytes((good[at] ^ bit,)) + good[at + 1 :]
            assert tried(name, bad)[0] is None


@given(mutated(MARKER_DATA))
def test_a_touched_marker_shows_the_same_root_or_none(bad: bytes) -> None:
    """ROOT-2, ROOT-4: the hint may lie, the root cannot."""
    found, rule = attempt(lambda: open_marker(bad, NETWORK))
    if found is None:
        assert rule is not None
    else:
        assert found[1].digest == NETWORK
        assert found[1].body == ROOT


signers = st.sampled_from([STEWARD, DEPUTY, CORE, LIBRARIAN, STRANGER])


@given(st.sampled_from([CHARTER, ROSTER, HALT]), signers, signers)
def test_only_the_table_decides(body: Any, first: Signer, second: Signer) -> None:
    """AUTH-4, AUTH-6: document and head under every pair of keys; one steward signs both."""
    value = decode(seal_document(body, NETWORK, first))
    value["head"] = decode(seal_document(body, NETWORK, second))["head"]
    found, rule = attempt(lambda: open_steward_document(encode(value), TRUST))
    right = {STEWARD.key, DEPUTY.key} if body is HALT else {STEWARD.key}
    assert (found is not None) == (first.key in right and first.key == second.key)
    if first.key not in right:
        assert rule == "AUTH-4"


@given(st.sampled_from([CHARTER, ROSTER, HALT]), hashes)
def test_a_document_counts_in_its_own_network_only(body: Any, network: str) -> None:
    """AUTH-2: under the very same stewards."""
    data = seal_document(body, NETWORK, STEWARD)
    found, rule = attempt(lambda: open_steward_document(data, replace(TRUST, network=network)))
    assert (found is None) == (rule == "AUTH-2") == (network != NETWORK)


@given(st.sampled_from([*STEWARDS, "root"]), canonical_objects, canonical_values)
def test_whatever_a_steward_signs_is_read_or_refused(
    name: str, said: dict[str, Any], head: Any
) -> None:
    """AUTH-1, ROOT-1: a steward's slip raises nothing else."""
    said = {member: value for member, value in said.items() if member != "type"}
    data = seal_envelope(f"soma/{name}/1", said, [STEWARD], rest={"head": head})
    found, rule = tried(name, data)
    assert found is None
    assert rule is not None


@given(st.sampled_from(sorted(OPEN)), canonical_objects)
def test_members_beside_what_is_signed_change_nothing(name: str, more: dict[str, Any]) -> None:
    """ENV-3: nothing rides along unsigned."""
    value = decode(DOCUMENTS[name])
    found, rule = tried(name, encode({**more, **value}))
    assert (found is not None) == (more.keys() <= value.keys())
    assert rule in (None, "ENV-3", "CANON-5")
