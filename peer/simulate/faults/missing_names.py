"""New files are missing in listings, though they can be read (sshfs, rclone)."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._lags import lagging
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Listings come from a cache that is not asked to look again."""
    return lagging(world, who, chance, new=True, listed=True, read=False)
