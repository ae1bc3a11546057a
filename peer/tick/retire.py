"""Retiring: what has had its time leaves the home and the share; neither grows with history.

Rules: once a day that this home has lived. A letter that nobody received in 30 days is offered no
more and its writer is told; a page goes from the share before it goes from the home, so a tick
that dies in between puts it back and comes again. A reader never waits for what is gone: pages
and heartbeats name the floor. An item's id is known for a year after its author would last offer
it, so that nothing is done twice.
"""

from __future__ import annotations

from peer.home.past import NOTHING, Past, Retired
from peer.instance import DAY_MS, Peer
from peer.tick.report import Report
from protocol.errors import MissingError, ShareDeniedError, ShareError, SpecialFileError
from protocol.page import ALL
from registry import inbox, outbox
from registry.layout import PageName

letter_days = 30  # how long a letter is offered
received_days = 60  # how long its page is kept for a reader who loses his home
feed_days = 90
feed_pages_max = 1_000
item_days = 365
pages_max = 200  # of each stream that I read are known one by one
ticks_unripe = 1_000
orphan_days = 3  # how long a file stays in the home that no letter names
said_days = 90  # how long a concern stays after it is resolved, or an alert without an all-clear


def retire(peer: Peer, report: Report) -> None:
    """Let go of what is old, once a day; of a feed that is too long, at once."""
    past, day = peer.home.past, peer.home.state.days_lived
    if day <= peer.home.state.number("retired_day"):
        if len(peer.home.outgoing.sizes(ALL)) > feed_pages_max * 5 // 4:
            _feed(peer, past, day)
        return
    try:
        if past.until(day - letter_days) != NOTHING:
            _letters(peer, past, day, report)
        _feed(peer, past, day)
    except ShareError as error:
        report.problems.append(f"what is old stays another day: {error}")
        return
    with peer.home.transaction():
        past.mark(day, item_days + 1)
        past.forget_received(pages_max, day - feed_days)
        unread = past.forget_items(past.until(day - item_days))
        now = peer.clock.wall_ms()
        tick = peer.home.state.number("tick") - ticks_unripe
        past.forget_rest(now - said_days * DAY_MS, tick)
        peer.home.attachments.forget()
        _drop_files(peer, day)
        peer.home.state.put("retired_day", day)
    if unread:
        report.problems.append(f"{unread} letters that nobody read in a year are gone")


def _drop_files(peer: Peer, day: int) -> None:
    """Files in the home that nothing has named for some days (noted in `orphan:`) go.

    A letter whose files are being fetched names them later; and a command that sends one looks for
    it in its own transaction, so that it cannot go in between.
    """
    state = peer.home.state
    here, known = peer.blobs.sizes().keys(), set(state.flags("orphan:"))
    orphans = here - peer.home.attachments.wanted() if here else set()
    for name in known - orphans:
        state.forget(f"orphan:{name}")
    state.put_all({f"orphan:{name}": day for name in orphans - known})
    for name in sorted(orphans & known):
        if day - state.number(f"orphan:{name}") >= orphan_days:
            peer.blobs.drop(name)


def _letters(peer: Peer, past: Past, day: int, report: Report) -> None:
    ages = past.until(day - letter_days)
    overdue = past.overdue(ages)
    for page in overdue:
        _withdraw(peer, page)
    with peer.home.transaction():
        for audience, count in sorted(past.expire(ages).items()):
            to = peer.bare(audience)
            words = f"{count} letters to {to} were not received in {letter_days} days"
            report.problems.append(f"{words}; they are offered no more")
            peer.home.concerns.open(
                f"expired:{audience}",
                "warn",
                words,
                f"see whether {to} still runs; then send them again (`peer outbox`)",
                peer.clock.wall_ms(),
            )
        done = past.received_long_ago(past.until(day - received_days))
        done += past.received_below(overdue)
        if overdue or done:
            past.forget_pages([page.n for page in overdue] + done)
            past.owe_floors(overdue, peer.home.state.epoch)


def _feed(peer: Peer, past: Past, day: int) -> None:
    old = past.feed(past.until(day - feed_days), feed_pages_max)
    for page in old:
        outbox.withdraw(peer.share, None, PageName(peer.name, page.epoch[:8], page.seq))
    if old:
        with peer.home.transaction():
            past.forget_pages([page.n for page in old])


def _withdraw(peer: Peer, page: Retired) -> None:
    """Take a letter back from where it waits; who may not touch the inbox leaves it there."""
    name, to = PageName(peer.name, page.epoch[:8], page.seq), peer.bare(page.audience)
    assert page.audience != ALL
    outbox.withdraw(peer.share, to, name)
    try:
        inbox.discard(peer.share, to, name)
    except (MissingError, ShareDeniedError, SpecialFileError):
        return
