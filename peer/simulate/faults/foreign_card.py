"""A card with an outsider's key stands in the place of somebody's card, or of nobody's."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults import _lies
from peer.simulate.faults._share import put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.signing import Signer
from registry import layout


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Whoever admits by the fingerprint that the owner told him is not taken in."""
    names = [one.name for one in world.active()]
    waiting = [one.name for one in world.active() if not one.home.state.number("beat_seq")]
    name = chance.pick(waiting) if waiting else chance.pick([*names, "mallory"])
    data = _lies.card_by(world, Signer(chance.draw(32)), name)
    if not put(world, store_of(world, who), layout.card(name), data):
        return None
    return f"a foreign card of {name}"
