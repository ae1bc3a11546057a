"""The process dies in the middle of a step of its tick, or of a send."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._deaths import killed
from peer.simulate.faults._sends import in_a_send
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Arm the end: before or after a call or a commit, or with a file half written."""
    at = 1 + chance.below(who.steps_before)
    die = killed(world, who.view, torn=chance.hits(300))
    if chance.hits(250):
        words = in_a_send(world, who, chance, die)
        return words and f"killed {words}"
    who.arm(at, die)
    return f"killed at step {at}"
