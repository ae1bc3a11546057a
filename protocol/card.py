"""Cards: a self-signed request to join. A card proves a key, never a person; a steward admits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.documents import open_document
from protocol.fields import ClusterName, Key, Millis, NetworkId, PeerName, Word
from protocol.remembered import remembered
from protocol.wire import AtMost

TYPE: Final = "soma/card/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Who wants to be called `name` in `cluster`, with which key; `capabilities` are free words.

    `sealing`: the X25519 key for what is sealed for this peer.
    """

    type: Literal["soma/card/1"] = TYPE
    network: NetworkId
    name: PeerName
    cluster: ClusterName
    key: Key
    at: Millis
    capabilities: Annotated[tuple[Word, ...], AtMost(limits.capabilities_max)] = ()
    sealing: Key | None = None


@remembered
def open_card(data: bytes, network: str, name: str, cluster: str) -> Card:
    """The card of `name` in `cluster`, verified under its own key; RuleError CARD-1 to CARD-3."""
    return open_document(
        data, TYPE, Card, "CARD", {"network": network, "name": name, "cluster": cluster}
    )
