"""In a tick or a send somebody else acts first: a neighbour, a second process, the steward."""

from __future__ import annotations

from collections.abc import Callable

from peer.simulate.chance import Chance
from peer.simulate.faults._people import is_admitted, lift
from peer.simulate.faults._sends import in_a_send
from peer.simulate.instance import Action, Instance
from peer.simulate.world import CLUSTER, World
from protocol.messages import Note


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Arm one to three of these, at steps at which no transaction is open."""
    send = chance.fork("send")
    if send.hits(200):
        text, act = _somebody(world, who, send)
        words = in_a_send(world, who, send, _when_free(who, act))
        return words and f"{text} {words}"
    told = []
    for number in range(1 + chance.below(3)):
        one = chance.fork(number)
        text, act = _somebody(world, who, one)
        at = 1 + one.below(who.steps_before)
        who.arm(at, _when_free(who, act))
        told.append(f"{text} at step {at}")
    return ", ".join(told)


def _when_free(who: Instance, act: Callable[[], None]) -> Action:
    def when_free(when: str, op: str, path: str, data: bytes) -> None:
        if who.database.busy or who.depth != 1:
            who.arm(who.steps + 1, when_free)
        else:
            act()

    return when_free


def _somebody(world: World, who: Instance, chance: Chance) -> tuple[str, Callable[[], None]]:
    others = [one for one in world.active() if one is not who and one.on]
    others += [one for _, one in sorted(world.twins.items())]
    what = chance.below(12)
    if what < 4 or not others:
        to = [one.name for one in world.active() if one.name != who.name]
        return "it sends, too", lambda: _send(world, who, to, chance)
    if what >= 10:
        return _steward(world, who, chance.fork("steward"))
    other = chance.pick(others)
    if what < 8:
        return f"{_name(world, other)} ticks", lambda: _tick(world, other)
    return f"{_name(world, other)} sends", lambda: _send(world, other, [who.name], chance)


def _steward(world: World, who: Instance, chance: Chance) -> tuple[str, Callable[[], None]]:
    waiting = [one for one in world.active() if not is_admitted(one)]
    if waiting and chance.hits(600):
        one = who if who in waiting else chance.pick(waiting)
        return f"the steward admits {one.name}", lambda: _admit(world, one)
    scope = chance.pick((f"{who.name}@{CLUSTER}", "*"))
    if chance.hits(500) and world.steward.halt(scope):
        world.until(2 * world.every_ms, lambda: lift(world, scope))
        return f"the steward lifts the halt of {scope}", lambda: _resume(world, scope)
    return f"the steward halts {scope}", lambda: _halt(world, scope)


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


def _admit(world: World, one: Instance) -> None:
    if world.instances.get(one.name) is one and one.member:
        world.steward.admit(one.name, one.signer, reuse=one.takes_over)


def _resume(world: World, scope: str) -> None:
    world.steward.resume(scope)


def _halt(world: World, scope: str) -> None:
    if world.steward.halt(scope):
        world.until(2 * world.every_ms, lambda: lift(world, scope))
