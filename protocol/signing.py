"""Ed25519 signatures over DSSE's pre-authentication encoding, and fingerprints of keys.

`verify` is strict where RFC 8032 leaves a choice, so that all peers agree about every signature
and nobody can offer a key under which anything verifies:

    SIG-2   a key has 32 bytes, a signature 64
    SIG-3   y of the key and of R is below p = 2^255−19 (one encoding for each point)
    SIG-4   neither the key nor R is one of the eight points of small order
    SIG-5   S is below the group order L (no second signature by adding L)

This is the row of libsodium in the published comparisons of edge cases. The only module that
imports `cryptography` for signatures. It does *not* know who may sign what, keep keys, or draw
random numbers: seeds are arguments.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import limits
from protocol.canonical import b32, b64
from protocol.remembered import foretell, remembered

_fingerprint_chars = 26  # 130 bits
_fingerprint_groups = (5, 4, 4, 5, 4, 4)

# y of the points of order 1, 2, 4 and 8, little-endian, sign bit of x cleared. With either sign
# these five are all encodings of small-order points, the two of x = "minus zero" included.
_small_order = frozenset(
    bytes.fromhex(y)
    for y in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)
_field_order = 2**255 - 19
_group_order = 2**252 + 27742317777372353535851937790883648493


def pae(type: str, body: bytes) -> bytes:
    """SIG-1: DSSE v1 pre-authentication encoding; lengths are counts of bytes, in decimal."""
    name = type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


@remembered
def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is the strict Ed25519 signature of `message`. Never raises."""
    if len(public_key) != limits.key_bytes or len(signature) != limits.signature_bytes:
        return False
    if not _is_sound_point(signature[:32]):
        return False
    if int.from_bytes(signature[32:], "little") >= _group_order:
        return False
    key = _sound_key(public_key)
    if key is None:
        return False
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def is_key(public: bytes) -> bool:
    """Whether anything could ever verify under this key."""
    return len(public) == 32 and _sound_key(public) is not None


@lru_cache(maxsize=4_096)
def _sound_key(public_key: bytes) -> Ed25519PublicKey | None:
    """The key object, or None for a key no signature verifies under."""
    if not _is_sound_point(public_key):
        return None
    try:
        return Ed25519PublicKey.from_public_bytes(public_key)
    except ValueError:  # a backend that checks at once whether the point is on the curve
        return None


def _is_sound_point(encoding: bytes) -> bool:
    """Canonical and not of small order; whether it is on the curve is left to the backend."""
    y = encoding[:31] + bytes((encoding[31] & 0x7F,))
    return y not in _small_order and int.from_bytes(y, "little") < _field_order


class Signer:
    """A private key at work: `public` (raw bytes), `key` (the same as base64url), `sign`."""

    __slots__ = ("_private", "key", "public")

    def __init__(self, seed: bytes) -> None:
        """`seed` are the 32 bytes of an RFC 8032 private key; ValueError for another length."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes_raw()
        self.key: str = b64(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes, the same for the same message."""
        signature = self._private.sign(message)
        foretell(verify, (self.public, message, signature), True)
        return signature

    def derive(self, use: bytes) -> bytes:
        """32 secret bytes for another use of this identity, always the same for the same use."""
        return hkdf(self._private.private_bytes_raw(), b"", use)


def hkdf(secret: bytes, salt: bytes, use: bytes) -> bytes:
    """32 bytes of HKDF-SHA256 (RFC 5869); `use` is its `info`."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt or None, info=use).derive(secret)


def fingerprint(public: bytes) -> str:
    """SIG-6: the first 26 characters of base32(sha256(key)): what people compare."""
    return b32(sha256(public).digest())[:_fingerprint_chars]


def show_fingerprint(text: str) -> str:
    """A fingerprint in groups to read aloud: `abcde-fghi-jklm-nopqr-stuv-wxyz`."""
    groups, at = [], 0
    for length in _fingerprint_groups:
        groups.append(text[at : at + length])
        at += length
    return "-".join(groups)


def same_fingerprint(a: str, b: str) -> bool:
    """Whether two spellings mean one fingerprint; dashes, spaces and case do not count."""
    return _plain(a) == _plain(b)


def _plain(text: str) -> str:
    return "".join(text.replace("-", " ").split()).lower()
