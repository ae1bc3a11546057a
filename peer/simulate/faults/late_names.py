"""New files are listed by other machines at once, and can be read only later."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._lags import lagging
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """A name before its content, as caches and synchronising tools show it."""
    return lagging(world, who, chance, new=True, listed=False, read=True)
