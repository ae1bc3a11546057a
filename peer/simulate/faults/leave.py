"""A peer says goodbye; at least three stay."""

from __future__ import annotations

from peer import membership
from peer.simulate.chance import Chance
from peer.simulate.faults._people import honest_min
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """What the drive does not let it say, it has not said: it stays."""
    honest = [one for one in world.honest() if one.on]
    if len(honest) <= honest_min or not who.honest or who.name in world.twins:
        return None
    if not who.home.state.number("beat_seq"):  # it was never there
        return None
    with who.unharmed():
        world.live(who, "leave", lambda: membership.leave(who.process()))
    if who.failed is not None:
        return None
    who.member = False
    who.die()
    return "said goodbye"
