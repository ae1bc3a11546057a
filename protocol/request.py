"""Requests: what exactly a steward says yes or no to, as one hash.

The hash binds who asks, in which network, for what effect, to which audience, and every byte of the
item: a yes can move to no other peer, audience, text or network. Whoever signs computes it from the
item that he was shown; what a request claims beside that does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol import canonical
from protocol.errors import RuleError
from protocol.messages import Item, Request, item_hash, item_id, read_item
from protocol.page import ALL
from protocol.signing import pae

TYPE: Final = "soma/request/1"
EFFECTS: Final = ("send", "publish")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks, as its reader worked it out: `hash` is what a decision names."""

    author: str
    effect: str
    audience: str
    item: Item
    hash: str


def effect_to(audience: str) -> str:
    """The effect that brings an item to an audience: `publish` to all, `send` to one peer."""
    return "publish" if audience == ALL else "send"


def asked_hash(network: str, author: str, audience: str, digest: str) -> str:
    """What a decision on the item with this hash must name, lower-case hex."""
    value = {
        "network": network,
        "author": author,
        "effect": effect_to(audience),
        "audience": audience,
        "item": digest,
    }
    return canonical.sha256_hex(pae(TYPE, canonical.encode(value)))


def open_request(body: Request, network: str, author: str) -> Asked:
    """What a request of `author` (as its page says) asks; RuleError where it asks nothing valid."""
    data = canonical.reencode(body.item)
    item = read_item(body.item, data, item_id(data), author)
    if item.body is None:
        raise RuleError("ASK-8", "it asks for an item that nobody here understands")
    digest = asked_hash(network, author, body.audience, item_hash(data))
    return Asked(author, effect_to(body.audience), body.audience, item, digest)
