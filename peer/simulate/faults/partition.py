"""Some machines are cut off from the others, together, with a copy of the share of their own."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Split the drive, and join the sides again as tools that synchronise folders do."""
    drive = world.drive
    others = sorted(name for name in drive.views if name != who.view.who)
    if drive.sides or any(view.store is not drive.store for view in drive.views.values()):
        return None
    some = 0 if chance.hits(400) else chance.below(len(others))
    away = [who.view.who, *chance.sample(others, some)]
    drive.split(away)
    join = chance.fork("join")
    world.until(spans(world, chance, 10), lambda: drive.join_sides(join))
    return f"cut off: {', '.join(away)}"
