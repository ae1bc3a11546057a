"""A home is put back from a backup that was made some slots before."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Back up now, restore later. What only the later home held is lost, and taken back."""
    if who.name in world.twins or not who.honest:
        return None
    backup = who.backup(world.round)
    slots = 1 + chance.below(3) // 2 * chance.below(24) + chance.below(4)

    def restore() -> None:
        still = world.instances.get(who.name) is who and who.member and who.honest
        if still and who.name not in world.twins and who.depth == 0:
            world.go_back(who, backup)

    world.later(slots * world.every_ms, restore)
    return f"backed up now, restored in {slots} slots"
