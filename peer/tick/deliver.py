"""Delivering: pages to inboxes or, where those cannot be written, to the own outbox; and the feed.

Rules: what counts is what lies on the share and what receipts say, not what was done before: each
time the recipient's inbox is listed, and every page that is neither there nor received is placed
again, byte for byte. At most 16 pages for one recipient are under way.
"""

from __future__ import annotations

from typing import NamedTuple

from peer.home.outgoing import OwnPage
from peer.instance import RunningPeer
from peer.tick import blobs, own, tidy
from peer.tick.forming import form
from peer.tick.receipts import is_receipted, offer_anew, read_receipt
from peer.tick.report import Report
from peer.tick.sweep import sweep
from protocol import limits
from protocol.errors import MissingError, ShareDeniedError, ShareError, SpecialFileError
from protocol.page import ALL
from registry import crowd, inbox, outbox
from registry.layout import PageName

Listing = dict[PageName, int | None]
audited_pages = 8
strange_pages_max = 2_000  # looked at in a tick; the rest in the next ones
receipt_looks_max = 3


def deliver(peer: RunningPeer, report: Report) -> None:
    """Bring everything that waits or is under way to its readers."""
    _hear_new_epochs(peer, report)
    for audience in peer.home.outgoing.audiences():
        if not peer.goes_on():
            return
        try:
            if audience == ALL:
                report.published += publish(peer)
            else:
                report.delivered += send_letters(peer, audience)
        except ShareError as error:
            report.problems.append(f"what is for {peer.bare(audience)} waits: {error}")
    for audience in [*peer.home.state.flags("mail:"), ALL]:
        try:
            if audience == ALL:
                put_back_feed(peer, report)
            else:
                _tidy_mail(peer, audience, report)
        except ShareError as error:
            report.problems.append(f"my outbox could not be mended: {error}")
    try:
        blobs.audit(peer, report)
    except ShareError as error:
        report.problems.append(f"my attachments could not be seen to: {error}")


def _hear_new_epochs(peer: RunningPeer, report: Report) -> None:
    """A reader in a new epoch may have lost what it receipted: ask its receipt again.

    Where that is gone nobody would miss it: neither of us sends anything. So after some looks all
    that was received is offered again, and the reader, who knows it, answers with a receipt.
    """
    state = peer.home.state
    for address in state.flags("recheck:"):
        try:
            read_receipt(peer, peer.bare(address))
        except ShareError as error:
            report.problems.append(f"receipt of {peer.bare(address)}: {error}")
            continue
        epoch, _, looks = (state.text(f"recheck:{address}") or "").partition(" ")
        if not epoch:
            continue
        with peer.home.transaction():
            if epoch in peer.home.receipts.epochs(address):
                state.forget(f"recheck:{address}")
            elif int(looks or 0) + 1 < receipt_looks_max:
                state.put(f"recheck:{address}", f"{epoch} {int(looks or 0) + 1}")
            else:
                peer.home.receipts.reopen(address, peer.lived_ms)
                offer_anew(peer, address)
                peer.home.outgoing.queue_again(state.earlier_epochs, address)
                state.forget(f"recheck:{address}")


def send_letters(peer: RunningPeer, audience: str) -> int:
    """Read the receipt, place again what is missing, form and place what waits; counts pages."""
    to = peer.bare(audience)
    listing = survey(peer, audience)
    with peer.home.transaction():
        form(peer, audience)
    open_pages = peer.home.outgoing.open_pages(audience)
    window = open_pages[: limits.stream_pages_unreceipted_max]
    return place(peer, to, window, listing).pages


def survey(peer: RunningPeer, audience: str) -> Listing | None:
    """What the share says of my letters to somebody, before anything is signed.

    His receipt is taken; returned is what lies in his inbox, or None where that cannot be used,
    so that he must fetch.

    HumanNeededError where another one of me has written to him.
    """
    to = peer.bare(audience)
    read_receipt(peer, to)
    kept = outbox.own_pages(peer.share, peer.name, to, own.by_this_life(peer))
    own.check_mail(peer, to, kept.sizes)
    is_to_tidy = kept.sizes or kept.junk > crowd.names_max
    if is_to_tidy and peer.home.state.text(f"mail:{audience}") is None:
        with peer.home.transaction(durable=False):  # so that this tick, or the next, clears it
            peer.home.state.put(f"mail:{audience}", 1)
    try:
        listing = inbox.sizes(peer.share, to, peer.name)
    except (ShareDeniedError, MissingError, SpecialFileError):
        return None
    own.check_letters(peer, to, listing)
    return listing


class Placed(NamedTuple):
    """How many pages were put on the share, and how many of them wait to be fetched."""

    pages: int
    pulled: int


def place(peer: RunningPeer, to: str, pages: list[OwnPage], listing: Listing | None) -> Placed:
    """Put pages where their reader looks, except those that lie there already."""
    missing = [
        page
        for page in pages
        if listing is None or listing.get(page_name(peer, page)) != len(page.data)
    ]
    fetchable: dict[int, bool] = {}
    try:
        blobs.offer(peer, {page.n for page in missing})
        for page in missing:
            pushed = listing is not None and _push(peer, to, page)
            fetchable[page.n] = not pushed and _keep_for(peer, to, page)
    finally:
        _note_places(peer, missing, fetchable)
    return Placed(len(missing), sum(fetchable.values()))


def _note_places(peer: RunningPeer, pages: list[OwnPage], fetchable: dict[int, bool]) -> None:
    """Write down only what differs from what forming took for granted: pushed, at once."""
    unplaced = [page.n for page in pages if page.n not in fetchable]
    pulled = [n for n, is_fetchable in fetchable.items() if is_fetchable]
    again = [page.n for page in pages if page.n in fetchable and page.placed_at is None]
    if unplaced or pulled or again:
        now = peer.clock.wall_ms()
        with peer.home.transaction(durable=False):
            peer.home.outgoing.mark_unplaced(unplaced)
            peer.home.outgoing.mark_placed(again, now)
            peer.home.outgoing.mark_pulled(pulled, now)
            if pulled:
                peer.home.state.put(f"mail:{pages[0].audience}", 1)


def _keep_for(peer: RunningPeer, to: str, page: OwnPage) -> bool:
    """Keep a page for `to` in my own outbox, where it may lie already; always True."""
    name = page_name(peer, page)
    if not _holds(peer, to, name, page.data):
        outbox.offer(peer.share, to, name, page.data)
    return True


def _push(peer: RunningPeer, to: str, page: OwnPage) -> bool:
    try:
        inbox.deliver(peer.share, to, page_name(peer, page), page.data)
    except (ShareDeniedError, MissingError, SpecialFileError):
        return False
    return True


def _tidy_mail(peer: RunningPeer, audience: str, report: Report) -> None:
    """Letters that were fetched and receipted, or withdrawn, leave my outbox, and so does junk."""
    to = peer.bare(audience)
    read_receipt(peer, to)
    there = outbox.own_pages(peer.share, peer.name, to, own.by_this_life(peer))
    sweep(peer, outbox.folder(peer.name, to), there.junk, outbox.is_page, report)
    open_pages = len(there.sizes) == outbox.names_max or there.junk > crowd.names_max
    strange = 0
    for name in there.sizes:
        covered = peer.home.outgoing.is_covered(name.epoch8, audience, name.seq)
        if covered is None:
            strange += 1
            if strange > strange_pages_max:
                open_pages = True
                break
            covered = is_receipted(peer, audience, name)
            gone = not covered and tidy.clear(peer, to, name, report) is False
        else:
            gone = False
        if covered:
            outbox.withdraw(peer.share, to, name)
        open_pages = open_pages or not (covered or gone)
    if not open_pages:
        with peer.home.transaction(durable=False):
            peer.home.state.forget(f"mail:{audience}")


def page_name(peer: RunningPeer, page: OwnPage) -> PageName:
    """What the file of one of my pages is called."""
    return PageName(peer.name, page.epoch[:8], page.seq)


def publish(peer: RunningPeer) -> int:
    """Form and place feed pages of everything that waits; counts pages."""
    own.check_feed(peer)
    with peer.home.transaction():
        pages, _ = form(peer, ALL)
    place_feed(peer, pages)
    return len(pages)


def place_feed(peer: RunningPeer, pages: list[OwnPage]) -> None:
    """Put own pages into the feed."""
    try:
        blobs.offer(peer, {page.n for page in pages})
        for page in pages:
            outbox.offer(peer.share, None, page_name(peer, page), page.data)
    except ShareError:
        with peer.home.transaction(durable=False):
            peer.home.outgoing.mark_unplaced([page.n for page in pages])
        raise


def put_back_feed(peer: RunningPeer, report: Report) -> None:
    """Own feed files that are missing, of another size, or (a few a tick) of other bytes."""
    sizes = peer.home.outgoing.sizes(ALL)
    known = {PageName(peer.name, epoch[:8], seq) for epoch, seq in sizes}
    there, junk = outbox.own_sizes(peer.share, peer.name, None, known.__contains__)
    sweep(peer, outbox.folder(peer.name, None), junk, outbox.is_page, report)
    strange = [name for name in there if name not in known]
    audited = _audited(peer, len(sizes) + len(strange))
    if strange or peer.home.state.flags("kept:"):
        # First: another life of mine may have taken back what stands in pages of this one.
        _clear_feed(peer, strange, {index - len(sizes) for index in audited}, report)
        sizes = peer.home.outgoing.sizes(ALL)
    for index, ((epoch, seq), size) in enumerate(sizes.items()):
        name = PageName(peer.name, epoch[:8], seq)
        if there.get(name) == size and index not in audited:
            continue
        page = peer.home.outgoing.page(epoch, ALL, seq)
        if page is None:
            continue
        holds = _holds(peer, None, name, page.data)
        if not holds:
            outbox.offer(peer.share, None, name, page.data)
        if not holds or size < 0:  # an error may be told of what came to stand there all the same
            with peer.home.transaction(durable=False):
                peer.home.outgoing.mark_placed([page.n], peer.clock.wall_ms())


def _audited(peer: RunningPeer, files: int) -> set[int]:
    """Which of so many files are read in this tick, in turn."""
    tick = peer.home.state.number("tick")
    return {(tick * audited_pages + step) % files for step in range(audited_pages if files else 0)}


def _clear_feed(
    peer: RunningPeer, strange: list[PageName], audited: set[int], report: Report
) -> None:
    """What nobody of mine published goes; what a lost life of mine did stays while it is whole."""
    kept = set(peer.home.state.flags("kept:"))
    paths = {name: outbox.path(None, name) for name in strange}
    if gone := sorted(kept.difference(paths.values())):
        with peer.home.transaction(durable=False):
            for path in gone:
                peer.home.state.forget(f"kept:{path}")
    looks = 0
    for index, (name, path) in enumerate(paths.items()):
        if path in kept and index not in audited:
            continue
        looks += 1
        if looks > strange_pages_max:
            break
        mine = tidy.clear(peer, None, name, report)
        if mine is not None and mine != (path in kept):
            with peer.home.transaction(durable=False):
                state, flag = peer.home.state, f"kept:{path}"
                state.put(flag, state.days_lived) if mine else state.forget(flag)


def _holds(peer: RunningPeer, to: str | None, name: PageName, data: bytes) -> bool:
    try:
        return outbox.fetch(peer.share, to, name) == data
    except ShareError:
        return False
