"""What is known, as it is read: items, what somebody says of one, which one speaks of which."""

from __future__ import annotations

from typing import NamedTuple

from protocol import canonical
from protocol.messages import Item, stored_item
from protocol.page import ALL


class Node(NamedTuple):
    """An item as it is known; `seen`: the day of this home's life on which it came."""

    n: int
    id: str
    kind: str
    author: str
    audience: str
    at: int
    seen: int
    data: bytes

    @property
    def item(self) -> Item:
        """The item itself; never of an opinion, of which an erasure leaves less than an item."""
        return stored_item(self.data, understood=True)

    @property
    def said(self) -> str:
        """What it says, or why; nothing where its author erased that."""
        body = canonical.decode(self.data).get("body", {})
        return str(body.get("text") or body.get("because") or "")

    @property
    def public(self) -> bool:
        """Whether everybody may know it."""
        return self.audience == ALL


class Opined(NamedTuple):
    """That `witness` said something (`link`) of what `author` had said; `seen` is the day."""

    author: str
    target: str
    kind: str
    link: str
    witness: str
    opinion: str
    seen: int

    @property
    def good(self) -> bool:
        """Whether he vouched for it."""
        return self.link == "supports"


class Spoken(NamedTuple):
    """That a node says something (`link`) of an item."""

    source: int
    link: str
    target: str
