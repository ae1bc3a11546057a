"""Somebody proposes a value; in the next rounds members vote, and certify what has enough votes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from peer import deciding
from peer.simulate.chance import Chance
from peer.simulate.faults._people import is_admitted
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.errors import ShareError, SomaError

KEYS, VALUES = ("pace", "topic"), ("slow", "fast", "none")
yes_permille, both_permille = 800, 200


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """First the charter must let them; of two proposals at a time each voter takes one."""
    key = chance.pick(KEYS)
    if not who.honest or not is_admitted(who) or not world.steward.let_vote(key):
        return None
    values = chance.sample(VALUES, 2) if chance.hits(both_permille) else [chance.pick(VALUES)]
    for value in values:
        world.later(spans(world, chance, 2), partial(_propose, world, who, key, value))
    for voter in world.honest():
        for _ in range(2):  # who did not see the proposal the first time votes the second
            ballot = chance.fork(f"{voter.name} {len(world.strikes)}")
            world.later(
                2 * world.every_ms + spans(world, chance, 4),
                partial(_vote, world, voter, key, ballot),
            )
    return f"{key} is to be {' or '.join(values)}"


def _propose(world: World, who: Instance, key: str, value: str) -> None:
    _let(world, who, "propose", lambda: deciding.propose(who.process(), key, value))


def _vote(world: World, who: Instance, key: str, chance: Chance) -> None:
    open_ = [one for one in deciding.proposals(who.process()) if one["key"] == key]
    if open_:
        one, yes = chance.pick(open_), chance.hits(yes_permille)
        _let(world, who, "vote", lambda: deciding.vote(who.process(), one["id"], yes))


def _let(world: World, who: Instance, what: str, act: Callable[[], object]) -> None:
    """A command of its owner; that it is over, or voted on otherwise, he is told and stops."""
    if world.instances.get(who.name) is not who or not who.on or not who.member or who.depth:
        return

    def tried() -> None:
        try:
            act()
        except ShareError:
            raise
        except SomaError:
            world.answer(f"may not {what}")

    world.live(who, what, tried)
