"""The drive is gone for a while, for one machine or for all: an error, or an empty mount point."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import spans, who_is_struck
from peer.simulate.faults._troubles import from_a_step_on, refusing, troubled
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareUnavailableError
from registry.memory import MemoryShare


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Unmount it."""
    if chance.hits(400):
        return _empty(world, who, chance)
    views, words = who_is_struck(world, who, chance)
    gone = refusing(ShareUnavailableError, "the root is gone")
    trouble, since = from_a_step_on(who, chance, gone)
    troubled(world, views, spans(world, chance), trouble)
    return f"the drive is gone for {words}{since}"


def _empty(world: World, who: Instance, chance: Chance) -> str | None:
    """Only the folder is left that the drive is mounted on; what is written there is not on it."""
    view, store = who.view, who.view.store
    if store is not world.drive.store:  # cut off already
        return None
    bare = MemoryShare()

    def away(*_: object) -> None:
        if view.store is store:
            view.store = bare

    def back() -> None:
        if view.store is bare:
            view.store = store

    if chance.hits(500):
        away()
        words = "now"
    else:
        at = 1 + chance.below(who.steps_before)
        who.arm(at, away)
        words = f"at step {at}"
    world.until(spans(world, chance), back)
    return f"the mount point of {who.name} is empty, {words}"
