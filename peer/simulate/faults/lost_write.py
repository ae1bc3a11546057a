"""The drive says that a file is written, and it is not there (rclone, dm-flakey)."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import put, take
from peer.simulate.instance import Instance
from peer.simulate.trees import peek
from peer.simulate.world import World
from registry.memory import Node


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Undo the next thing that is placed, or the next few, as soon as it is reported done."""
    at = 1 + chance.below(who.steps_before)
    left = 1 + chance.below(4) // 3 * chance.below(8)
    before: dict[str, Node] = {}

    def watch(when: str, op: str, path: str, data: bytes) -> None:
        nonlocal left
        store = who.view.store
        if op == "place" and when == "before":
            before[path] = peek(store, path)
        elif op == "place" and path in before:
            node = before.pop(path)
            take(world, store, path) if node is None else put(world, store, path, node)
            left -= 1
        if left:
            who.arm(who.steps + 1, watch)

    who.arm(at, watch)
    return f"what is written from step {at} on is lost{f', {left} times' if left > 1 else ''}"
