"""A folder or a file gives nothing but errors (EIO) for a while."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import pick, spans, who_is_struck
from peer.simulate.faults._troubles import from_a_step_on, refusing, troubled
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareUnavailableError


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """A file that is there, its folder, or the folder of a peer."""
    found = pick(world, who, chance)
    if found is None:
        return None
    parts = found[0].split("/")
    depth = len(parts) - chance.pick((0, 0, 1, 1, 2))
    path = "/".join(parts[: max(depth, 1)])
    views, words = who_is_struck(world, who, chance)
    broken = refusing(ShareUnavailableError, "input/output error", below=path)
    trouble, since = from_a_step_on(who, chance, broken)
    troubled(world, views, spans(world, chance), trouble)
    return f"{path} cannot be read or written by {words}{since}"
