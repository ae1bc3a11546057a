"""A call of the share hangs: 60 seconds go by, then the process ends; for a tick or several."""

from __future__ import annotations

from peer.deadline import stalled_ms_max
from peer.simulate.chance import Chance
from peer.simulate.drive import call_ms
from peer.simulate.faults._troubles import from_a_step_on, troubled
from peer.simulate.instance import Instance, Killed
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """A frozen server never answers; the deadline of the tick is all that helps."""
    if chance.hits(500):
        at = 1 + chance.below(who.steps_before)
        who.arm(at, lambda when, op, path, data: _hang(world))
        return f"a call hangs at step {at}"
    trouble, words = from_a_step_on(who, chance, lambda op, path: _hang(world))
    ticks = 1 + chance.below(4)
    troubled(world, [who.view.who], ticks * world.every_ms, trouble)
    return f"every call hangs{words}, for {ticks} rounds"


def _hang(world: World) -> None:
    world.spend(stalled_ms_max - call_ms)
    raise Killed
