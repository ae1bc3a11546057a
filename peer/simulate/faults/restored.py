"""A home is put back from a backup that was made some slots before."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import store_of
from peer.simulate.instance import Instance
from peer.simulate.trees import peek
from peer.simulate.world import World
from protocol.errors import RuleError
from protocol.heartbeat import open_heartbeat
from registry import layout


def _tells(world: World, who: Instance) -> bool:
    """Whether the share shows that the restored home had a later life.

    Where all proof of it is gone, too, no software can know; then the person who restored it does
    what the manual says, and repairs it.
    """
    data = peek(store_of(world, who), layout.heartbeat(who.name))
    try:
        beat = open_heartbeat(
            data if isinstance(data, bytes) else b"",
            world.steward.network,
            who.identity.address,
        )
    except RuleError:
        return False
    epoch, seq = who.home.state.epoch, who.home.state.number("beat_seq")
    later = beat.epoch == epoch and beat.seq > seq
    return beat.key == who.signer.key and (later or epoch in beat.earlier_epochs)


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Back up now, restore later. What only the later home held is lost, and taken back."""
    if who.name in world.twins or not who.honest:
        return None
    backup = who.backup(world.round)
    slots = 1 + chance.below(3) // 2 * chance.below(24) + chance.below(4)

    def restore() -> None:
        still = world.instances.get(who.name) is who and who.member and who.honest
        if still and who.name not in world.twins and who.depth == 0:
            world.go_back(who, backup)
            if not _tells(world, who):
                world.repair(who)

    world.later(slots * world.every_ms, restore)
    return f"backed up now, restored in {slots} slots"
