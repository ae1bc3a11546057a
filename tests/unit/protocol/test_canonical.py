"""Canonical JSON: each rule with the smallest bytes that break it."""

from __future__ import annotations

import collections
import datetime
import enum
import hashlib
from dataclasses import dataclass
from typing import Any

import pytest

from protocol import limits
from protocol.canonical import b32, b64, decode, encode, sha256_hex, unb64
from protocol.errors import RuleError


class Colour(enum.IntEnum):
    """An integer that orjson would write without a word."""

    RED = 1


class Shout(str):
    """A text that orjson would write without a word."""

    __slots__ = ()


@dataclass
class Box:
    """A dataclass that orjson would write without a word."""

    side: int


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "CANON-1"),
        (b"{", "CANON-1"),
        (b"nul", "CANON-1"),
        (b"NaN", "CANON-1"),
        (b"Infinity", "CANON-1"),
        (b"[1,]", "CANON-1"),
        (b"'a'", "CANON-1"),
        (b"01", "CANON-1"),
        (b'"\xff"', "CANON-1"),  # not UTF-8
        (b'"\xed\xa0\x80"', "CANON-1"),  # a surrogate in UTF-8
        (b'"\\ud800"', "CANON-1"),  # a lone surrogate, escaped
        (b'{"\\udfff":1}', "CANON-1"),
        (b"\xef\xbb\xbf1", "CANON-1"),  # byte order mark
        (b'"a\nb"', "CANON-1"),
        (b"1 2", "CANON-1"),
        (nested(5_000), "CANON-1"),  # deeper than the JSON parser goes
        (b"1.0", "CANON-2"),
        (b"[0.5]", "CANON-2"),
        (b'{"a":{"b":1e3}}', "CANON-2"),
        (b"1E2", "CANON-2"),
        (b"-0.0", "CANON-2"),
        (b"18446744073709551616", "CANON-2"),  # 2^64, which the JSON parser reads as a float
        (b"9007199254740992", "CANON-3"),
        (b"[-9007199254740992]", "CANON-3"),
        (b"18446744073709551615", "CANON-3"),
        ('{"é":1}'.encode(), "CANON-4"),
        ('[{"a":[{"\u2028":1}]}]'.encode(), "CANON-4"),
        (b'{"\\u00e9":1}', "CANON-4"),
        (nested(17), "CANON-5"),
        (nested(1_000), "CANON-5"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "CANON-5"),
        (b'{"b":1,"a":2}', "CANON-6"),  # order
        (b'{"a":1,"a":1}', "CANON-6"),  # a key twice
        (b'{"a":1,"a":2}', "CANON-6"),
        (b'{"a": 1}', "CANON-6"),
        (b" 1", "CANON-6"),
        (b"1\n", "CANON-6"),
        (b"-0", "CANON-6"),  # minus zero
        (b'"\\u0041"', "CANON-6"),  # escapes
        (b'"\\/"', "CANON-6"),
        (b'"\\u000a"', "CANON-6"),
        (b'"\\u001F"', "CANON-6"),
        (b'"\\u00e9"', "CANON-6"),
        (b'"\\ud83d\\ude00"', "CANON-6"),  # a pair of surrogates, escaped
    ],
)
def test_refused_with_the_rule_it_breaks(data: bytes, rule: str) -> None:
    """CANON-1 to CANON-6: each with bytes that break it."""
    with pytest.raises(RuleError) as refusal:
        decode(data)
    assert refusal.value.rule == rule
    assert refusal.value.reason
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"true",
        b"0",
        b"-1",
        b"9007199254740991",
        b"-9007199254740991",
        b'""',
        b'"\\b\\t\\n\\f\\r\\"\\\\\\u001f/\x7f"',
        '"é\u2028\U0001f600"'.encode(),
        '"e\u0301"'.encode(),  # decomposed, and left so
        b"{}",
        b'{"":{"A":1,"a":2,"a b":[]}}',
        nested(16),
    ],
)
def test_accepted_as_written(data: bytes) -> None:
    """CANON-1 to CANON-6: the border on this side."""
    assert encode(decode(data)) == data


def test_no_unicode_normalisation() -> None:
    """CANON-6: two spellings of é are two texts."""
    assert encode("é") != encode("e\u0301")


def test_the_place_of_the_difference_is_named() -> None:
    """CANON-6: who repairs a writer needs to know where."""
    with pytest.raises(RuleError, match="from byte 5 on"):
        decode(b'{"a":  1}'.replace(b"  ", b" "))
    with pytest.raises(RuleError, match="from byte 1 on"):
        decode(b"1 ")


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        float("nan"),
        2**53,
        -(2**53),
        2**70,
        "\ud800",
        {"\ud800": 1},
        {"é": 1},
        {1: 2},
        {None: 1},
        b"bytes",
        {1, 2},
        datetime.date(2026, 1, 1),
        Colour.RED,
        Shout("a"),
        {"a": Shout("b")},
        {Shout("a"): 1},
        collections.OrderedDict(a=1),
        Box(side=1),
        [[[object()]]],
    ],
)
def test_encode_refuses_our_own_mistakes(value: Any) -> None:
    """CANON-2 to CANON-5 for what we write: ValueError, not a peer's fault."""
    with pytest.raises(ValueError, match="no canonical JSON"):
        encode(value)


def test_depth_counts_the_outermost_as_one() -> None:
    """CANON-5: 16 is allowed, 17 is not, scalars do not count."""
    value: Any = 1
    for _ in range(limits.depth_max):
        value = {"a": value}
    assert decode(encode(value)) == value
    with pytest.raises(ValueError, match="CANON-5"):
        encode([value])
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="CANON-5"):
        encode(loop)


def test_tuples_are_arrays() -> None:
    assert encode((1, ("a",))) == b'[1,["a"]]'


def test_base64url_is_unpadded() -> None:
    """CANON-7: RFC 4648 §10 and the two characters that differ from base64."""
    assert [b64(data) for data in (b"", b"f", b"fo", b"foo")] == ["", "Zg", "Zm8", "Zm9v"]
    assert b64(b"\xfb\xff") == "-_8"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Zg==", 1),  # padding
        ("Zh", 1),  # unused bits that are not zero
        ("Zm8", 1),  # too long
        ("Zg", 2),  # too short
        ("Z", 1),
        ("+/8", 2),  # the other alphabet
        ("Z g", 2),
        ("Z\n8", 2),
        ("Zé8", 2),
        ("Zm\x00", 2),
        ("Z=8", 2),
    ],
)
def test_other_spellings_of_base64url_are_refused(text: str, length: int) -> None:
    """CANON-7: one spelling, one length."""
    with pytest.raises(RuleError) as refusal:
        unb64(text, length)
    assert refusal.value.rule == "CANON-7"


def test_base32_is_lower_case_and_unpadded() -> None:
    """The vectors of RFC 4648 §10, in lower case."""
    found = [b32(b"foobar"[:length]) for length in range(7)]
    assert found == ["", "my", "mzxq", "mzxw6", "mzxw6yq", "mzxw6ytb", "mzxw6ytboi"]


def test_sha256_is_lower_case_hexadecimal() -> None:
    """FIPS 180-4's example."""
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_hex(b"abc") == abc == hashlib.sha256(b"abc").hexdigest()
