"""Two files of one kind exchange places."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import KINDS, by_kind, mended_later, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Both are genuine, and neither is where it belongs."""
    files = {kind: found for kind, found in by_kind(world, who).items() if len(found) > 1}
    kinds = [kind for kind in KINDS if kind in files]
    if not kinds:
        return None
    (path, data), (other, rest) = chance.sample(files[chance.pick(kinds)], 2)
    if data == rest:
        return None
    store = store_of(world, who)
    put(world, store, path, rest)
    put(world, store, other, data)
    mended_later(world, chance, path)
    return f"{path} and {other}"
