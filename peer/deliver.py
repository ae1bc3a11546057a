"""Delivering: pages to inboxes or, where those cannot be written, to the own outbox; and the feed.

Rules: what counts is what lies on the share and what receipts say, not what was done before: each
time the recipient's inbox is listed, and every page that is neither there nor received is placed
again, byte for byte. At most 16 pages for one recipient are under way.
"""

from __future__ import annotations

from peer import own
from peer.forming import form
from peer.home.outgoing import OwnPage
from peer.instance import Peer
from peer.receipts import read_receipt
from peer.report import Report
from protocol import limits
from protocol.errors import MissingError, ShareDeniedError, ShareError, SpecialFileError
from protocol.page import ALL
from registry import inbox, outbox
from registry.layout import PageName

Listing = dict[PageName, int | None]
audited_pages = 8


def deliver(peer: Peer, report: Report) -> None:
    """Bring everything that waits or is under way to its readers."""
    _hear_new_epochs(peer, report)
    for audience in peer.home.outgoing.audiences():
        if audience == ALL:
            report.published += publish(peer)
            continue
        try:
            report.delivered += send_letters(peer, audience)
        except ShareError as error:
            report.problems.append(f"letters for {peer.bare(audience)} wait: {error}")
    _put_back_feed(peer)


def _hear_new_epochs(peer: Peer, report: Report) -> None:
    """A reader in a new epoch may have lost what it receipted: ask its receipt again."""
    for address in peer.home.state.flags("recheck:"):
        try:
            read_receipt(peer, peer.bare(address))
        except ShareError as error:
            report.problems.append(f"receipt of {peer.bare(address)}: {error}")


def send_letters(peer: Peer, audience: str) -> int:
    """Read the receipt, place again what is missing, form and place what waits; counts pages."""
    to, outgoing = peer.bare(audience), peer.home.outgoing
    open_pages = outgoing.open_pages(audience)
    if open_pages and read_receipt(peer, to):
        open_pages = outgoing.open_pages(audience)
    listing = _list_inbox(peer, to)
    own.check_letters(peer, to, listing or {})
    if listing is None:
        own.check_mail(peer, to, outbox.pages(peer.share, peer.name, to))
    fresh: list[OwnPage] = []
    while len(open_pages) + len(fresh) < limits.stream_pages_unreceipted_max:
        with peer.home.transaction():
            page = form(peer, audience)
        if page is None:
            break
        fresh.append(page)
    placed = place(peer, to, open_pages + fresh, listing)
    _tidy_mail(peer, to, audience)
    return placed


def place(peer: Peer, to: str, pages: list[OwnPage], listing: Listing | None) -> int:
    """Put pages where their reader looks, except those that lie there already; counts them."""
    pushed: list[int] = []
    pulled: list[int] = []
    mail: Listing | None = None
    for page in pages:
        name = page_name(peer, page)
        if listing is not None and listing.get(name) == len(page.data):
            continue
        if listing is not None and _push(peer, to, name, page.data):
            pushed.append(page.n)
            continue
        if mail is None:
            mail = outbox.sizes(peer.share, peer.name, to)
        if mail.get(name) != len(page.data):
            outbox.offer(peer.share, to, name, page.data)
        pulled.append(page.n)
    if pushed or pulled:
        now = peer.clock.wall_ms()
        with peer.home.transaction(durable=False):
            peer.home.outgoing.mark_placed(pushed, now, pulled=False)
            peer.home.outgoing.mark_placed(pulled, now, pulled=True)
    return len(pushed) + len(pulled)


def _push(peer: Peer, to: str, name: PageName, data: bytes) -> bool:
    try:
        inbox.deliver(peer.share, to, name, data)
    except (ShareDeniedError, MissingError, SpecialFileError):
        return False
    return True


def _list_inbox(peer: Peer, to: str) -> Listing | None:
    """My letters in somebody's inbox; None where it cannot be used, so he must fetch."""
    try:
        return inbox.sizes(peer.share, to, peer.name)
    except (ShareDeniedError, MissingError, SpecialFileError):
        return None


def _tidy_mail(peer: Peer, to: str, audience: str) -> None:
    """Letters that were fetched and receipted leave my outbox."""
    fetched = peer.home.outgoing.fetched(audience)
    for page in fetched:
        outbox.withdraw(peer.share, to, page_name(peer, page))
    if fetched:
        with peer.home.transaction(durable=False):
            peer.home.outgoing.mark_withdrawn([page.n for page in fetched])


def page_name(peer: Peer, page: OwnPage) -> PageName:
    """What the file of one of my pages is called."""
    return PageName(peer.name, page.epoch[:8], page.seq)


def publish(peer: Peer) -> int:
    """Form and place feed pages of everything that waits to be published; counts items."""
    own.check_feed(peer)
    count = 0
    while True:
        with peer.home.transaction():
            waiting = len(peer.home.outgoing.waiting(ALL, limits.page_items_max))
            page = form(peer, ALL)
            left = len(peer.home.outgoing.waiting(ALL, limits.page_items_max))
        if page is None:
            return count
        count += waiting - left
        outbox.offer(peer.share, None, page_name(peer, page), page.data)
        with peer.home.transaction(durable=False):
            peer.home.outgoing.mark_placed([page.n], peer.clock.wall_ms(), pulled=False)


def _put_back_feed(peer: Peer) -> None:
    """Own feed files that are missing, of another size, or (a few a tick) of other bytes."""
    sizes = peer.home.outgoing.sizes(ALL)
    if not sizes:
        return
    there = outbox.sizes(peer.share, peer.name, None)
    tick = peer.home.state.number("tick")
    audited = {(tick * audited_pages + step) % len(sizes) for step in range(audited_pages)}
    for index, ((epoch, seq), size) in enumerate(sizes.items()):
        name = PageName(peer.name, epoch[:8], seq)
        if there.get(name) == size and index not in audited:
            continue
        page = peer.home.outgoing.page(epoch, ALL, seq)
        if page is not None and not _holds(peer, name, page.data):
            outbox.offer(peer.share, None, name, page.data)


def _holds(peer: Peer, name: PageName, data: bytes) -> bool:
    try:
        return outbox.fetch(peer.share, None, name) == data
    except ShareError:
        return False
