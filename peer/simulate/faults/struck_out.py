"""An item is struck out of a page: null, in JSON that is canonical still."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import pick, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol import canonical
from protocol.errors import RuleError


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """The signature covers hashes only, so it still verifies."""
    found = pick(world, who, chance, ("letter", "feed", "mail"))
    if found is None:
        return None
    path, data = found
    try:
        page = canonical.decode(data)
        items = page["items"]
        place = chance.below(len(items))
    except (RuleError, KeyError, TypeError, ValueError):
        return None  # something else has struck there
    if items[place] is None:
        return None
    items[place] = None
    put(world, store_of(world, who), path, canonical.encode(page))
    return f"{path}: item {place} of {len(items)} struck out"
