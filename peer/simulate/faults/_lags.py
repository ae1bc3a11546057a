"""Machines that see what others change only later, for a while."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.drive import Lag
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World


def lagging(
    world: World, who: Instance, chance: Chance, *, new: bool, listed: bool, read: bool
) -> str | None:
    """Let one machine lag, or all; each change by up to half a minute, or up to a round or two."""
    everybody = chance.hits(300)
    most = chance.pick((30_000, world.every_ms // 4, 2 * world.every_ms))
    lag = Lag(ms_max=max(most, 1), new=new, replaced=not new, listed=listed, read=read)
    views = [world.drive.views[name] for name in sorted(world.drive.views)] if everybody else []
    views = views or [who.view]
    for view in views:
        view.lags.insert(0, lag)

    def over() -> None:
        for view in world.drive.views.values():  # who was mounted meanwhile has it, too
            view.lags[:] = [one for one in view.lags if one is not lag]

    world.until(spans(world, chance), over)
    return f"by up to {most // 1000} s, {'everybody' if everybody else who.name}"
