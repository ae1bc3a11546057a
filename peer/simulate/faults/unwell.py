"""A peer has a trouble of its own: it lasts or flickers, may become worse, and goes away."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.trouble import Trouble

slots_max = 24
CHECK = "model"


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """One at a time; the check that finds it stays when it finds nothing any more."""
    if CHECK in who.checks and list(who.checks[CHECK]()):
        return None
    slots = 1 + chance.below(slots_max)
    begin, end = world.now_ms, world.now_ms + slots * world.every_ms
    worse = begin + chance.below(2 * slots) * world.every_ms
    flickers = chance.hits(300)
    over: list[bool] = []

    def look() -> list[Trouble]:
        gone = over or world.now_ms >= end
        if gone or (flickers and (world.now_ms - begin) // world.every_ms % 2):
            return []
        if world.now_ms >= worse:
            return [Trouble("slow", "critical", "nobody answers")]
        return [Trouble("slow", "warn", "answers take long")]

    who.checks[CHECK] = look
    world.until(slots * world.every_ms, lambda: over.append(True))
    return f"unwell for {slots} slots{', now and then' if flickers else ''}"
