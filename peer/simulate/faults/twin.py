"""A copy of a home runs beside the first for some slots, on a machine of its own."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.drive import DRIVES
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Both believe that they are the only one, until one sees what the other signed."""
    if who.name in world.twins or not who.honest:
        return None
    twin = world.twin(who)
    # Of what strikes drives it has what strikes all of them: its machine is another one.
    twin.view.lags += DRIVES[world.plan.scenario.drive]
    slots = 1 + chance.below(6)
    world.until(slots * world.every_ms, lambda: world.stop_twin(who.name))
    return f"a second {who.name} runs for {slots} slots"
