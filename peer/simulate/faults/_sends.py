"""What happens in the middle of a `peer send` instead of a tick."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Action, Instance
from peer.simulate.world import World
from protocol.messages import Note

steps_max = 16  # a send passes about as many


def in_a_send(world: World, who: Instance, chance: Chance, action: Action) -> str | None:
    """Let it send a note now, and something happen at a step of that."""
    readers = [one.name for one in world.active() if one.name != who.name]
    if not readers or who.name in world.twins:
        return None
    to = chance.pick(["all", *readers])
    at = 1 + chance.below(steps_max)
    with who.unharmed():
        who.arm(at, action)
        world.write(who, [to], Note(text=f"cut short {who.name} {world.round}"))
    return f"at step {at} of a send to {to}"
