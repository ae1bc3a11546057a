"""A repair, a join or a goodbye dies in the middle; its owner does it again, or not."""

from __future__ import annotations

from collections.abc import Callable

from peer.simulate.chance import Chance
from peer.simulate.faults._deaths import again, dying
from peer.simulate.faults._people import may_leave, say_goodbye
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Whether it needed that or not: to repair or to join once more is harmless."""
    if who.name in world.twins or not who.honest:
        return None
    what = chance.pick(("repair", "repair", "join", "goodbye"))
    if what == "goodbye" and not may_leave(world, who):
        return None
    command = _command(world, who, what)
    with dying(world, who, chance, what) as words:
        command()
    if who.failed != "killed":
        return f"a {what} came through"
    return f"a {what} died, {words}; {again(world, who, chance, command)}"


def _command(world: World, who: Instance, what: str) -> Callable[[], object]:
    if what == "repair":
        return lambda: world.repair(who)
    if what == "join":
        return lambda: who.member and world.enter(who)
    return lambda: may_leave(world, who) and say_goodbye(world, who)
