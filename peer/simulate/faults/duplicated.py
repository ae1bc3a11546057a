"""A file is copied to another name of the right form: other author, number, inbox, feed."""

from __future__ import annotations

from peer.simulate.chance import Chance
from peer.simulate.faults._share import pick, put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from registry import layout
from registry.layout import PageName

SOURCES = ("letter", "feed", "mail", "receipt", "heartbeat", "card")


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Genuine bytes where they do not belong."""
    found = pick(world, who, chance, SOURCES)
    if found is None:
        return None
    path, data = found
    target = _elsewhere(world, path, chance)
    if target == path or not put(world, store_of(world, who), target, data):
        return None
    return f"{path} copied to {target}"


def _elsewhere(world: World, path: str, chance: Chance) -> str:
    parts = path.split("/")
    owner, name = parts[1], parts[-1]
    others = [one.name for one in world.active()]
    another = chance.pick(others)
    if "inbox" not in parts and "outbox" not in parts:
        if "receipts" in parts and chance.hits(500):
            return layout.receipt(owner, CLUSTER, another)
        return "/".join([parts[0], another, *parts[2:]])
    page = layout.read_letter_file(name) or layout.read_page_file(name, owner)
    if page is None:
        return path
    if chance.hits(500):
        seq = max(1, page.seq + chance.pick((-1, 1, 2, 100)))
        page = PageName(page.author, page.epoch8, seq)
    if chance.hits(300):
        page = PageName(another, page.epoch8, page.seq)
    where = chance.below(3)
    if where == 0:
        return f"{layout.inbox(chance.pick(others))}/{layout.letter_file(page)}"
    folder = layout.feed(page.author)
    if where == 1:
        folder = layout.mail(page.author, chance.pick(others))
    return f"{folder}/{layout.page_file(page)}"
