"""In the middle of a tick somebody else acts first: a neighbour, a second process, the steward."""

from __future__ import annotations

from collections.abc import Callable

from peer.simulate.chance import Chance
from peer.simulate.faults._people import lift
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from protocol.messages import Note


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Arm one to three of these, at steps at which no transaction is open."""
    words = []
    for number in range(1 + chance.below(3)):
        one = chance.fork(number)
        text, act = _somebody(world, who, one)
        at = 1 + one.below(who.steps_before)
        _arm(who, at, act)
        words.append(f"{text} at step {at}")
    return ", ".join(words)


def _arm(who: Instance, at: int, act: Callable[[], None]) -> None:
    def when_free(when: str, op: str, path: str, data: bytes) -> None:
        if who.database.busy or who.depth != 1:
            who.arm(who.steps + 1, when_free)
        else:
            act()

    who.arm(at, when_free)


def _somebody(world: World, who: Instance, chance: Chance) -> tuple[str, Callable[[], None]]:
    others = [one for one in world.active() if one is not who and one.on]
    others += [one for _, one in sorted(world.twins.items())]
    what = chance.below(10)
    if what < 4 or not others:
        to = [one.name for one in world.active() if one.name != who.name]
        return "it sends, too", lambda: _send(world, who, to, chance)
    if what == 9:
        return "the steward halts it", lambda: _halt(world, who)
    other = chance.pick(others)
    if what < 8:
        return f"{_name(world, other)} ticks", lambda: _tick(world, other)
    return f"{_name(world, other)} sends", lambda: _send(world, other, [who.name], chance)


def _name(world: World, one: Instance) -> str:
    return f"a twin of {one.name}" if world.twins.get(one.name) is one else one.name


def _tick(world: World, other: Instance) -> None:
    if other.depth == 0 and other.on and other.member:
        world.tick(other)


def _send(world: World, one: Instance, to: list[str], chance: Chance) -> None:
    reader = chance.pick(["all", *to])
    if reader == one.name or (one.depth and one.database.busy):
        return
    failed, report = one.failed, one.report
    words = f"meanwhile {one.name} {world.now_ms}"
    world.write(one, [reader], Note(text=words))
    one.failed, one.report = failed, report


def _halt(world: World, who: Instance) -> None:
    scope = f"{who.name}@{CLUSTER}"
    if world.steward.halt(scope):
        world.until(2 * world.every_ms, lambda: lift(world, scope))
