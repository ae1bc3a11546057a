"""The steward's command dies in the middle, with a document half placed or not yet on his shelf."""

from __future__ import annotations

from collections.abc import Callable

from peer.simulate.chance import Chance
from peer.simulate.faults._deaths import killed
from peer.simulate.faults._people import is_admitted, lift
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World

# Where he may die: what he only reads changes nothing.
MOMENTS = (("before", "place"), ("after", "place"), ("before", "keep"), ("after", "keep"))


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """He admits whoever waits, or halts somebody, or lifts that; another day the same again."""
    waiting = [one for one in world.active() if not is_admitted(one)]
    if waiting and chance.hits(700):
        return _admission(world, chance, chance.pick(waiting))
    scope = chance.pick((f"{who.name}@{CLUSTER}", f"{who.name}@{CLUSTER}", "*"))
    return (_halt if chance.hits(500) else _resume)(world, chance, scope)


def _admission(world: World, chance: Chance, one: Instance) -> str | None:
    def admit() -> bool:
        return world.steward.admit(one.name, one.signer, reuse=one.takes_over)

    words = _dying(world, chance, admit)
    # Whoever is not admitted asks again, and so he runs the same once more.
    return words and f"the admission of {one.name} {words}"


def _halt(world: World, chance: Chance, scope: str) -> str | None:
    words = _dying(world, chance, lambda: world.steward.halt(scope))
    if words is None:
        return None
    if chance.hits(700):  # or what it was about is over by then
        world.later(spans(world, chance, 2), lambda: world.steward.halt(scope))
    world.until(2 * world.every_ms + spans(world, chance), lambda: lift(world, scope))
    return f"the halt of {scope} {words}"


def _resume(world: World, chance: Chance, scope: str) -> str | None:
    if not world.steward.halt(scope):
        return None
    end = chance.fork("end")
    world.later(
        spans(world, chance, 2), lambda: _dying(world, end, lambda: world.steward.resume(scope))
    )
    world.until(2 * world.every_ms + spans(world, chance), lambda: lift(world, scope))
    return f"{scope} is halted, and what lifts it dies"


def _dying(world: World, chance: Chance, command: Callable[[], object]) -> str | None:
    """Run it, and let it die; None where it never came so far."""
    moment = chance.pick(MOMENTS)
    die = killed(world, world.steward.view, torn=chance.hits(500))
    reached = []

    def step(when: str, op: str, path: str, data: bytes) -> None:
        if (when, op) == moment:
            reached.append(path)
            die(when, op, path, data)

    with world.steward.watched(step):
        command()
    return f"died {' '.join(moment)} {reached[0]}" if reached else None
