"""What the agents write: letters of every kind, as often as the scenario says."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.instance import Instance
from peer.simulate.ledger import ALL
from peer.simulate.world import World
from protocol.messages import Alert, Announcement, Body, Insight, Note, Question

TOPICS = ("copper", "tin", "iron", "salt")


def plan_letters(world: World, instance: Instance) -> list[tuple[int, list[str], Body]]:
    """(ms since the round began, to whom, what) of the letters it writes in this round."""
    if not world.plan.writes(f"{instance.name}:{world.round}"):
        return []
    chance = world.chance("letters", instance.name, world.round)
    found = []
    for kind, percent in world.plan.scenario.traffic.items():
        count = percent // 100 + chance.hits(percent % 100 * 10)
        for number in range(count):
            at = chance.below(world.every_ms)
            words = f"{kind} {number} of {instance.name} in round {world.round}"
            to = _readers(world, instance, kind, chance)
            if to:
                found.append((at, to, _body(kind, words, chance)))
    return found


def _readers(world: World, instance: Instance, kind: str, chance: Chance) -> list[str]:
    others = [one.name for one in world.active() if one.name != instance.name]
    if kind in ("insight", "announcement") or not others:
        return [ALL]
    if kind == "question" and chance.hits(500):
        return [ALL]
    if len(others) > 2 and chance.hits(150):
        return sorted(chance.sample(others, 2))
    return [chance.pick(others)]


def _body(kind: str, words: str, chance: Chance) -> Body:
    topics = (chance.pick(TOPICS),)
    if kind == "insight":
        return Insight(text=words, topics=topics, confidence=500 + chance.below(500))
    if kind == "announcement":
        return Announcement(text=words, topics=topics)
    if kind == "question":
        return Question(text=words, topics=topics)
    if kind == "alert":
        return Alert(text=words, severity=chance.pick(("info", "warn", "critical")))
    return Note(text=words)
