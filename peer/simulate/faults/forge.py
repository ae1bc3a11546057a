"""An outsider writes pages, receipts, heartbeats, cards, orders and rosters in others' names."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults import _lies
from peer.simulate.faults._share import mended_later, pick, put, spans, store_of, take
from peer.simulate.instance import Instance
from peer.simulate.trees import peek
from peer.simulate.world import World
from protocol import canonical
from protocol.messages import Body, Insight, Note, Question
from protocol.signing import Signer
from registry import layout
from registry.layout import PageName


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """One forgery: of a genuine file, or from nothing but what anybody can read."""
    signer = Signer(chance.draw(32))
    how = chance.below(8)
    if how < 3:
        return _of_a_file(world, who, chance, signer)
    if how < 6:
        return _page(world, who, chance, signer)
    if how == 6:
        path, data = _lies.order_by(world, signer, chance, who)
    else:
        path, data = _lies.roster_by(world, signer, 2 + chance.below(40))
    store = store_of(world, who)
    if not put(world, store, path, data):
        return None
    # It stays a nuisance until a person clears it away.
    world.until(spans(world, chance, 8), lambda: _clear(world, path, data))
    return f"{path}, signed by nobody"


def _of_a_file(world: World, who: Instance, chance: Chance, signer: Signer) -> str | None:
    found = pick(world, who, chance)
    if found is None:
        return None
    path, data = found
    how = chance.below(3)
    if how == 2:
        other = _lies.changed(data, chance)
        forged, word = other if other is not None else (None, "")
        text = f"with another {word}"
    else:
        lie = _lies.changed(data, chance) if chance.hits(500) else None
        forged = _lies.resigned(data if lie is None else lie[0], signer, own_name=how == 0)
        text = "signed by another key" if how == 0 else "under a signature of somebody else"
    if forged is None or forged == data:
        return None
    put(world, store_of(world, who), path, forged)
    mended_later(world, chance, path)
    return f"{path} {text}"


def _page(world: World, who: Instance, chance: Chance, signer: Signer) -> str | None:
    """A page in the name of `who`, to a neighbour's inbox or into its own feed."""
    others = [one for one in world.active() if one is not who]
    if not others:
        return None
    reader, home = chance.pick(others), who.home
    audience = chance.pick((reader.identity.address, "all"))
    epoch = home.state.epoch if chance.hits(700) else canonical.b32(chance.draw(16))
    last = home.outgoing.position(epoch, audience)
    seq = max(1, last + chance.pick((-1, 0, 1, 1, 2)))
    words = f"not by {who.name}"
    bodies: tuple[Body, ...] = (
        Note(text=words),
        Question(text=words, topics=("tin",)),
        Insight(text=words),
    )
    at = who.clock.wall_ms()
    item = _lies.item_by(who.identity.address, chance.pick(bodies), chance, at)
    data = _lies.page_by(world, signer, (who.identity.address, epoch, audience, seq), [item])
    if chance.hits(500):
        data = _lies.resigned(data, signer, own_name=False) or data
    page = PageName(who.name, epoch[:8], seq)
    path = f"{layout.inbox(reader.name)}/{layout.letter_file(page)}"
    if audience == "all":
        path = f"{layout.feed(who.name)}/{layout.page_file(page)}"
    if not put(world, store_of(world, who), path, data):
        return None
    return f"{path}, not by {who.name}"


def _clear(world: World, path: str, data: bytes) -> None:
    for store in (world.drive.store, *world.drive.sides):
        if peek(store, path) == data:
            take(world, store, path)
