"""A charter asks for a steward's yes to what peers write; he says yes or no, or comes late."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import spans
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.charter import Rule

RULES = (
    (Rule(effect="send", kind="note", verdict="approve"),),
    (Rule(effect="publish", kind="insight", verdict="approve"),),
    (Rule(effect="send", kind="answer", verdict="approve"),),
    (
        Rule(effect="publish", kind="question", verdict="notice"),
        Rule(effect="send", verdict="approve"),
        Rule(effect="publish", verdict="approve"),
    ),
)


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Another charter ends that; what was asked for goes on waiting for its answer."""
    rules = chance.pick(RULES)
    if not world.steward.rule(policy=rules):
        return None
    world.until(world.every_ms + spans(world, chance, 8), lambda: world.steward.rule(policy=()))
    return ", ".join(f"{rule.effect} {rule.kind}: {rule.verdict}" for rule in rules)
