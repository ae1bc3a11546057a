"""Envelopes over random bodies and damage: nothing that was changed counts as signed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.canonical import encode
from protocol.envelope import Envelope, open_envelope, seal_envelope
from protocol.signing import Signer
from tests.strategies import attempt, canonical_objects, canonical_values, mutated

TYPES = ("soma/page/1", "soma/card/1")
SIGNER, OTHER = Signer(b"s" * 32), Signer(b"o" * 32)
BYTES_MAX = 1 << 20


def opened(data: bytes, rest: tuple[str, ...] = ()) -> tuple[Envelope | None, str | None]:
    return attempt(lambda: open_envelope(data, TYPES, BYTES_MAX, rest))


def without_type(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "type"}


bodies = canonical_objects.map(without_type)


@given(bodies, st.sampled_from(TYPES), canonical_values)
def test_what_is_sealed_opens(body: dict[str, Any], kind: str, items: Any) -> None:
    """ENV-2, ENV-8: strictness refuses no honest document."""
    envelope, rule = opened(seal_envelope(kind, body, [SIGNER], {"items": items}), ("items",))
    assert rule is None
    assert envelope is not None
    assert envelope.signed == {**body, "type": kind}
    assert envelope.rest == {"items": items}
    assert envelope.signed_by(SIGNER.key)
    assert not envelope.signed_by(OTHER.key)


@given(bodies, st.data())
def test_damaged_documents_are_refused_or_not_signed(
    body: dict[str, Any], data: st.DataObject
) -> None:
    """ENV-8: after any change the signer is not said to have signed."""
    good = seal_envelope(TYPES[0], body, [SIGNER])
    bad = data.draw(mutated(good))
    envelope, _ = opened(bad)
    if envelope is not None:
        assert envelope.signed_by(SIGNER.key) == (bad == good)


@given(st.binary())
def test_random_bytes_are_refused(data: bytes) -> None:
    """ENV-2: open_envelope raises nothing but RuleError on any bytes."""
    envelope, rule = opened(data)
    assert envelope is None
    assert rule is not None


@given(
    canonical_values
    | st.fixed_dictionaries({"signatures": canonical_values, "signed": canonical_values})
)
def test_random_documents_are_refused(document: Any) -> None:
    """ENV-2 to ENV-7: the same with canonical documents of any shape."""
    envelope, rule = opened(encode(document))
    assert envelope is None
    assert rule is not None


@given(bodies, bodies)
def test_digests_tell_documents_apart(one: dict[str, Any], two: dict[str, Any]) -> None:
    """ENV-9: the same digest means the same signed bytes, and the other way round."""
    digests = []
    for body in (one, two):
        envelope, _ = opened(seal_envelope(TYPES[0], body, [SIGNER]))
        assert envelope is not None
        digests.append(envelope.digest)
    assert (digests[0] == digests[1]) == (encode(one) == encode(two))
