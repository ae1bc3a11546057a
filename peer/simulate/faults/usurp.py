"""Agents sign as stewards: delegations, revocations, roots, decisions, parts; and replay theirs."""

from __future__ import annotations

from functools import partial

from peer.simulate.chance import Chance
from peer.simulate.faults import _usurped
from peer.simulate.faults._share import mended_later, put, spans, store_of, take
from peer.simulate.instance import Instance
from peer.simulate.trees import peek
from peer.simulate.world import World
from protocol.signing import Signer


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """One file: from what anybody can read, and a key that is in no role of a root."""
    # An agent's own key may be tried, too: it is as good as a stranger's.
    signer = Signer(who.signer.seed if chance.hits(600) else chance.draw(32))
    how = chance.below(10)
    found: _usurped.Found | None
    if how < 6:
        found = _usurped.written(world, who, chance, signer)
    elif how < 8:
        found = _usurped.resigned(world, chance, signer)
    else:
        found = _usurped.replayed(world, chance)
    store = store_of(world, who)
    if found is None or peek(store, found[0]) == found[1]:
        return None
    path, data, words = found
    if not put(world, store, path, data):
        return None
    # A nuisance until a person clears it away, and puts back what may have stood there.
    world.until(spans(world, chance, 8), partial(_clear, world, path, data))
    mended_later(world, chance, path)
    return f"{path}: {words}"


def _clear(world: World, path: str, data: bytes) -> None:
    for store in (world.drive.store, *world.drive.sides):
        if peek(store, path) == data:
            take(world, store, path)
