"""Signatures: RFC 8032's vectors, and every way in which Ed25519 can be bent.

The small curve arithmetic below is the textbook's (RFC 8032 §5.1), slow and only for tests: it
makes forgeries that `cryptography` alone accepts, so the checks are shown to be needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol import signing
from protocol.signing import (
    Signer,
    fingerprint,
    pae,
    same_fingerprint,
    show_fingerprint,
    verify,
)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P)
    return x % P, y % P


def times(scalar: int, point: Point) -> Point:
    total: Point = (0, 1)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def lift(y: int) -> Point | None:
    """A point with this y, the even x; None where there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (x if x % 2 == 0 else P - x), y


def encoded(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def on_curve(y: int) -> Point:
    point = lift(y)
    assert point is not None
    return point


BASE = on_curve(4 * pow(5, -1, P) % P)


def order_eight() -> Point:
    for y in range(2, 100):
        if (point := lift(y)) and times(4, torsion := times(L, point)) != (0, 1):
            return torsion
    raise AssertionError("no point of order 8 found")


EIGHT = order_eight()
SMALL = [times(n, EIGHT) for n in range(8)]
# Every encoding of a small-order point: y as it is or plus p where that fits, with either sign.
SMALL_ENCODINGS = sorted(
    {
        (y | sign << 255).to_bytes(32, "little")
        for _, reduced in SMALL
        for y in (reduced, reduced + P)
        if y < 2**255
        for sign in (0, 1)
    }
)
UNREDUCED = [(y | sign << 255).to_bytes(32, "little") for y in range(P, 2**255) for sign in (0, 1)]


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def scalar_of(seed: bytes) -> int:
    half = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return half & (2**254 - 8) | 2**254


def bare_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """What `cryptography` says without our checks."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def messages() -> Iterator[bytes]:
    return (b"message %d" % n for n in range(200))


class GullibleKey:
    """A backend that accepts everything: what is refused then is refused by us."""

    @classmethod
    def from_public_bytes(cls, data: bytes) -> GullibleKey:
        return cls()

    def verify(self, signature: bytes, data: bytes) -> None:
        pass


@pytest.fixture
def gullible(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(signing, "Ed25519PublicKey", GullibleKey)
    signing._sound_key.cache_clear()
    yield
    signing._sound_key.cache_clear()


SEED = bytes(range(32))
SIGNER = Signer(SEED)
GOOD = SIGNER.sign(b"hello")


def test_all_vectors_of_ed25519() -> None:
    """SIG-5: the 1,024 vectors of the authors of Ed25519, signing and verifying."""
    folder = Path(cryptography_vectors.__file__).parent
    lines = (folder / "asymmetric/Ed25519/sign.input").read_text().splitlines()
    for line in lines:
        secret, key, message, signed = map(bytes.fromhex, line.split(":")[:4])
        signature = signed[:64]
        signer = Signer(secret[:32])
        assert signer.public == key
        assert signer.sign(message) == signature
        assert verify(key, message, signature)
        assert not verify(key, message + b"x", signature)
        assert not verify(key, message, signature[:-1] + bytes((signature[-1] ^ 1,)))
    assert len(lines) == 1024


def test_encoding_before_signing_is_dsse() -> None:
    """SIG-1: the example of the DSSE specification, and lengths in bytes, not characters."""
    example = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == example
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_a_signature_does_not_move_to_another_type() -> None:
    """SIG-1: what is signed names the type."""
    signature = SIGNER.sign(pae("soma/page/1", b"{}"))
    assert verify(SIGNER.public, pae("soma/page/1", b"{}"), signature)
    assert not verify(SIGNER.public, pae("soma/page/2", b"{}"), signature)
    assert not verify(SIGNER.public, b"{}", signature)


@pytest.mark.usefixtures("gullible")
@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_keys_of_another_length_are_refused(length: int) -> None:
    """SIG-2: 32 bytes, nothing else."""
    assert verify(SIGNER.public, b"hello", GOOD)
    assert not verify((SIGNER.public * 2)[:length], b"hello", GOOD)


@pytest.mark.usefixtures("gullible")
@pytest.mark.parametrize("length", [0, 32, 63, 65, 128])
def test_signatures_of_another_length_are_refused(length: int) -> None:
    """SIG-2: 64 bytes, nothing else."""
    assert not verify(SIGNER.public, b"hello", (GOOD * 2)[:length])


@pytest.mark.usefixtures("gullible")
@pytest.mark.parametrize("encoding", UNREDUCED, ids=bytes.hex)
def test_unreduced_points_are_refused(encoding: bytes) -> None:
    """SIG-3: y at p or above, in the key and in R."""
    assert not verify(encoding, b"hello", GOOD)
    assert not verify(SIGNER.public, b"hello", encoding + GOOD[32:])


@pytest.mark.usefixtures("gullible")
@pytest.mark.parametrize("encoding", SMALL_ENCODINGS, ids=bytes.hex)
def test_small_order_points_are_refused(encoding: bytes) -> None:
    """SIG-4: all eight points in all their encodings, in the key and in R."""
    assert not verify(encoding, b"hello", GOOD)
    assert not verify(SIGNER.public, b"hello", encoding + GOOD[32:])


@pytest.mark.usefixtures("gullible")
def test_neighbours_of_refused_points_reach_the_backend() -> None:
    """SIG-3, SIG-4: the checks refuse those encodings and no others near them."""
    for y in (2, P - 2, P - 19, 2**254, 2**254 - 1):
        for sign in (0, 1):
            encoding = (y | sign << 255).to_bytes(32, "little")
            assert verify(encoding, b"hello", encoding + GOOD[32:])


def test_there_are_eight_small_points_in_fourteen_encodings() -> None:
    """The table the tests above run over is the whole of it."""
    assert len(set(SMALL)) == 8
    assert {encoded(point) for point in SMALL} <= set(SMALL_ENCODINGS)
    assert len(SMALL_ENCODINGS) == 14
    assert len(UNREDUCED) == 38


@pytest.mark.parametrize("point", SMALL, ids=str)
def test_a_small_key_would_sign_anything(point: Point) -> None:
    """SIG-4: a signature nobody made, which the backend accepts under a small-order key."""
    key, r = encoded(point), encoded(times(5, BASE))
    forged = r + (5).to_bytes(32, "little")
    fooled = [message for message in messages() if bare_verify(key, message, forged)]
    assert fooled
    assert not any(verify(key, message, forged) for message in fooled)


@pytest.mark.parametrize("point", SMALL, ids=str)
def test_a_small_r_would_pass_under_a_mixed_key(point: Point) -> None:
    """SIG-4: R of small order under a key with a small component, accepted by the backend."""
    scalar = scalar_of(SEED)
    key, r = encoded(add(times(scalar, BASE), EIGHT)), encoded(point)
    fooled = 0
    for message in messages():
        s = challenge(r, key, message) * scalar % L
        signature = r + s.to_bytes(32, "little")
        fooled += bare_verify(key, message, signature)
        assert not verify(key, message, signature)
    assert fooled


def test_s_is_below_the_group_order() -> None:
    """SIG-5: adding L to S gives no second signature."""
    s = int.from_bytes(GOOD[32:], "little")
    assert verify(SIGNER.public, b"hello", GOOD)
    for more in range(L, 2**256 - s, L):
        assert not verify(SIGNER.public, b"hello", GOOD[:32] + (s + more).to_bytes(32, "little"))


@pytest.mark.usefixtures("gullible")
def test_the_border_of_s_is_ours() -> None:
    """SIG-5: L − 1 reaches the backend, L does not."""
    for s, expected in ((0, True), (L - 1, True), (L, False), (L + 1, False), (2**256 - 1, False)):
        found = verify(SIGNER.public, b"hello", GOOD[:32] + s.to_bytes(32, "little"))
        assert found is expected


def test_a_key_off_the_curve_verifies_nothing() -> None:
    """SIG-5: half of all 32 bytes are no point at all; that is False, not an error."""
    off = next(y for y in range(2, 100) if lift(y) is None)
    assert not verify(off.to_bytes(32, "little"), b"hello", GOOD)


def test_a_backend_that_refuses_a_key_at_once_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIG-5: verify never raises."""

    class Fussy:
        @classmethod
        def from_public_bytes(cls, data: bytes) -> Fussy:
            raise ValueError("not on the curve")

    monkeypatch.setattr(signing, "Ed25519PublicKey", Fussy)
    signing._sound_key.cache_clear()
    assert not verify(SIGNER.public, b"hello", GOOD)
    signing._sound_key.cache_clear()


def test_checked_keys_are_kept_but_not_without_end() -> None:
    """A key's object is made once; the store of them is bounded."""
    signing._sound_key.cache_clear()
    for _ in range(3):
        assert verify(SIGNER.public, b"hello", GOOD)
    info = signing._sound_key.cache_info()
    assert (info.hits, info.misses, info.maxsize) == (2, 1, 4096)


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        Signer(b"short")


def test_a_signer_does_not_show_its_secret() -> None:
    """Logs and tracebacks print objects."""
    assert SEED.hex() not in repr(SIGNER)
    assert not hasattr(SIGNER, "__dict__")


def test_a_fingerprint_is_26_characters_of_the_hash() -> None:
    """SIG-6: base32 by hand: five bits a character, most significant first."""
    number = int.from_bytes(hashlib.sha256(SIGNER.public).digest(), "big")
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    by_hand = "".join(alphabet[number >> (251 - 5 * n) & 31] for n in range(26))
    assert fingerprint(SIGNER.public) == by_hand


def test_a_fingerprint_is_shown_in_groups() -> None:
    """SIG-6: what is shown is the same fingerprint, in groups of four and five."""
    assert show_fingerprint("abcdefghijklmnopqrstuvwxyz") == "abcde-fghi-jklm-nopqr-stuv-wxyz"


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("abcde-fghi", "abcdefghi", True),
        ("ABCDE FGHI\n", "abcde-fghi", True),
        ("abcde", "abcdf", False),
        ("abcde", "abcd", False),
        ("", "abcd", False),
    ],
)
def test_dashes_spaces_and_case_do_not_count(a: str, b: str, same: bool) -> None:
    """SIG-6: people type fingerprints."""
    assert same_fingerprint(a, b) is same
