"""Forming pages: the one place where a number of a stream is taken and signed.

Rules: taking the number, signing and storing the bytes are one transaction; the bytes are never
made again. Whoever calls has checked that this home is the only one of its identity.
"""

from __future__ import annotations

from peer.home.outgoing import OwnPage, Waiting
from peer.instance import Peer
from protocol import limits
from protocol.page import Header, form_page

# What a header, its signature and the frame around the items may take; each hash takes 67 more.
_FRAME_BYTES = 1_200
_HASH_BYTES = 67


def form(peer: Peer, audience: str) -> OwnPage | None:
    """The next page of what waits for an audience, kept in the home; inside a transaction.

    None where nothing waits, or the stream is stopped.
    """
    outgoing, state = peer.home.outgoing, peer.home.state
    waiting = outgoing.waiting(audience, limits.page_items_max)
    if not waiting or outgoing.stopped(state.epoch, audience):
        return None
    chosen = _fitting(waiting)
    last, prev = outgoing.position(state.epoch, audience)
    now = peer.clock.wall_ms()
    header = Header(
        network=peer.identity.network,
        author=peer.address,
        key=peer.signer.key,
        epoch=state.epoch,
        audience=audience,
        seq=last + 1,
        prev=prev,
        at=now,
    )
    digest, data = form_page(header, [item.data for item in chosen], peer.signer)
    outgoing.add_page(header.epoch, audience, header.seq, digest, data, now)
    outgoing.page_items(header.epoch, header.seq, [item.n for item in chosen])
    return outgoing.page(header.epoch, audience, header.seq)


def _fitting(waiting: list[Waiting]) -> list[Waiting]:
    """As many items, from the first, as one page holds."""
    room = limits.page_bytes_max - _FRAME_BYTES
    for count, item in enumerate(waiting):
        room -= len(item.data) + 1 + _HASH_BYTES
        if room < 0:
            return waiting[:count]
    return waiting
