"""Replaced files are read as they were before (CIFS: for 30 s), and removed ones, too."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._lags import lagging
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Heartbeats and receipts are replaced; listings show what is true."""
    return lagging(world, who, chance, new=False, listed=False, read=True)
