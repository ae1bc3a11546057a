"""Canonical JSON over random values, random bytes and damaged documents."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from protocol.canonical import b64, decode, encode, unb64
from tests.strategies import Json, attempt, canonical_values, mutated, shuffled


@given(canonical_values)
def test_bytes_are_those_of_rfc_8785(value: Json) -> None:
    """CANON-6: under our restrictions orjson writes what the reference implementation writes."""
    assert encode(value) == rfc8785.dumps(value)


@given(canonical_values)
def test_decode_gives_back_what_was_encoded(value: Json) -> None:
    """CANON-6: every value has a spelling that is accepted, and it says the same value."""
    again = decode(encode(value))
    assert again == value
    assert encode(again) == encode(value)


@given(st.data(), canonical_values)
def test_order_of_insertion_does_not_matter(data: st.DataObject, value: Json) -> None:
    """CANON-6: one value, one spelling."""
    assert encode(data.draw(shuffled(value))) == encode(value)


@given(st.data(), canonical_values)
def test_damaged_documents_are_refused_or_canonical(data: st.DataObject, value: Json) -> None:
    """CANON-1 to CANON-6: decode raises nothing but RuleError, and accepts canonical bytes only."""
    _refused_or_canonical(data.draw(mutated(encode(value))))


@given(st.binary())
def test_random_bytes_are_refused_or_canonical(data: bytes) -> None:
    """CANON-1: decode raises nothing but RuleError on any bytes."""
    _refused_or_canonical(data)


@given(st.text('{}[]:,"0123456789.eE+- \\unatrlfse', max_size=30))
def test_random_json_like_texts_are_refused_or_canonical(text: str) -> None:
    """CANON-1 to CANON-6: the same, nearer to JSON."""
    _refused_or_canonical(text.encode())


def _refused_or_canonical(data: bytes) -> None:
    value, rule = attempt(lambda: decode(data))
    if rule is None:
        assert rfc8785.dumps(value) == data
    else:
        assert rule in {f"CANON-{n}" for n in range(1, 7)}


@given(st.binary(max_size=70))
def test_base64_goes_there_and_back(data: bytes) -> None:
    """CANON-7: the spelling that is written is the one that is read."""
    assert unb64(b64(data), len(data)) == data


@given(st.binary(min_size=1, max_size=40), st.data())
def test_only_one_base64_spelling_is_accepted(raw: bytes, data: st.DataObject) -> None:
    """CANON-7: no other text stands for the same bytes."""
    right = b64(raw)
    other = data.draw(mutated(right.encode())).decode("latin-1")
    found, rule = attempt(lambda: unb64(other, len(raw)))
    assert (found == raw) == (other == right)
    assert rule in (None, "CANON-7")


@given(st.text(), st.integers(0, 70))
def test_any_text_is_refused_or_the_spelling(text: str, length: int) -> None:
    """CANON-7: unb64 raises nothing but RuleError on any text."""
    found, rule = attempt(lambda: unb64(text, length))
    if found is None:
        assert rule == "CANON-7"
    else:
        assert b64(found) == text


def test_the_oracle_would_notice() -> None:
    """The reference tells spellings apart, so the comparisons above can fail."""
    assert rfc8785.dumps({"b": 1, "a": "\u007f\n"}) == b'{"a":"\x7f\\n","b":1}'
    with pytest.raises(rfc8785.IntegerDomainError):
        rfc8785.dumps(2**53)
