"""The steward halts one peer, or everybody, and lifts it after a while."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._people import lift
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Where the drive does not let him write, he gives up."""
    scope = chance.pick((f"{who.name}@{CLUSTER}",) * 3 + (CLUSTER, "*"))
    if not world.steward.halt(scope):
        return None
    world.until(spans(world, chance), lambda: lift(world, scope))
    return f"{scope} is halted"
