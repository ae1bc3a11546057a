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
from registry import inbox, layout, outbox
from registry.layout import PageName

letter_days = 30  # how long a letter is offered
received_days = 60  # how long its page is kept for a reader who loses his home
feed_days = 90
feed_pages_max = 1_000
item_days = 365
pages_max = 200  # of each stream that I read are known one by one
ticks_unripe = 1_000
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
        _lost_lives(peer, day)
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
        peer.home.state.put("retired_day", day)
    if unread:
        report.problems.append(f"{unread} letters that nobody read in a year are gone")


def _letters(peer: Peer, past: Past, day: int, report: Report) -> None:
    ages, long_ago = past.until(day - letter_days), past.until(day - received_days)
    overdue = past.overdue(ages)
    for page in overdue + past.withdrawn(long_ago):
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
        done = past.received_long_ago(long_ago)
        if overdue or done:
            past.forget_pages([page.n for page in overdue] + done)
            past.pass_over(overdue, peer.home.state.epoch)


def _feed(peer: Peer, past: Past, day: int) -> None:
    old = past.feed(past.until(day - feed_days), feed_pages_max)
    for page in old:
        outbox.withdraw(peer.share, None, PageName(peer.name, page.epoch[:8], page.seq))
    if old:
        with peer.home.transaction():
            past.forget_pages([page.n for page in old])


def _lost_lives(peer: Peer, day: int) -> None:
    """What a life that this home has lost published goes as its own does; `deliver` noted the day.

    Nobody waits for it: its epoch is over, or its pages lie below a floor.
    """
    state = peer.home.state
    kept = []
    for path in state.flags("kept:"):
        name = layout.read_page_file(path.rpartition("/")[2], peer.name)
        assert name is not None
        kept.append((state.number(f"kept:{path}"), name.seq, name))
    newest = sorted(kept, reverse=True)
    old = [name for seen, _, name in newest[:feed_pages_max] if seen <= day - feed_days]
    for name in old + [name for _, _, name in newest[feed_pages_max:]]:
        outbox.withdraw(peer.share, None, name)


def _withdraw(peer: Peer, page: Retired) -> None:
    """Take a letter back from where it waits; who may not touch the inbox leaves it there."""
    name, to = PageName(peer.name, page.epoch[:8], page.seq), peer.bare(page.audience)
    assert page.audience != ALL
    outbox.withdraw(peer.share, to, name)
    try:
        inbox.discard(peer.share, to, name)
    except (MissingError, ShareDeniedError, SpecialFileError):
        return
