"""New files arrive at other machines late and in any order (Syncthing)."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._lags import lagging
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Neither listed nor read before each one's own time."""
    return lagging(world, who, chance, new=True, listed=True, read=True)
