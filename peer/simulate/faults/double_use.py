"""A hostile member signs two different pages at one position, for one reader or for two."""

from __future__ import annotations

from dataclasses import replace

from peer.simulate.chance import Chance
from peer.simulate.faults import _lies
from peer.simulate.faults._people import victims, villain
from peer.simulate.faults._share import put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import World
from protocol import canonical, wire
from protocol.messages import Note
from protocol.page import ALL, Header, form_page
from protocol.signing import Signer
from registry import layout
from registry.layout import PageName


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """Its software goes on as if nothing were; the other page is put where a reader looks."""
    bad = villain(world, who)
    readers = victims(world, bad) if bad else []
    if bad is None or not readers:
        return None
    reader = chance.pick(readers)
    audience = ALL if chance.hits(500) else reader.identity.address
    epoch, outgoing = bad.home.state.epoch, bad.home.outgoing
    last = outgoing.position(epoch, audience)
    seq = max(1, last - chance.below(3))
    page = outgoing.page(epoch, audience, seq)
    if page is None:
        return None
    header = wire.trusted(Header, canonical.decode(page.data)["signed"])
    words = Note(text=f"what {bad.name} said to somebody else")
    item = _lies.item_by(bad.identity.address, words, chance, bad.clock.wall_ms())
    ahead = chance.hits(200)  # a position that its software has yet to take
    if ahead:
        newest = outgoing.page(epoch, audience, last)
        header = replace(header, seq=last + 1, prev=newest.digest if newest else header.prev)
    other = replace(header, at=header.at + 1, items=())
    data = form_page(other, [item.data], Signer(bad.signer.seed)).data
    name = PageName(bad.name, epoch[:8], other.seq)
    path = f"{layout.inbox(reader.name)}/{layout.letter_file(name)}"
    if audience == ALL:
        path = f"{layout.feed(bad.name)}/{layout.page_file(name)}"
    put(world, store_of(world, reader), path, data)
    for_whom = ALL if audience == ALL else reader.name
    return f"{bad.name} signs another page {other.seq} for {for_whom}"
