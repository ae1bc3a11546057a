"""Troubles of a machine with its drive: what begins now or in the middle of a tick, and ends."""

from __future__ import annotations

from collections.abc import Callable

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareError

WRITES = ("place", "remove", "make_folder")


def troubled(world: World, views: list[str], ms: int, trouble: Callable[[str, str], None]) -> None:
    """Let a trouble come over machines, until it is over."""
    key = f"{world.now_ms} {len(world.strikes)}"
    struck = [world.drive.views[who] for who in views if who in world.drive.views]
    for view in struck:
        view.troubles[key] = trouble

    def over() -> None:
        for view in world.drive.views.values():  # who was mounted meanwhile has it, too
            view.troubles.pop(key, None)

    world.until(ms, over)


def refusing(
    error: type[ShareError], text: str, ops: tuple[str, ...] = (), below: str = ""
) -> Callable[[str, str], None]:
    """The trouble that refuses these operations (none: all) on a path and all below it."""

    def refuse(op: str, path: str) -> None:
        if (not ops or op in ops) and (not below or f"{path}/".startswith(f"{below}/")):
            raise error(f"{path}: {text}")

    return refuse


def from_a_step_on(
    who: Instance, chance: Chance, trouble: Callable[[str, str], None]
) -> tuple[Callable[[str, str], None], str]:
    """The same trouble, or one that only begins in the middle of the tick; and words for it."""
    if chance.hits(600):
        return trouble, ""
    begun: list[bool] = []
    at = 1 + chance.below(who.steps_before)
    # A tick that ends before it gets there ends the wait, too.
    slot = who.slot

    def begin(when: str, op: str, path: str, data: bytes) -> None:
        begun.append(True)

    def late(op: str, path: str) -> None:
        if begun or who.slot > slot:
            trouble(op, path)

    who.arm(at, begin)
    return late, f" from step {at} on"
