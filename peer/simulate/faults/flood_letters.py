"""A hostile member sends hundreds of valid letters, false answers and automatic loops."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults import _lies
from peer.simulate.faults._people import victims, villain
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol.messages import Alert, Answer, Body, Insight, Item, Note, Question
from protocol.page import ALL

letters_max = 400
strikes_max = 4  # in a run: each is work for everybody


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """They wait in its home, and its software puts them on the share as it does with any."""
    bad = villain(world, who)
    others = victims(world, bad) if bad else []
    before = sum(one.fault == "flood-letters" for one in world.strikes)
    if bad is None or not others or before >= strikes_max:
        return None
    reader = chance.pick(others)
    audience = ALL if chance.hits(200) else reader.identity.address
    count = 20 + chance.below(letters_max - 20)
    items = [_letter(bad, reader, chance, number) for number in range(count)]
    with bad.unharmed(), bad.home.transaction():
        bad.home.outgoing.add(items, audience, bad.clock.wall_ms())
    return f"{bad.name} writes {count} letters to {audience.partition('@')[0]}"


def _letter(bad: Instance, reader: Instance, chance: Chance, number: int) -> Item:
    words = f"{number} of a flood"
    asked = reader.home.db.one("SELECT id FROM item WHERE mine = 1 ORDER BY n DESC LIMIT 1")
    re = None if asked is None else str(asked[0])
    bodies: tuple[Body, ...] = (
        Note(text=words), Question(text=words, topics=("tin",)), Answer(text=words),
        Insight(text=words, topics=("tin",), confidence=1000),
        Alert(text=words, severity="critical"),
    )  # fmt: skip
    return _lies.item_by(
        bad.identity.address,
        chance.pick(bodies),
        chance,
        bad.clock.wall_ms(),
        auto=chance.hits(500),
        depth=chance.below(6),
        re=re if chance.hits(500) else None,
    )
