"""The process dies in the middle of a step of its tick, or of a send."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.drive import peek
from peer.simulate.faults._sends import in_a_send
from peer.simulate.instance import Instance, Killed
from peer.simulate.world import World


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Arm the end: before or after a call or a commit, or with a file half written."""
    at = 1 + chance.below(who.steps_before)
    torn = chance.hits(300)

    def die(when: str, op: str, path: str, data: bytes) -> None:
        if (
            torn
            and (when, op) == ("before", "place")
            and not isinstance(peek(who.view.store, path), dict)
        ):
            # Not what `place` does, but what a drive without atomic renames leaves behind.
            before = peek(who.view.store, path)
            who.view.store.place(path, data[: len(data) // 2])
            world.drive.changed(who.view, who.view.store, path, before)
        raise Killed

    if chance.hits(250):
        words = in_a_send(world, who, chance, die)
        return words and f"killed {words}"
    who.arm(at, die)
    return f"killed at step {at}"
