"""The drive cannot be written for a while: all of it, or one folder (an inbox, the orders …)."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import spans, who_is_struck
from peer.simulate.faults._troubles import WRITES, from_a_step_on, refusing, troubled
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareDeniedError
from registry import layout


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Refuse to write; where only a folder is refused, letters must be fetched (pull delivery)."""
    below = ""
    if chance.hits(600):
        names = [one.name for one in world.active() if one is not who]
        folders = [layout.inbox(name) for name in names] + [layout.CHARTER, layout.ORDERS]
        below = chance.pick(folders)
    views, words = who_is_struck(world, who, chance)
    if below:  # its owner can write there all the same
        owner = below.split("/")[1] if "/" in below else ""
        views = [view for view in views if view.split(" ")[0] != owner]
    refuse = refusing(ShareDeniedError, "read-only file system", WRITES, below)
    trouble, since = from_a_step_on(who, chance, refuse)
    troubled(world, views, spans(world, chance), trouble)
    return f"{below or 'everything'} is read-only for {words}{since}"
