"""Heartbeats of a hostile member that say what its software would not."""

from __future__ import annotations

from collections.abc import Callable

from peer.simulate.faults._share import put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World
from peer.tick.beat import compose
from protocol import documents
from protocol.heartbeat import Heartbeat
from protocol.signing import Signer
from registry import layout


def beat(
    world: World, bad: Instance, lie: Callable[[Heartbeat], Heartbeat], *, known: bool
) -> None:
    """Place it. `known`: its home takes the number, so that its own software sees nothing odd."""
    state = bad.home.state
    with bad.unharmed(), bad.home.transaction():
        seq = state.number("beat_seq") + 1
        data = documents.seal(
            lie(compose(bad.process(), "idle", seq, False)), Signer(bad.signer.seed)
        )
        if known:
            state.put_all({"beat_seq": seq, "beat": data})
    put(world, store_of(world, bad), layout.heartbeat(bad.name), data)
