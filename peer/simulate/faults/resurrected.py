"""Files that were replaced or removed are back as they were (Syncthing: modification wins)."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import mended_later, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.trees import peek
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """One of them, or a handful."""
    past, store = world.drive.past, store_of(world, who)
    back = []
    for _ in range(1 + chance.below(4) // 3 * chance.below(12)):
        if not past:
            return None
        path, data = chance.pick(past)
        stands = peek(store, path)
        if stands != data and not isinstance(stands, dict) and put(world, store, path, data):
            mended_later(world, chance, path)
            back.append(path)
    return ", ".join(back[:3]) + (f" and {len(back) - 3} more" if len(back) > 3 else "") or None
