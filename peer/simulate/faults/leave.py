"""A peer says goodbye; at least three stay."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._people import may_leave, say_goodbye
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """What the drive does not let it say, it has not said: it stays."""
    if not may_leave(world, who):
        return None
    with who.unharmed():
        return "said goodbye" if say_goodbye(world, who) else None
