"""The drive has no space left for a while, for one machine's quota or for everybody."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import spans, who_is_struck
from peer.simulate.faults._troubles import from_a_step_on, refusing, troubled
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareFullError


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Refuse what needs space; where a little is left, only now and then."""
    views, words = who_is_struck(world, who, chance)
    refuse = refusing(ShareFullError, "no space left on the share", ("place", "make_folder"))
    luck = chance.fork("luck")
    tight = chance.hits(300)

    def full(op: str, path: str) -> None:
        if not tight or luck.hits(500):
            refuse(op, path)

    trouble, since = from_a_step_on(who, chance, full)
    troubled(world, views, spans(world, chance), trouble)
    return f"{'nearly ' if tight else ''}no space left for {words}{since}"
