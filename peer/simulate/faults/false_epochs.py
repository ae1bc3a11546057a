"""A hostile member's heartbeat says that epochs are over which it never had, or begins one."""

from __future__ import annotations

from dataclasses import replace

from peer.simulate.chance import Chance
from peer.simulate.faults._beats import beat
from peer.simulate.faults._people import victims, villain
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol import canonical


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Others' epochs, its own present one, new ones; whatever it says binds nobody but itself."""
    bad = villain(world, who)
    others = victims(world, bad) if bad else []
    if bad is None or not others:
        return None
    over = [other.home.state.epoch for other in others] + [canonical.b32(chance.draw(16))]
    if chance.hits(300):
        over.append(bad.home.state.epoch)
    epoch = canonical.b32(chance.draw(16)) if chance.hits(400) else bad.home.state.epoch
    known = chance.hits(700)
    beat(
        world,
        bad,
        lambda true: replace(true, epoch=epoch, earlier_epochs=tuple(over)),
        known=known,
    )
    return f"{bad.name} says that {len(over)} epochs are over"
