"""Receipts are deleted, once or for a while: of one reader, or of everybody."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import by_kind, spans, store_of, take
from peer.simulate.faults._troubles import troubled
from peer.simulate.instance import Instance
from peer.simulate.world import World
from registry import layout


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Its authors keep their letters on the share until they see a receipt again."""
    below = layout.PEERS if chance.hits(300) else layout.peer_folder(who.name)
    store = store_of(world, who)
    once = [path for path, _ in by_kind(world, who).get("receipt", []) if path.startswith(below)]
    for path in once:
        take(world, store, path)
    words = "everybody" if below == layout.PEERS else who.name
    if chance.hits(500):
        return f"{len(once)} of {words}" if once else None

    def delete(op: str, path: str) -> None:
        if op == "read" and "/receipts/" in path and path.startswith(f"{below}/"):
            take(world, store, path)

    troubled(world, sorted(world.drive.views), spans(world, chance, 4), delete)
    return f"all of {words}, for a while"
