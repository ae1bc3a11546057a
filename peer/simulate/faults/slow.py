"""Every call of the share takes seconds."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import spans
from peer.simulate.faults._troubles import troubled
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """A listing of 1,000 names took 0.8 s on CIFS, one of 20,000 took 39 s (DRIVES.md, 14)."""
    ms_max = min(200 + chance.below(8_000), max(world.every_ms // 400, 1))
    pace = chance.fork("pace")
    troubled(
        world,
        [who.view.who],
        spans(world, chance, 4),
        lambda op, path: world.spend(1 + pace.below(ms_max)),
    )
    return f"calls take up to {ms_max} ms"
