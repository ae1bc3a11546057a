"""A hostile member signs receipts that lie: beyond what was sent, another head, other epochs."""

from __future__ import annotations

from dataclasses import replace

from peer.simulate.chance import Chance
from peer.simulate.faults._people import victims, villain
from peer.simulate.faults._share import put, store_of
from peer.simulate.instance import Instance
from peer.simulate.world import CLUSTER, World
from peer.tick.receipts import compose_receipt
from protocol import canonical, documents
from protocol.page import ALL
from protocol.receipt import Receipt, Refused, StreamReceipt
from protocol.signing import Signer
from registry import layout


def strike(world: World, who: Instance, chance: Chance) -> str | None:
    """The lie has a number of its own, or one so high that its own software finds it."""
    bad = villain(world, who)
    authors = victims(world, bad) if bad else []
    if bad is None or not authors:
        return None
    author = chance.pick(authors)
    address = author.identity.address
    with bad.unharmed(), bad.home.transaction():
        bad.home.journal.owe_receipt(address)
        n = bad.home.journal.next_receipt(address)
        receipt = compose_receipt(bad.process(), address, n)
    lie, words = _lie(bad, author, receipt, chance)
    if chance.hits(200):
        lie = replace(lie, n=n + 1 + chance.below(1_000))
    data = documents.seal(lie, Signer(bad.signer.seed))
    put(world, store_of(world, bad), layout.receipt(bad.name, CLUSTER, author.name), data)
    return f"{bad.name} tells {author.name} {words}"


def _lie(bad: Instance, author: Instance, receipt: Receipt, chance: Chance) -> tuple[Receipt, str]:
    outgoing, epoch = author.home.outgoing, author.home.state.epoch
    last = outgoing.position(epoch, bad.identity.address)
    line = StreamReceipt(
        key=author.signer.key,
        epoch=epoch,
        audience=bad.identity.address,
        received=last,
        head=chance.draw(32).hex(),
        acted=0,
    )
    what = chance.below(6)
    if what == 0:
        line = replace(line, received=last + 1 + chance.below(5))
        return replace(receipt, streams=(line,)), "that it holds pages that were never written"
    if what == 1:
        return replace(receipt, streams=(line,)), "that its last page is another one"
    if what == 2:
        rows = ((last + 2, last + 5), (last + 8, last + 8))
        return replace(receipt, streams=(replace(line, received=0, head=None, have=rows),)), (
            "that it holds pages beyond a hole"
        )
    if what == 3:
        refused = tuple(Refused(seq=seq + 1, rule="STREAM-1") for seq in range(min(last, 5)))
        return replace(receipt, streams=(replace(line, head=None, received=0, refused=refused),)), (
            "that it refused his pages"
        )
    if what == 4:
        damaged = tuple(range(1, 65))
        feed = replace(line, audience=ALL, received=0, head=None, damaged=damaged)
        return replace(receipt, streams=(feed,)), "that all of his feed is damaged"
    epochs = tuple(canonical.b32(chance.draw(16)) for _ in range(3))
    lie = replace(receipt, reader_epoch=epochs[0], earlier_epochs=epochs[1:], streams=())
    return lie, "that it lives in another epoch"
