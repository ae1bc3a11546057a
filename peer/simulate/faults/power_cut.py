"""The machine loses power, in the middle of a step or later: only what was durable is left."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._sends import in_a_send
from peer.simulate.instance import Instance, Killed
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Arm it for the tick that follows, or let it happen some time after that."""
    if who.power_will_go or who.name in world.twins:
        return None
    if chance.hits(350):
        return _later(world, who, chance)
    at = 1 + chance.below(who.steps_before)
    who.power_may_go = True

    def dark(when: str, op: str, path: str, data: bytes) -> None:
        if who.depth > 1:  # a second process of it is about, which ends first
            who.arm(who.steps + 1, dark)
            return
        world.lose_power(who)
        raise Killed

    if chance.hits(250):
        words = in_a_send(world, who, chance, dark)
        return words and f"the power goes {words}"
    who.arm(at, dark)
    return f"the power goes at step {at}"


def _later(world: World, who: Instance, chance: Chance) -> str | None:
    who.power_will_go = True
    who.durable = who.backup(world.round)
    ms = 1 + chance.below(2 * world.every_ms)

    def dark() -> None:
        if who.power_will_go:
            world.lose_power(who)

    world.until(ms, dark)
    return f"the power goes in {ms // 60_000} minutes"
