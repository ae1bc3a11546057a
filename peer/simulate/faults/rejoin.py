"""Somebody who left comes back, with the home and the key that it had."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._deaths import enter
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """It enters again; no steward is needed, because the roster still names it."""
    gone = [one for _, one in sorted(world.instances.items()) if not one.member and one.on]
    if not gone:
        return None
    back = chance.pick(gone)
    if not enter(world, back, chance.fork("enter")):
        return None
    if back.member:
        return f"{back.name} is back"

    def once_more() -> object:
        still = world.instances.get(back.name) is back and not back.member
        return not still or world.enter(back)

    world.until(spans(world, chance), once_more)
    return f"{back.name} was to be back, and its join died"
