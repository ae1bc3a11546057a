"""Epochs of others that are over: what their own later documents say has ended.

Rules: an epoch that is over never comes back, so a replayed heartbeat or receipt of it is nothing.
Somebody who goes on in one has lost his later life, and the share shows him no proof of it: a
person must hear that.
"""

from __future__ import annotations

from peer.instance import RunningPeer
from protocol.heartbeat import Heartbeat

looks_min = 3
intervals_max = 3


def over(peer: RunningPeer, address: str) -> tuple[str, ...]:
    """The epochs of an address that are over."""
    return tuple((peer.home.state.text(f"over:{address}") or "").split())


def end(peer: RunningPeer, address: str, epochs: tuple[str, ...]) -> None:
    """Believe a signed document that these epochs of its author are over; in a transaction."""
    known = over(peer, address)
    fresh = tuple(epoch for epoch in epochs if epoch not in known)
    if fresh:
        peer.home.state.put(f"over:{address}", " ".join(known + fresh))
        peer.home.journal.end_epochs(address, fresh, peer.home.state.days_lived)
        peer.home.receipts.end(address, fresh)


def hear_again(peer: RunningPeer, beat: Heartbeat) -> None:
    """EPOCH-9: somebody beats in an epoch that is over; in a transaction.

    An old file that was put back shows one beat, of then; only who goes on shows new ones, of now.
    """
    now, state = peer.clock.wall_ms(), peer.home.state
    if abs(now - beat.at) > intervals_max * beat.next_beat_ms:
        return
    name = f"returned:{beat.author}"
    epoch, seq, looks = (state.text(name) or "- 0 0").split()
    if epoch == beat.epoch and beat.seq <= int(seq):
        return
    count = int(looks) + 1 if epoch == beat.epoch else 1
    state.put(name, f"{beat.epoch} {beat.seq} {count}")
    if count == looks_min:
        peer.home.concerns.open(
            name,
            "human",
            f"{beat.author} goes on in a life that it had declared over: an old copy of its home"
            " runs, and nothing that it signs is believed",
            f"on the machine of {beat.author}: run `peer repair`",
            now,
        )


def hear_new(peer: RunningPeer, address: str) -> None:
    """Somebody beats in an epoch that is not over: all is well; in a transaction."""
    name = f"returned:{address}"
    if peer.home.state.text(name) is not None:
        peer.home.state.forget(name)
        peer.home.concerns.resolve(name, peer.clock.wall_ms())
