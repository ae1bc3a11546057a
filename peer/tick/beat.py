"""The heartbeat: what I say of myself, numbered before it is signed, replaced in place."""

from __future__ import annotations

from peer import software
from peer.instance import RunningPeer
from peer.stewards.standing import heads_in_force
from peer.tick import own
from protocol import documents, limits
from protocol.heartbeat import FeedHead, Heartbeat
from registry import roster


def beat(peer: RunningPeer, lifecycle: str, *, halted: bool = False) -> int:
    """Write my heartbeat; returns its seq. Its number is durable before its bytes are shared."""
    state = peer.home.state
    with peer.home.transaction():
        own.check_moved(peer)
        heartbeat = compose(peer, lifecycle, state.number("beat_seq") + 1, halted)
        data = documents.seal(heartbeat, peer.signer)
        state.put_all({"beat_seq": heartbeat.seq, "beat": data})
    roster.place_heartbeat(peer.share, peer.name, data)
    return heartbeat.seq


def compose(peer: RunningPeer, lifecycle: str, seq: int, halted: bool) -> Heartbeat:
    """The heartbeat numbered `seq`."""
    state, outgoing = peer.home.state, peer.home.outgoing
    head = outgoing.feed_head()
    if head and head[0] in (state.text("former_epochs") or ""):
        head = None  # a reader would look for it under the key that signs this
    feed = head and FeedHead(epoch=head[0], seq=head[1], hash=head[2], floor=head[3])
    flagged = sorted({peer.bare(a) for a in [*outgoing.flagged(), *state.flags("mail:")]})
    return Heartbeat(
        network=peer.identity.network,
        author=peer.address,
        key=peer.signer.key,
        epoch=state.epoch,
        earlier_epochs=state.earlier_epochs[-limits.earlier_epochs_max :],
        seq=seq,
        tick=state.number("tick"),
        at=peer.clock.wall_ms(),
        next_beat_ms=peer.next_beat_ms,
        lifecycle=lifecycle,
        halted=halted,
        software=software.NAME,
        feed=feed,
        mail=tuple(flagged[: limits.mail_flags_max]),
        heads=heads_in_force(peer),
    )
