"""Somebody deletes a file, all files of a folder, or a whole folder of the share."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import by_kind, mended_later, pick, store_of, take
from peer.simulate.instance import Instance
from peer.simulate.world import World
from registry import layout


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """What peers can they put back; what only the steward has, he does."""
    found = pick(world, who, chance)
    if found is None:
        return None
    path, store = found[0], store_of(world, who)
    how = chance.below(10)
    if how < 6:
        take(world, store, path)
        mended_later(world, chance, path)
        return path
    folder = path.rpartition("/")[0]
    if how < 8:
        inside = [
            other
            for files in by_kind(world, who).values()
            for other, _ in files
            if other.rpartition("/")[0] == folder
        ]
        for other in inside:
            take(world, store, other)
        mended_later(world, chance, path)
        return f"all {len(inside)} files in {folder}"
    if how == 9:
        parts = path.split("/")
        folder = "/".join(parts[:2]) if parts[0] == layout.PEERS else parts[0]
    take(world, store, folder)
    mended_later(world, chance, path)
    return f"the folder {folder}"
