"""The wall clock is wrong by up to a day for a while, and then right again."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._clocks import another, words
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Set it off; whoever is in charge sets it right."""
    error = another(chance, who.clock.offset_ms) - who.clock.offset_ms
    if error == 0:
        return None
    who.clock.offset_ms += error

    def right_again() -> None:
        who.clock.offset_ms -= error

    world.until(spans(world, chance, 8), right_again)
    return f"the wall clock is off by {words(error)}"
