"""Receipts: reading those of others, which end my duty, and writing those I owe.

Rules: a receipt counts only under a key the roster knows, and only the furthest of each epoch of
its reader; one of a new epoch opens again what it does not cover. A receipt that claims more than
I ever wrote may be a lie: it stops that one stream and is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from peer.home.journal import StreamState
from peer.home.quarantine import unreadable
from peer.home.receipts import OFFERED_AGAIN_DAYS
from peer.instance import RunningPeer
from peer.stewards.standing import standing
from peer.tick import epochs
from peer.tick.own import check_moved, park
from peer.tick.report import Report
from protocol import canonical, documents, limits, wire
from protocol.errors import (
    MissingError,
    OversizedError,
    RuleError,
    ShareDeniedError,
    ShareError,
    SpecialFileError,
)
from protocol.page import ALL
from protocol.receipt import Receipt, Refused, StreamReceipt, open_receipt, runs
from registry import layout
from registry import receipts as shelf
from registry.layout import PageName
from registry.share import digest


def read_receipt(peer: RunningPeer, reader: str) -> bool:
    """Take the receipt of `reader` for me, if it is new; whether anything may have changed."""
    path = layout.receipt(reader, peer.identity.cluster, peer.name)
    address = peer.full(reader)
    try:
        data = shelf.read(peer.share, reader, peer.identity.cluster, peer.name)
    except (MissingError, ShareDeniedError):
        return False
    except (OversizedError, SpecialFileError) as error:
        rule = unreadable(error)
        assert rule is not None
        _set_aside(peer, path, b"", rule, address)
        return False
    if data == peer.home.state.data(f"receipt:{reader}"):
        return False
    try:
        receipt = open_receipt(data, peer.identity.network, address, peer.address)
        if _is_of_old_key(peer, reader, receipt):
            return False
    except RuleError as error:
        _set_aside(peer, path, data, error, address)
        return False
    if receipt.reader_epoch in epochs.over(peer, address):
        return False
    _believe(peer, receipt, data)
    return True


def _is_of_old_key(peer: RunningPeer, reader: str, receipt: Receipt) -> bool:
    """Whether its reader wrote it before he changed his key, and will write another one."""
    member = standing(peer).find(reader)
    state = None if member is None else member.state_of(receipt.key)
    if state not in ("active", "retired"):
        raise RuleError("RCPT-4", f"no steward admitted {receipt.reader} with this key")
    return state == "retired"


def _set_aside(peer: RunningPeer, path: str, data: bytes, error: RuleError, author: str) -> None:
    with peer.home.transaction(durable=False):
        tick, now = peer.home.state.number("tick"), peer.clock.wall_ms()
        peer.home.quarantine.refuse(path, data, error, tick, now, author)


def _believe(peer: RunningPeer, receipt: Receipt, data: bytes) -> None:
    outgoing, receipts, now = peer.home.outgoing, peer.home.receipts, peer.clock.wall_ms()
    with peer.home.transaction():
        earlier = receipts.epochs(receipt.reader)
        epochs.end(peer, receipt.reader, receipt.earlier_epochs)
        if not receipts.keep(receipt, now):
            return
        before = outgoing.open_count(receipt.reader)
        anew = bool(earlier) and receipt.reader_epoch not in earlier
        if anew:
            receipts.reopen(receipt.reader, peer.lived_ms)
        lines = (_plausible(peer, receipt.reader, line) for line in receipt.streams)
        honest = [line for line in lines if line is not None]
        covered = receipts.cover(receipt, honest, now, peer.lived_ms)
        for line in honest:
            if line.audience in (receipt.reader, ALL):
                peer.home.attachments.damaged(line.epoch, line.audience, line.damaged)
        if anew or outgoing.open_count(receipt.reader) > before - covered:
            offer_anew(peer, receipt.reader)
        # What was opened again and stands in an epoch of mine that is over goes out in this one.
        outgoing.queue_again(peer.home.state.earlier_epochs, receipt.reader)
        mine = [line for line in honest if line.epoch == peer.home.state.epoch]
        for line in mine:
            for refused in line.refused:
                _tell_refused(peer, receipt.reader, refused)
        peer.home.state.put(f"receipt:{peer.bare(receipt.reader)}", data)
        asked = peer.home.state.text(f"recheck:{receipt.reader}") or ""
        if asked.partition(" ")[0] == receipt.reader_epoch:
            peer.home.state.forget(f"recheck:{receipt.reader}")


def offer_anew(peer: RunningPeer, reader: str) -> None:
    """A reader lost what he had received: what cannot be put back as it is goes into new pages.

    Inside a transaction.
    """
    past, state = peer.home.past, peer.home.state
    past.offer_anew(reader, past.until(state.days_lived - OFFERED_AGAIN_DAYS).page, state.epoch)


def _plausible(peer: RunningPeer, reader: str, line: StreamReceipt) -> StreamReceipt | None:
    """What a line tells of pages of this home; None where its reader cannot hold what it claims.

    In the present epoch that stops the stream, and a person is told. In one that is over it proves
    another life of mine: what that one wrote covers nothing, and only the chain below the head
    tells which one it was.
    """
    if line.audience != reader:
        return line  # a feed, where only `damaged` is said
    outgoing = peer.home.outgoing
    furthest = max([line.received, *(high for _, high in line.have)])
    head = outgoing.page(line.epoch, reader, line.received)
    if furthest > outgoing.position(line.epoch, reader):
        why: str | None = f"{reader} claims to hold page {furthest}, which this home never wrote"
    elif head is not None and line.head != head.digest:
        why = f"{reader} holds another page {line.received} under my key than this home wrote"
    else:
        why = None
    if line.epoch != peer.home.state.epoch:
        return replace(line, have=()) if why is None else None
    if why is None:
        return line
    outgoing.stop(line.epoch, reader, why)
    peer.home.concerns.open(
        f"claim:{reader}:{line.epoch}",
        "human",
        why,
        "if this home was restored from a backup run `peer repair`; else the receipt is a lie",
        peer.clock.wall_ms(),
    )
    return None


def _tell_refused(peer: RunningPeer, reader: str, refused: Refused) -> None:
    peer.home.concerns.open(
        f"refused:{reader}:{refused.seq}:{refused.rule}",
        "warn",
        f"{reader} refused my page {refused.seq} by {refused.rule}",
        "run `peer repair`, which offers its letters again in a new epoch",
        peer.clock.wall_ms(),
    )


def is_receipted(peer: RunningPeer, reader: str, name: PageName) -> bool:
    """Whether a receipt covers a page of mine that this home does not know (any more)."""
    for data in peer.home.receipts.bodies(reader):
        for line in wire.trusted(Receipt, canonical.decode(data)).streams:
            if line.audience == reader and line.epoch[:8] == name.epoch8 and line.covers(name.seq):
                return True
    return False


def audit(peer: RunningPeer, names: Sequence[str]) -> None:
    """Look at one of my receipts for these members, in turn.

    It may be the last trace of a life that this home has lost (EPOCH-2, EPOCH-6). Where it is not
    what I wrote last, it is written again (RCPT-16).
    """
    if not names:
        return
    name = names[peer.home.state.number("tick") % len(names)]
    author = peer.full(name)
    placed = peer.home.journal.receipt_placed(author)
    data = shelf.fetch(peer.share, peer.name, peer.identity.cluster, name)
    if placed == (None if data is None else digest(data)):
        return
    mine = _check_own(peer, author, data)
    if placed is not None or not mine:
        with peer.home.transaction(durable=False):
            peer.home.journal.owe_receipt(author)


def write_receipts(peer: RunningPeer, report: Report) -> None:
    """Write every receipt that is due; its number is durable before its bytes are shared."""
    for author in peer.home.journal.receipts_due():
        name = peer.bare(author)
        try:
            _check_own(
                peer, author, shelf.fetch(peer.share, peer.name, peer.identity.cluster, name)
            )
            with peer.home.transaction():
                check_moved(peer)
                n = peer.home.journal.next_receipt(author)
                data = _seal_fitting(peer, compose_receipt(peer, author, n))
            shelf.place(peer.share, peer.name, peer.identity.cluster, name, data)
        except ShareError as error:
            report.problems.append(f"the receipt for {name} waits: {error}")
            continue
        with peer.home.transaction(durable=False):
            peer.home.journal.receipt_done(author, n, digest(data))


def _seal_fitting(peer: RunningPeer, receipt: Receipt) -> bytes:
    """The signed receipt, without its oldest streams where all of them would be too much."""
    while True:
        try:
            return documents.seal(receipt, peer.signer)
        except ValueError:
            if not receipt.streams:
                raise
            receipt = replace(receipt, streams=receipt.streams[: len(receipt.streams) // 2])


def _check_own(peer: RunningPeer, author: str, data: bytes | None) -> bool:
    """A receipt under my key beyond my number, or beyond my epoch, proves another one of me.

    Returns whether nothing, or a receipt under my key, stands there.
    """
    if data is None:
        return True
    try:
        receipt = open_receipt(data, peer.identity.network, peer.address, author)
    except RuleError:
        return False
    if receipt.key != peer.signer.key:
        return False
    epoch = peer.home.state.epoch
    newer = receipt.reader_epoch == epoch and receipt.n > peer.home.journal.receipt_number(author)
    if newer or epoch in receipt.earlier_epochs:
        park(peer, f"receipt {receipt.n} for {author}")
    return True


def compose_receipt(peer: RunningPeer, author: str, n: int) -> Receipt:
    """What I hold of an author, as a receipt numbered `n`."""
    streams = peer.home.journal.streams(author, peer.address)[: limits.receipt_streams_max - 1]
    feeds = peer.home.journal.streams(author, ALL)[:1]
    return Receipt(
        network=peer.identity.network,
        reader=peer.address,
        key=peer.signer.key,
        reader_epoch=peer.home.state.epoch,
        earlier_epochs=peer.home.state.earlier_epochs[-limits.earlier_epochs_max :],
        n=n,
        at=peer.clock.wall_ms(),
        author=author,
        streams=tuple(_line(peer, stream) for stream in feeds + streams),
    )


def _line(peer: RunningPeer, stream: StreamState) -> StreamReceipt:
    journal = peer.home.journal
    damaged = tuple(
        seq
        for epoch8, audience, seq in journal.damaged(stream.author)
        if (epoch8, audience) == (stream.epoch[:8], stream.audience)
    )[: limits.damaged_max]
    line = StreamReceipt(
        key=stream.key,
        epoch=stream.epoch,
        audience=stream.audience,
        received=0,
        acted=0,
        damaged=damaged,
    )
    if stream.audience == ALL:
        return line
    refused = journal.refusals(stream, limits.refused_max)
    return replace(
        line,
        received=stream.received,
        head=stream.head,
        acted=journal.acted(stream),
        have=runs(journal.beyond(stream)),
        refused=tuple(Refused(seq=seq, rule=rule) for seq, rule in refused),
    )
