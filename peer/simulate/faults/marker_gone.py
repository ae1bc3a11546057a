"""NETWORK.json is missing, damaged or another network's for a while; its steward puts it back."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import mended_later, put, store_of, take
from peer.simulate.instance import Instance
from peer.simulate.steward import NAME
from peer.simulate.world import CLUSTER, World
from peer.stewards import founding
from protocol import authority
from protocol.marker import form_marker
from protocol.signing import Signer
from registry import layout
from registry.memory import Node


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Without it a folder is no network, and whatever was a network must not become another."""
    store, marker = store_of(world, who), world.steward.marker
    if marker is None:
        return None
    word = chance.pick(("missing", "damaged", "torn", "empty", "a folder", "another network's"))
    if word == "missing":
        if not take(world, store, layout.MARKER):
            return None
    else:
        middle = chance.below(len(marker))
        nodes: dict[str, Node] = {
            "damaged": marker[:middle] + bytes([marker[middle] ^ 1]) + marker[middle + 1 :],
            "torn": marker[:middle],
            "empty": b"",
            "a folder": {},
            "another network's": _foreign(world, chance),
        }
        put(world, store, layout.MARKER, nodes[word])
    mended_later(world, chance, layout.MARKER)
    return f"{layout.MARKER} is {word}"


def _foreign(world: World, chance: Chance) -> bytes:
    signer = Signer(chance.draw(32))
    root = founding.first_root(NAME, signer, world.steward.desk.clock.wall_ms())
    return form_marker(CLUSTER, authority.seal_document(root, "", signer))
