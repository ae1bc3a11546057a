"""Signatures over random keys, messages and damage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.signing import Signer, fingerprint, pae, same_fingerprint, show_fingerprint, verify
from tests.strategies import seeds, texts


@given(texts, st.binary(), texts, st.binary())
def test_different_things_are_signed_as_different_bytes(
    a: str, a_body: bytes, b: str, b_body: bytes
) -> None:
    """SIG-1: no (type, body) can be read as another."""
    assert (pae(a, a_body) == pae(b, b_body)) == ((a, a_body) == (b, b_body))


@given(st.binary(), st.integers(0, 40))
def test_bytes_cannot_move_between_type_and_body(data: bytes, cut: int) -> None:
    """SIG-1: the same bytes, parted elsewhere, are another message."""
    text = data.hex()
    whole, moved = pae(text, b""), pae(text[:cut], text[cut:].encode())
    assert (whole == moved) == (cut >= len(text))


@given(seeds, st.binary())
def test_what_is_signed_verifies(seed: bytes, message: bytes) -> None:
    """SIG-5: strictness refuses no honest signature."""
    signer = Signer(seed)
    assert verify(signer.public, message, signer.sign(message))


@given(seeds, st.binary(), st.integers(0, 511))
def test_one_flipped_bit_is_enough(seed: bytes, message: bytes, bit: int) -> None:
    """SIG-5: no other signature passes for the same message and key."""
    signer = Signer(seed)
    flipped = int.from_bytes(signer.sign(message), "little") ^ 1 << bit
    assert not verify(signer.public, message, flipped.to_bytes(64, "little"))


@given(st.binary(max_size=70), st.binary(max_size=80), st.binary(max_size=140))
def test_verify_never_raises(key: bytes, message: bytes, signature: bytes) -> None:
    """SIG-2: whatever the bytes are, the answer is False."""
    assert verify(key, message, signature) is False


@given(
    st.binary(min_size=limits.key_bytes, max_size=limits.key_bytes),
    st.binary(min_size=limits.signature_bytes, max_size=limits.signature_bytes),
)
def test_random_signatures_are_refused(key: bytes, signature: bytes) -> None:
    """SIG-5: the same with the right lengths, which reach the curve."""
    assert verify(key, b"hello", signature) is False


@given(seeds)
def test_a_shown_fingerprint_is_the_same_fingerprint(seed: bytes) -> None:
    """SIG-6: what is read aloud can be compared with what is stored."""
    plain = fingerprint(seed)
    assert same_fingerprint(show_fingerprint(plain).upper(), plain)
