"""Cards: a self-signed request to join. A card proves a key, never a person; a steward admits.

A member who wants another key asks for it in the same way; his old key can vouch for the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from protocol import canonical, limits
from protocol.documents import open_document
from protocol.errors import RuleError
from protocol.fields import ClusterName, Key, Millis, NetworkId, PeerName, Signature, Word
from protocol.remembered import remembered
from protocol.signing import Signer, pae, verify
from protocol.wire import AtMost

TYPE: Final = "soma/card/1"
SUCCESSION: Final = "soma/succession/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeds:
    """The key that this card's key takes over from, and what that one signed to say so."""

    key: Key
    sig: Signature


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
    succeeds: Succeeds | None = None
    sealing: Key | None = None


def succeed(card: Card, old: Signer) -> Card:
    """The card with the word of an old key that the card's key takes over from it."""
    sig = canonical.b64(old.sign(_succession(card, old.key)))
    return replace(card, succeeds=Succeeds(key=old.key, sig=sig))


def predecessor(card: Card) -> str | None:
    """The key that vouches for this card's key (CARD-4), or None where none does."""
    said = card.succeeds
    if said is None:
        return None
    try:
        old = canonical.unb64(said.key, limits.key_bytes)
        sig = canonical.unb64(said.sig, limits.signature_bytes)
    except RuleError:
        return None
    return said.key if verify(old, _succession(card, said.key), sig) else None


def _succession(card: Card, old: str) -> bytes:
    said = {
        "network": card.network, "name": card.name, "cluster": card.cluster,
        "key": old, "next": card.key,
    }  # fmt: skip
    return pae(SUCCESSION, canonical.encode(said))


@remembered
def open_card(data: bytes, network: str, name: str, cluster: str) -> Card:
    """The card of `name` in `cluster`, verified under its own key; RuleError CARD-1 to CARD-3."""
    return open_document(
        data, TYPE, Card, "CARD", {"network": network, "name": name, "cluster": cluster}
    )
