"""The machine loses power, in the middle of a step or later: only what was durable is left."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._deaths import dark
from peer.simulate.faults._sends import in_a_send
from peer.simulate.instance import Instance
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Arm it for the tick that follows, or let it happen some time after that."""
    if who.power_will_go or who.name in world.twins:
        return None
    if chance.hits(350):
        return _later(world, who, chance)
    at = 1 + chance.below(who.steps_before)
    who.power_may_go = True
    if chance.hits(250):
        words = in_a_send(world, who, chance, dark(world, who))
        return words and f"the power goes {words}"
    who.arm(at, dark(world, who))
    return f"the power goes at step {at}"


def _later(world: World, who: Instance, chance: Chance) -> str | None:
    """Rounds later all is lost that was not durable and that nothing durable came after.

    A kernel writes back within a minute what nobody syncs, and a machine that sleeps, or a virtual
    one, does not: nobody promises anything but what SQLite does.
    """
    who.power_will_go = True
    who.durable = who.backup(world.round)
    ms = 1 + chance.below(chance.pick((2, 2, 6)) * world.every_ms)
    at = 1 + chance.below(who.steps_before)
    falls = [at] if chance.hits(400) else []

    def goes() -> object:
        if not who.power_will_go:
            return True
        if falls and not world.quiet:  # in what it does next, or else after that
            who.arm(falls.pop(), dark(world, who))
            return False
        world.lose_power(who)
        return True

    world.until(ms, goes)
    return f"the power goes in {ms // 60_000} minutes{f', at step {at} of a tick' if falls else ''}"
