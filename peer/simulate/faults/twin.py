"""A copy of a home runs beside the first for some slots, on a machine of its own."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Both believe that they are the only one, until one sees what the other signed."""
    if who.name in world.twins or not who.honest:
        return None
    twin = world.twin(who)
    twin.view.lags += who.view.lags
    slots = 1 + chance.below(6)
    world.until(slots * world.every_ms, lambda: world.stop_twin(who.name))
    return f"a second {who.name} runs for {slots} slots"
