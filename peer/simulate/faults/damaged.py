"""A bit of a file flips, or a few do."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import mended_later, pick, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """The length stays the same, so that no listing tells."""
    found = pick(world, who, chance)
    if found is None or not found[1]:
        return None
    path, data = found
    changed = bytearray(data)
    bits = 1 + chance.below(8) // 7 * chance.below(16)
    for _ in range(bits):
        changed[chance.below(len(data))] ^= 1 << chance.below(8)
    if bytes(changed) == data:
        return None
    put(world, store_of(world, who), path, bytes(changed))
    mended_later(world, chance, path)
    return f"{path}: {bits} bits of {len(data)} bytes flipped"
