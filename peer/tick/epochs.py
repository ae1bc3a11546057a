"""Epochs of others that are over: what their own later documents say has ended.

Rules: an epoch that is over never comes back, so a replayed heartbeat or receipt of it is nothing.
"""

from __future__ import annotations

from peer.instance import Peer


def over(peer: Peer, address: str) -> tuple[str, ...]:
    """The epochs of an address that are over."""
    return tuple((peer.home.state.text(f"over:{address}") or "").split())


def end(peer: Peer, address: str, epochs: tuple[str, ...]) -> None:
    """Believe a signed document that these epochs of its author are over; in a transaction."""
    known = over(peer, address)
    fresh = tuple(epoch for epoch in epochs if epoch not in known)
    if fresh:
        peer.home.state.put(f"over:{address}", " ".join(known + fresh))
        peer.home.journal.end_epochs(address, fresh)
        peer.home.outgoing.end_epochs(address, fresh)
