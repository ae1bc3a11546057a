"""My card: written when I join, and again by a version that has more to say on it."""

from __future__ import annotations

from peer.clock import Clock
from peer.home.places import Identity
from peer.instance import RunningPeer
from peer.stewards.standing import Standing
from protocol import documents
from protocol.card import Card, succeed
from protocol.sealing import opener_of
from protocol.signing import Signer
from registry import roster
from registry.share import Share

CARD = 1  # what the home notes once its card says all that this version has to say


def place_card(
    identity: Identity, share: Share, signer: Signer, clock: Clock, asked: Signer | None
) -> None:
    """Write the own card: for the key that signs, or for the one `asked` for, as its successor."""
    new = asked or signer
    card = Card(
        network=identity.network,
        name=identity.name,
        cluster=identity.cluster,
        key=new.key,
        at=clock.wall_ms(),
        sealing=opener_of(new).key,
    )
    if asked is not None:
        card = succeed(card, signer)
    roster.place_card(share, identity.name, documents.seal(card, new))


def renew_card(peer: RunningPeer, standing: Standing) -> None:
    """Write the card again, once, where the roster has no sealing key of mine."""
    if standing.member is None or peer.home.state.number("card") >= CARD:
        return
    known = {key.sealing for key in standing.member.keys if key.key == peer.signer.key}
    if known == {None}:
        place_card(peer.identity, peer.share, peer.signer, peer.clock, peer.next_signer)
    with peer.home.transaction(durable=False):
        peer.home.state.put("card", CARD)
