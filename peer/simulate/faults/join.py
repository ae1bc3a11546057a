"""A newcomer puts its card on the share; the steward admits it after a while."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.drive import DRIVES
from peer.simulate.faults._deaths import enter
from peer.simulate.faults._people import admit
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World

newcomers_max = 3


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """At most three in a run; a bare machine whose drive is as it is for everybody."""
    name = next((n for n in _names() if n not in world.instances), None)
    if name is None:
        return None
    newcomer = world.make(name)
    newcomer.view.lags += DRIVES[world.plan.scenario.drive]
    newcomer.view.store = who.view.store
    if not enter(world, newcomer, chance.fork("enter")):
        world.drive.views.pop(newcomer.view.who)
        return None
    world.instances[name] = newcomer
    world.until(spans(world, chance), lambda: admit(world, newcomer))
    return f"{name} asks to be admitted{'' if newcomer.member else ', and dies of it'}"


def _names() -> list[str]:
    return [f"newcomer-{number}" for number in range(1, newcomers_max + 1)]
