"""Somebody who left comes back, with the home and the key that it had."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """It enters again; no steward is needed, because the roster still names it."""
    gone = [one for _, one in sorted(world.instances.items()) if not one.member and one.on]
    if not gone:
        return None
    back = chance.pick(gone)
    if not world.enter(back):
        return None
    return f"{back.name} is back"
