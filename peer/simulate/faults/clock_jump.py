"""The wall clock jumps by up to a day and stays there."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._clocks import another, words
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Jump, sometimes in the middle of the tick."""
    error = another(chance, who.clock.offset_ms) - who.clock.offset_ms
    if error == 0:
        return None

    def jump() -> None:
        who.clock.offset_ms += error

    if chance.hits(600):
        jump()
        return f"the wall clock jumps by {words(error)}"
    at = 1 + chance.below(who.steps_before)
    who.arm(at, lambda when, op, path, data: jump())
    return f"the wall clock jumps by {words(error)} at step {at}"
