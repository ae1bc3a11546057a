"""A file is cut off somewhere, or empty (a crash of the server, a sync tool at work)."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import mended_later, pick, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Keep the first part of a file; vfat keeps its length and forgets what was in it."""
    found = pick(world, who, chance)
    if found is None or not found[1]:
        return None
    path, data = found
    left = 0 if chance.hits(300) else chance.below(len(data))
    zeros = chance.hits(150)
    torn = data[:left] + bytes(len(data) - left) if zeros else data[:left]
    put(world, store_of(world, who), path, torn)
    mended_later(world, chance, path)
    return f"{path}: {left} of {len(data)} bytes are left{', then zeros' if zeros else ''}"
