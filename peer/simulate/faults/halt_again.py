"""Several halts overlap; some are lifted before the others, or several times over."""

from __future__ import annotations

from functools import partial

from peer.simulate.chance import Chance
from peer.simulate.faults._people import lift
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Two to four halts, now and later; whoever halts the last one lifts all in the end."""
    names = [one.name for one in world.active()]
    scopes = ["*", CLUSTER, f"{who.name}@{CLUSTER}", f"{chance.pick(names)}@{CLUSTER}"]
    chosen = [chance.pick(scopes) for _ in range(2 + chance.below(3))]
    if not world.steward.halt(chosen[0]):
        return None
    for scope in chosen[1:]:
        world.later(spans(world, chance, 3), partial(world.steward.halt, scope))
    for scope in chosen[:-1]:
        world.later(spans(world, chance, 5), partial(world.steward.resume, scope))
    world.until(5 * world.every_ms + spans(world, chance, 3), lambda: lift(world, "*"))
    return f"halts of {', '.join(chosen)}"
