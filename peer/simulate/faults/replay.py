"""An outsider puts back genuine old bytes: heartbeats, receipts, letters, feed pages."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import kind_of, mended_later, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.trees import peek
from peer.simulate.world import World

files_max = 12


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Everything of one kind that he kept of one peer, or of all; the oldest or any."""
    kind = chance.pick(("heartbeat", "receipt", "letter", "feed"))
    owner = "" if chance.hits(300) else f"peers/{who.name}/"
    kept = [one for one in world.drive.past if kind_of(one[0]) == kind]
    kept = [one for one in kept if one[0].startswith(owner)]
    if not kept:
        return None
    oldest = chance.hits(300)
    chosen = kept[:files_max] if oldest else [chance.pick(kept) for _ in range(files_max // 2)]
    store, done = store_of(world, who), 0
    for path, data in chosen:
        stands = peek(store, path)
        if stands != data and not isinstance(stands, dict) and put(world, store, path, data):
            mended_later(world, chance, path)
            done += 1
    return f"{done} times an old {kind} of {who.name if owner else 'anybody'}" if done else None
