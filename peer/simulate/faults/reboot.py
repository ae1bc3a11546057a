"""The machine is off for a while, or only for a moment, and boots anew."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World

slots_max = 5


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Switch it off; what is missed is missed."""
    slots = chance.below(slots_max)
    if chance.hits(150):  # its owner is away, too
        slots += 4 + chance.below(16)
    who.die()
    if slots == 0:
        who.clock.reboot()
        return "rebooted"
    who.on = False

    def boot() -> None:
        if world.instances.get(who.name) is who:  # nobody else has taken over the name
            who.on = True
            who.clock.reboot()

    world.until(slots * world.every_ms, boot)
    return f"off for {slots} slots"
