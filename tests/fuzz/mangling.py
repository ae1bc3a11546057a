"""Mutations of the bytes of one file: blind ones, and ones that know JSON.

Each takes the bytes and chance and returns other bytes (the same ones where nothing could be
changed). None of them can sign.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Any

from protocol import canonical, limits
from protocol.errors import RuleError

Mangle = Callable[[bytes, Random], bytes]


def flip_bit(data: bytes, dice: Random) -> bytes:
    """One bit."""
    if not data:
        return b"\x01"
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]


def change_bytes(data: bytes, dice: Random) -> bytes:
    """A few bytes, some of them to others that a document is made of."""
    changed = bytearray(data or b"x")
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(changed))
        changed[at] = dice.choice([dice.randrange(256), *b'{}[],:"\\0987truefalsn-eE. '])
    return bytes(changed)


def truncate(data: bytes, dice: Random) -> bytes:
    """A beginning, as a torn write leaves it."""
    return data[: dice.randrange(len(data) + 1)] if data else b""


def behead(data: bytes, dice: Random) -> bytes:
    """An end."""
    return data[dice.randrange(len(data) + 1) :]


def cut_out(data: bytes, dice: Random) -> bytes:
    """A part is missing."""
    low, high = sorted(dice.choices(range(len(data) + 1), k=2))
    return data[:low] + data[high:]


def repeat_part(data: bytes, dice: Random) -> bytes:
    """A part stands there twice."""
    low, high = sorted(dice.choices(range(len(data) + 1), k=2))
    return data[:high] + data[low:]


def append(data: bytes, dice: Random) -> bytes:
    """Something behind the end."""
    return data + dice.choice([b"\n", b" ", b"\0", b"{}", b"]", b"garbage", data, b"\r\n" * 3])


def prepend(data: bytes, dice: Random) -> bytes:
    """Something before the beginning, byte order marks among it."""
    marks = [b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\n", b"\0", b"[", b")]}'\n", b"/**/"]
    return dice.choice(marks) + data


def recode(data: bytes, dice: Random) -> bytes:
    """The same text in another encoding."""
    text = data.decode("utf-8", "replace")
    return text.encode(dice.choice(["utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig"]))


def insert(data: bytes, dice: Random) -> bytes:
    """Bytes that are no UTF-8, or that do something to a terminal or a C string."""
    at = dice.randrange(len(data) + 1)
    odd = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\0", b"\x1b[2J", b"\r"]
    return data[:at] + dice.choice(odd) + data[at:]


def empty(data: bytes, dice: Random) -> bytes:
    """Nothing, as after a power cut."""
    return b""


def nuls(data: bytes, dice: Random) -> bytes:
    """Only NULs, or NULs from somewhere on, as some file systems leave it."""
    at = dice.choice([0, dice.randrange(len(data) + 1)])
    return data[:at] + b"\0" * (len(data) - at)


def noise(data: bytes, dice: Random) -> bytes:
    """Random bytes of the same length."""
    return dice.randbytes(len(data))


def oversize(data: bytes, dice: Random) -> bytes:
    """Larger than any document may be."""
    return data + b" " * (limits.steward_bytes_max + 5_000)


def bomb(data: bytes, dice: Random) -> bytes:
    """Small to store, expensive to think about."""
    deep = dice.choice([17, 500, 60_000])
    return dice.choice([
        b"[" * deep, b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep,
        b'{"items":[],"signatures":[],"signed":' + b"9" * deep + b"}", b"1e999999", b"-0",
        b'"' + b"\\u0000" * (deep // 8) + b'"', b"NaN", b"[" + b"0," * (deep // 2) + b"0]",
    ])  # fmt: skip


# ------------------------------------------------------------------------------- what knows JSON


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything in a JSON value."""
    found: list[tuple[Any, Any]] = []
    left = [value]
    while left:
        one = left.pop()
        inside: list[tuple[Any, Any]] = []
        if isinstance(one, dict):
            inside = list(one.items())
        elif isinstance(one, list):
            inside = list(enumerate(one))
        found += [(one, key) for key, _ in inside]
        left += [child for _, child in inside]
    return found


def json_change(change: Callable[[Any, Any, Random], None]) -> Mangle:
    """A mutation that changes one place of the value, and writes it as canonically as it can."""

    def mangle(data: bytes, dice: Random) -> bytes:
        try:
            value = canonical.decode(data)
        except RuleError:
            return data
        places = _places(value)
        if not places:
            return data
        change(*dice.choice(places), dice)
        try:
            return canonical.encode(value)
        except (ValueError, TypeError, RuleError):
            return json.dumps(value, separators=(",", ":"), sort_keys=True).encode(
                "utf-8", "surrogatepass"
            )

    return mangle


def _change_value(box: Any, key: Any, dice: Random) -> None:
    old = box[key]
    if isinstance(old, bool):
        box[key] = not old
    elif isinstance(old, int):
        step = dice.choice([1, -1, 1_000, 2**53, -(2**53), 2**63, 10**400, -old])
        box[key] = old + step
    elif isinstance(old, str) and old:
        at = dice.randrange(len(old))
        other = dice.choice(["a", "A", "b", "0", "_", "-", "@", ".", "/", "\0", "é", "\ud800"])
        shifted = old[1:] + old[0]
        box[key] = dice.choice([old[:at] + other + old[at + 1 :], old + other, old[:at], shifted])
    elif isinstance(old, list):
        box[key] = dice.choice([old[:-1], old[::-1], old + old[:1], [], old * 70])
    else:
        box[key] = {}


def _change_type(box: Any, key: Any, dice: Random) -> None:
    others: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], {}, [box[key]], {"a": box[key]}]
    box[key] = dice.choice([*others, float("nan"), float("inf"), 1e300, str(box[key])])


def _drop(box: Any, key: Any, dice: Random) -> None:
    del box[key]


def _add(box: Any, key: Any, dice: Random) -> None:
    value = dice.choice([None, 1, "x", [], box[key]])
    if isinstance(box, dict):
        box[dice.choice(["future", "aaa", "ä", "items", "head", "prev", "lifts", "heads"])] = value
    else:
        box.insert(dice.randrange(len(box) + 1), value)


def _strike_out(box: Any, key: Any, dice: Random) -> None:
    box[key] = None


def _nest(box: Any, key: Any, dice: Random) -> None:
    for _ in range(dice.choice([3, 16, 200])):
        box[key] = [box[key]]


def _exchange(box: Any, key: Any, dice: Random) -> None:
    keys = list(box) if isinstance(box, dict) else list(range(len(box)))
    other = dice.choice(keys)
    box[key], box[other] = box[other], box[key]


def strike_items(data: bytes, dice: Random) -> bytes:
    """Items struck out of a page (`null`), under its true signature."""
    try:
        value = canonical.decode(data)
        items = value["items"]
        for at in dice.sample(range(len(items)), dice.randint(1, len(items))):
            items[at] = None
        return canonical.encode(value)
    except (RuleError, KeyError, TypeError, ValueError):
        return data


def respell(data: bytes, dice: Random) -> bytes:
    """The same value in a spelling that is not the canonical one."""
    try:
        value = canonical.decode(data)
    except RuleError:
        return data
    how = dice.randrange(5)
    if how == 0:
        return json.dumps(value, sort_keys=True).encode()
    if how == 1 and isinstance(value, dict):
        return json.dumps(dict(reversed(list(value.items()))), separators=(",", ":")).encode()
    if how == 2:
        return json.dumps(value, separators=(",", ":"), sort_keys=True, indent=1).encode()
    text = data.decode()
    if how == 3:
        at = dice.choice([n for n, char in enumerate(text) if char.isalpha()])
        return (text[:at] + f"\\u{ord(text[at]):04x}" + text[at + 1 :]).encode()
    form = dice.choice(["NFD", "NFKC", "NFKD"])
    changed = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    return changed.encode() if changed != text else text.replace("0", "0.0", 1).encode()


def double_key(data: bytes, dice: Random) -> bytes:
    """One key twice: readers that take the first and those that take the last would differ."""
    text = data.decode("utf-8", "replace")
    starts = [n for n, char in enumerate(text) if char == "{"]
    if not starts:
        return data
    at = dice.choice(starts)
    end = text.find('":', at)
    if end < 0:
        return data
    again = text[at + 1 : end] + '":' + dice.choice(["null", "1", '"x"', "[]", "{}"])
    first = dice.random() < 0.5
    if first:
        return (text[: at + 1] + again + "," + text[at + 1 :]).encode("utf-8", "surrogatepass")
    close = text.find("}", at)
    return (text[:close] + "," + again + text[close:]).encode("utf-8", "surrogatepass")


BLIND: dict[str, Mangle] = {
    "one bit flipped": flip_bit,
    "bytes changed": change_bytes,
    "truncated": truncate,
    "beginning lost": behead,
    "part lost": cut_out,
    "part doubled": repeat_part,
    "something behind it": append,
    "something before it, BOM": prepend,
    "another encoding": recode,
    "invalid UTF-8, NUL, ESC inside": insert,
    "emptied": empty,
    "NULs": nuls,
    "random bytes": noise,
    "oversized": oversize,
    "bomb: depth, digits, NaN": bomb,
}

JSON: dict[str, Mangle] = {
    "JSON: a value changed": json_change(_change_value),
    "JSON: a type changed": json_change(_change_type),
    "JSON: a member dropped": json_change(_drop),
    "JSON: a member added": json_change(_add),
    "JSON: null in its place": json_change(_strike_out),
    "JSON: nested deeper": json_change(_nest),
    "JSON: two members exchanged": json_change(_exchange),
    "JSON: spelled otherwise": respell,
    "JSON: a key twice": double_key,
    "items struck out": strike_items,
}
