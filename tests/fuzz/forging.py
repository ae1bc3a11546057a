"""Mutations that know signatures: signed by the wrong hand, for something else, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from protocol import canonical
from protocol.errors import RuleError
from protocol.signing import Signer, pae

_ORDER = 2**252 + 27742317777372353535851937790883648493
_SMALL = (
    bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", bytes(31) + b"\x80",
    b"\xee" + b"\xff" * 30 + b"\x7f",
)  # fmt: skip

INSIDER = "core"  # the member who signs as others

Forge = Callable[[dict[str, Any], Random, "Hands"], None]


class Hands:
    """Who can sign: a stranger, an insider (a member who signs as another), and other documents."""

    def __init__(self, stranger: Signer, insider: Signer, former: Signer, others: list[bytes]):
        self.stranger, self.insider, self.former = stranger, insider, former
        self.others = others


def forge(how: Forge, data: bytes, dice: Random, hands: Hands) -> bytes:
    """The document with its signatures forged; the same bytes where it is no document."""
    try:
        value = canonical.decode(data)
        value["signed"]["type"], value["signatures"][0]["key"]
        how(value, dice, hands)
        return canonical.encode(value)
    except (RuleError, KeyError, TypeError, IndexError, ValueError, AttributeError):
        return data


def _sign(value: dict[str, Any], signer: Signer, key: str) -> None:
    message = pae(value["signed"]["type"], canonical.encode(value["signed"]))
    value["signatures"] = [{"key": key, "sig": canonical.b64(signer.sign(message))}]


def _another_word(value: dict[str, Any], dice: Random) -> None:
    """Change something in what is signed, so that a forger has something to gain."""
    signed = value["signed"]
    numbers = [name for name, old in signed.items() if type(old) is int]
    if numbers and dice.random() < 0.7:
        signed[dice.choice(numbers)] += dice.choice([1, 1, 5, 1_000])


def _by_stranger(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    _another_word(value, dice)
    if "key" in value["signed"]:
        value["signed"]["key"] = hands.stranger.key
    _sign(value, hands.stranger, hands.stranger.key)


def _by_stranger_as_owner(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    _another_word(value, dice)
    _sign(value, hands.stranger, value["signatures"][0]["key"])


def _by_insider(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    """A member signs what another member, or a steward, should have signed."""
    signed = value["signed"]
    who = signed.get("author") if "reader" not in signed else signed["reader"]
    if INSIDER in (str(who).partition("@")[0], signed.get("name")):
        raise ValueError  # its own documents are its to sign
    _another_word(value, dice)
    if "key" in value["signed"]:
        value["signed"]["key"] = hands.insider.key
    _sign(value, hands.insider, hands.insider.key)


def _by_former(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    """A key that a steward declared compromised."""
    _another_word(value, dice)
    if "key" in value["signed"]:
        value["signed"]["key"] = hands.former.key
    _sign(value, hands.former, hands.former.key)


def _retyped(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    words = (
        "page", "heartbeat", "receipt", "card", "root", "charter", "roster", "order", "head",
        "delegation", "revocation", "decision", "ballot", "request",
    )  # fmt: skip
    value["signed"]["type"] = f"soma/{dice.choice(words)}/{dice.choice([1, 1, 2])}"
    if dice.random() < 0.5:
        _sign(value, hands.insider, hands.insider.key)


def _of_another(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    """The true signature of another document."""
    other = canonical.decode(dice.choice(hands.others))
    value["signatures"] = other["signatures"]


def _head_of_another(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    other = canonical.decode(dice.choice(hands.others))
    value["head"] = other.get("head", other["signed"].get("heads", [None])[0])


def _none(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    value["signatures"] = dice.choice([[], None, {}, [{}], [None], "", [{"key": "", "sig": ""}]])


def _twice(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    signature = value["signatures"][0]
    extra = {"key": hands.stranger.key, "sig": signature["sig"]}
    both = dice.choice([[signature, signature], [signature, extra], [extra, signature]])
    value["signatures"] = both


def _malleable(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    """S + L verifies with a careless library."""
    signature = canonical.unb64(value["signatures"][0]["sig"], 64)
    s = int.from_bytes(signature[32:], "little") + _ORDER
    value["signatures"][0]["sig"] = canonical.b64(signature[:32] + s.to_bytes(32, "little"))


def _small_order(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    """A key of small order makes one signature fit every text."""
    point = dice.choice(_SMALL)
    key, sig = canonical.b64(point), canonical.b64(dice.choice(_SMALL) + bytes(32))
    if "key" in value["signed"] and dice.random() < 0.7:
        value["signed"]["key"] = key
    value["signatures"] = [{"key": key, "sig": sig}]


def _respelled(value: dict[str, Any], dice: Random, hands: Hands) -> None:
    """The same signature or key in another spelling of base64."""
    entry = value["signatures"][0]
    word = dice.choice(["key", "sig"])
    text = entry[word]
    last = chr(ord(text[-1]) + 1) if text[-1].isalnum() else "B"
    entry[word] = dice.choice([text + "=", text + "==", text[:-1] + last, " " + text, text + "A"])


FORGE: dict[str, Forge] = {
    "signed by a stranger": _by_stranger,
    "signed by a stranger as its owner": _by_stranger_as_owner,
    "signed by another member": _by_insider,
    "signed by a compromised key": _by_former,
    "signature of another document": _of_another,
    "head of another document": _head_of_another,
    "type changed": _retyped,
    "no signature": _none,
    "two signatures": _twice,
    "malleable signature": _malleable,
    "key or R of small order": _small_order,
    "base64 spelled otherwise": _respelled,
}
