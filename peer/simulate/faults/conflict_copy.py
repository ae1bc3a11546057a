"""A sync tool keeps copies beside files: `x.sync-conflict-20261121-015315-N3EJAFG.json`."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import pick, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.trees import conflict_name
from peer.simulate.world import World

copies_max = 200


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """One copy or a few, in the manner of several tools."""
    found = pick(world, who, chance)
    store = store_of(world, who)
    if found is None or len(store.nodes(found[0].rpartition("/")[0])) > copies_max:
        return None
    path, data = found
    copies = 1 + chance.below(6) // 5 * chance.below(6)
    for number in range(copies):
        put(world, store, _copy_name(path, chance.fork(number)), data)
    return f"{copies} of {path}"


def _copy_name(path: str, chance: Chance) -> str:
    stem, _, extension = path.rpartition(".")
    ours = (
        conflict_name(path, chance),
        f"{stem} (conflicted copy {chance.below(30) + 1}).{extension}",
        f"{stem}-{chance.below(9) + 1}.{extension}",
        f"{stem} - Copy.{extension}",
        f"{path}~",
        f"{stem}.{extension.upper()}",
    )
    return chance.pick(ours)
