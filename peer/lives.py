"""Which lives a key had, as far as the share still shows them, and how a new one begins.

A lost or restored database does not know the epochs that came after it. Whoever begins a new one
must call them over (EPOCH-4), or what is held back in them waits for ever. One trace is enough, and
faults take traces away, so every document of one's own folder is asked. What others say about my
epochs proves nothing and is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from peer.clock import Clock, Entropy
from peer.home import Home
from peer.home.places import Identity
from protocol import limits
from protocol.errors import RuleError, ShareError
from protocol.heartbeat import open_heartbeat
from protocol.page import erased_by, open_erased, open_signed
from protocol.receipt import open_receipt
from registry import layout, outbox
from registry.share import Share

names_max = 5_000
PUBLISHED_AGAIN_DAYS = 30


class Told(NamedTuple):
    """What the share tells of the lives of `author`: epochs, and hashes of what he took back."""

    author: str
    epochs: tuple[str, ...]
    erasures: tuple[str, ...]


def told(share: Share, identity: Identity, keys: Iterable[str] = ()) -> Told:
    """Everything that a new epoch must know of what was signed by the key, and by these others."""
    mine = [replace(identity, key=key) for key in dict.fromkeys([identity.key, *keys])]
    epochs = [epoch for one in mine for epoch in told_epochs(share, one)]
    erasures = [erased for one in mine for erased in told_erasures(share, one)]
    return Told(identity.address, tuple(dict.fromkeys(epochs)), tuple(dict.fromkeys(erasures)))


def told_epochs(share: Share, identity: Identity) -> tuple[str, ...]:
    """Epochs that the key has begun, each once; those that are over for longest come first."""
    found = [*_of_pages(share, identity), *_of_receipts(share, identity)]
    return tuple(dict.fromkeys([*found, *_of_heartbeat(share, identity)]))


def told_erasures(share: Share, identity: Identity) -> tuple[str, ...]:
    """Hashes of what the key took back, as far as its feed still says so."""
    found: list[str] = []
    try:
        pages = outbox.pages(share, identity.name, None)
    except ShareError:
        return ()
    for name in pages:
        try:
            page = open_erased(outbox.fetch(share, None, name), identity.network)
        except (ShareError, RuleError):
            continue
        if (page.header.key, page.header.author) == (identity.key, identity.address):
            found += erased_by(page)
    return tuple(dict.fromkeys(found))


def begin_epoch(
    home: Home,
    lives: Told,
    clock: Clock,
    entropy: Entropy,
    *,
    key: str | None = None,
    published_days: int = PUBLISHED_AGAIN_DAYS,
) -> tuple[str, int]:
    """A new epoch of a sound home; those of `lives` are over: (epoch, how many items wait again).

    `key`: from now on this one signs, and no earlier epoch is of it. What was published in
    `published_days` is published again.
    """
    with home.transaction():
        day = home.state.days_lived
        if (current := home.state.text("epoch")) is not None:
            home.receipts.doubt(current, home.state.number("lived_ms"))
        epoch = home.state.begin_epoch(entropy.draw, lives.epochs)
        home.erasures.take_back(lives.author, lives.erasures, day, mine=True)
        home.outgoing.end_streams()
        again = home.outgoing.queue_again(home.state.earlier_epochs)
        again += home.outgoing.publish_again(home.past.until(day - published_days).item)
        home.state.put("greet", 1)
        if key is not None:
            former = " ".join(home.state.earlier_epochs)
            home.state.put_all({"key": key, "former_epochs": former, "unsettled": 1})
            home.concerns.resolve("rekey", clock.wall_ms())
        for name in ("parked", "beat", "moved"):
            home.state.forget(name)
        home.concerns.resolve("parked", clock.wall_ms())
        home.concerns.resolve_like("claim:", clock.wall_ms())
        home.concerns.resolve_like("refused:", clock.wall_ms())
    return epoch, again


def _of_heartbeat(share: Share, identity: Identity) -> tuple[str, ...]:
    try:
        data = share.read(layout.heartbeat(identity.name), limits.document_bytes_max)
        beat = open_heartbeat(data, identity.network, identity.address)
    except (ShareError, RuleError):
        return ()
    return (*beat.earlier_epochs, beat.epoch) if beat.key == identity.key else ()


def _of_receipts(share: Share, identity: Identity) -> Iterator[str]:
    folder = layout.receipts(identity.name, identity.cluster)
    for name in _names(share, folder):
        author = name.removesuffix(".json")
        try:
            data = share.read(f"{folder}/{name}", limits.document_bytes_max)
            receipt = open_receipt(
                data, identity.network, identity.address, f"{author}@{identity.cluster}"
            )
        except (ShareError, RuleError):
            continue
        if receipt.key == identity.key:
            yield from (*receipt.earlier_epochs, receipt.reader_epoch)


def _of_pages(share: Share, identity: Identity) -> Iterator[str]:
    mail = _names(share, f"{layout.peer_folder(identity.name)}/outbox/mail")
    for to in (None, *mail):
        seen: set[str] = set()
        try:
            pages = outbox.pages(share, identity.name, to)
        except ShareError:
            continue
        for page in pages:
            if page.epoch8 in seen:
                continue
            try:
                header = open_signed(outbox.fetch(share, to, page), identity.network)
            except (ShareError, RuleError):
                continue
            if header.key == identity.key and header.author == identity.address:
                seen.add(page.epoch8)
                yield header.epoch


def _names(share: Share, folder: str) -> list[str]:
    try:
        return share.names(folder, names_max)
    except ShareError:
        return []
