"""Canonical JSON, and the three spellings of bytes as text that the wire uses.

Canonical is RFC 8785 restricted to what every language spells alike: object keys are ASCII, there
are no floats, integers lie within ±(2^53−1), nesting is bounded. Under these restrictions orjson's
sorted output *is* the canonical form (a property test holds it against the `rfc8785` package).
`decode` accepts exactly the bytes that `encode` would write, so a value has one spelling, a hash
of the bytes is a hash of the value, and re-encoding part of a document gives what was signed.

No Unicode normalisation: two spellings of "é" are two texts. What this module does *not* do: it
does not limit sizes (whoever reads the file did) and does not know what a document means.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from hashlib import sha256
from typing import Any

import orjson

from protocol import limits
from protocol.errors import RuleError

# OPT_STRICT_INTEGER is the ±(2^53−1) check, in C. orjson would also write dates, dataclasses and
# subclasses; `_check` lets none of them through.
_options = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_scalars = frozenset((str, int, bool, type(None)))
_containers = frozenset((dict, list, tuple))

_urlsafe = bytes.maketrans(b"+/", b"-_")
_standard = bytes.maketrans(b"-_", b"+/")

_letters = "abcdefghijklmnopqrstuvwxyz234567"
_pairs = [high + low for high in _letters for low in _letters]


def encode(value: Any) -> bytes:
    """The canonical bytes of `value`; tuples are written as arrays.

    Raises ValueError for what has no canonical form: that is our own mistake, not a peer's.
    """
    try:
        _check(value)
        return orjson.dumps(value, option=_options)
    except (RuleError, TypeError) as fault:
        raise ValueError(f"no canonical JSON: {fault}") from fault


def reencode(value: Any) -> bytes:
    """`encode` of what `decode` returned, or of a part of it: nothing is left to be checked."""
    return orjson.dumps(value, option=_options)


def decode(data: bytes) -> Any:
    """The value whose canonical bytes are exactly `data`; RuleError CANON-1 … CANON-6 otherwise."""
    try:
        value = orjson.loads(data)
    except ValueError as fault:
        raise RuleError("CANON-1", f"not JSON in UTF-8: {fault}") from fault
    _check(value)  # before encoding again: orjson's encoder has a nesting limit of its own
    try:
        again = orjson.dumps(value, option=_options)
    except TypeError as fault:
        raise RuleError("CANON-3", "an integer lies outside ±(2^53-1)") from fault
    if again != data:
        raise RuleError("CANON-6", _difference(data, again))
    return value


def _check(value: Any) -> None:
    """Refuse floats, non-ASCII keys and deep nesting; level by level, so depth costs no stack."""
    level: list[Any] = [[value]]
    for _ in range(limits.depth_max + 1):
        below: list[Any] = []
        for node in level:
            members = node
            if type(node) is dict:
                if not "".join(node).isascii():
                    raise RuleError("CANON-4", "an object key is not ASCII")
                members = node.values()
            for member in members:
                kind = type(member)
                if kind not in _scalars:
                    if kind not in _containers:
                        raise _no_member(kind)
                    below.append(member)
        if not below:
            return
        level = below
    raise RuleError("CANON-5", f"nested more than {limits.depth_max} deep")


def _no_member(kind: type) -> Exception:
    if kind is float:  # orjson reads integers over 64 bits as floats, too
        return RuleError("CANON-2", "a number has a fraction, an exponent or over 64 bits")
    return TypeError(f"{kind.__name__} is not a JSON type")


def _difference(data: bytes, again: bytes) -> str:
    """Where two unequal spellings part; the shorter may be the beginning of the longer."""
    pairs = enumerate(zip(data, again, strict=False))
    at = next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(data), len(again)))
    return f"not the canonical spelling from byte {at} on (order, spaces, escapes or a key twice)"


def b64(data: bytes) -> str:
    """Unpadded base64url (RFC 4648 §5): keys and signatures."""
    return b2a_base64(data, newline=False).translate(_urlsafe).rstrip(b"=").decode("ascii")


def unb64(text: str, length: int) -> bytes:
    """The `length` bytes whose only spelling is `text`; RuleError CANON-7 otherwise."""
    if len(text) != (length * 8 + 5) // 6:
        raise RuleError("CANON-7", f"{len(text)} characters cannot be {length} bytes of base64url")
    try:
        data = a2b_base64(text.encode("ascii").translate(_standard) + b"=" * (-len(text) % 4))
    except ValueError as fault:
        raise RuleError("CANON-7", f"not base64url: {fault}") from fault
    if b64(data) != text:  # foreign characters, or bits beyond the last byte
        raise RuleError("CANON-7", f"not the one base64url spelling of {length} bytes")
    return data


def b32(data: bytes) -> str:
    """Unpadded lower-case base32 (RFC 4648 §6): ids and fingerprints."""
    bits = len(data) * 8
    chars = -(-bits // 5)
    even = 5 * (chars + chars % 2)
    # Two characters at a step: several times the speed of the standard library's.
    number = int.from_bytes(data, "big") << (even - bits)
    return "".join([_pairs[number >> low & 1023] for low in range(even - 10, -1, -10)])[:chars]


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return sha256(data).hexdigest()
