"""Retiring: what has had its time leaves the home and the share; neither grows with history.

Rules: once a day that this home has lived, and at once where a letter's own term ends. A letter
that nobody received in time is offered no more and its writer is told, as he is after a week; a
page goes from the share before it goes from the home, so a tick that dies in between puts it back
and comes again. A reader never waits for what is gone: pages and heartbeats name the floor. An
item's id is known for a year after its author would last offer it, so that nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager

from peer.home import search
from peer.home.past import NOTHING, Ages, Past, Retired
from peer.instance import DAY_MS, RunningPeer
from peer.tick.fetch import drop_orphans
from peer.tick.report import Report
from protocol.errors import (
    MissingError,
    OversizedError,
    ShareDeniedError,
    ShareError,
    ShareUnavailableError,
    SpecialFileError,
)
from protocol.page import ALL
from registry import inbox, layout, outbox
from registry.layout import PageName

letter_days = 30  # how long a letter is offered that has no term of its own
unheard_days = 7  # after which its writer is told that it was not received yet
received_days = 60  # how long its page is kept for a reader who loses his home
feed_days = 90
feed_pages_max = 1_000
item_days = 365
pages_max = 200  # of each stream that I read are known one by one
ticks_unripe = 1_000
orphan_days = 3  # how long a file stays in the home that no letter names
said_days = 90  # how long a concern stays after it is resolved, or an alert without an all-clear


def retire(peer: RunningPeer, report: Report) -> None:
    """Let go of what is old, once a day; of a feed that is too long, at once."""
    _end_terms(peer, report)
    past, day = peer.home.past, peer.home.state.days_lived
    if day <= peer.home.state.number("retired_day"):
        if len(peer.home.outgoing.sizes(ALL)) > feed_pages_max * 5 // 4:
            _feed(peer, past, day, report)
        return
    _tell_unheard(peer, past.until(day - unheard_days))
    try:
        if past.until(day - letter_days) != NOTHING:
            _letters(peer, past, day, report)
        _feed(peer, past, day, report)
        _lost_lives(peer, day, report)
    except ShareError as error:
        report.problems.append(f"what is old stays another day: {error}")
        return
    with peer.home.transaction():
        past.mark(day, item_days + 1)
        past.forget_received(pages_max, day - feed_days)
        unread = past.forget_items(past.until(day - item_days))
        search.drop_gone(peer.home.db)
        peer.home.knowledge.age(day - item_days)
        peer.home.erasures.forget_notes(day - item_days - feed_days)
        now = peer.clock.wall_ms()
        tick = peer.home.state.number("tick") - ticks_unripe
        past.forget_rest(now - said_days * DAY_MS, tick)
        peer.home.attachments.forget()
        here = peer.blobs.sizes()
        drop_orphans(peer, here, days=orphan_days)
        _tell_lost_files(peer, here)
        peer.home.state.put("retired_day", day)
    if unread:
        report.problems.append(f"{unread} letters that nobody read in a year are gone")


def _tell_lost_files(peer: RunningPeer, here: Container[str]) -> None:
    """Attachments that this home should have and has not; inside a transaction."""
    concerns, now = peer.home.concerns, peer.clock.wall_ms()
    lost = [name for name in peer.home.attachments.wanted() if name not in here]
    if not lost:
        concerns.resolve("files", now)
        return
    count = "an attachment is" if len(lost) == 1 else f"{len(lost)} attachments are"
    mend = "put back the folder blobs/ of this home, or ask whoever wrote to you to send them anew"
    concerns.renew("files", "warn", f"{count} gone from this home", mend, now)


def _letters(peer: RunningPeer, past: Past, day: int, report: Report) -> None:
    ages, long_ago = past.until(day - letter_days), past.until(day - received_days)
    overdue = _withdrawn(peer, past.overdue(ages), report)
    _withdrawn(peer, past.withdrawn(long_ago), report)
    with peer.home.transaction():
        _tell_expired(peer, past.expire(ages, peer.clock.wall_ms()), report)
        due_before_ms = (day - received_days + letter_days) * DAY_MS
        if done := past.received_long_ago(long_ago, due_before_ms):
            past.forget_pages(done)
        _forget(peer, past, overdue)


def _end_terms(peer: RunningPeer, report: Report) -> None:
    """Letters whose writer chose for how long they are offered: to the tick, not to the day."""
    terms, lived = peer.home.terms, peer.lived_ms
    if peer.home.past.lags():
        with peer.home.transaction():
            peer.home.past.raise_floors(peer.home.state.epoch)
    soonest = terms.soonest()
    if soonest is None or soonest > lived:
        return
    try:
        overdue = _withdrawn(peer, terms.overdue(lived), report)
    except ShareError as error:
        report.problems.append(f"letters past their term stay until the next tick: {error}")
        return
    with peer.home.transaction():
        _tell_expired(peer, terms.expire(lived, peer.clock.wall_ms()), report)
        _forget(peer, peer.home.past, overdue)


def _forget(peer: RunningPeer, past: Past, overdue: list[Retired]) -> None:
    """Pages that were withdrawn are kept no more, and readers are told not to wait for them."""
    if overdue:
        past.forget_pages([page.n for page in overdue])
        past.pass_over(overdue, peer.home.state.epoch)


def _tell_expired(peer: RunningPeer, expired: dict[str, int], report: Report) -> None:
    """Their writer hears of it once; inside a transaction."""
    for audience, count in sorted(expired.items()):
        to, total = peer.bare(audience), peer.home.terms.expired(audience)
        report.problems.append(f"{_letters_to(count, to)} expired, and will be offered no more")
        peer.home.concerns.renew(
            f"expired:{audience}",
            "warn",
            f"{_letters_to(total, to)} expired before {to} had received"
            f" {'it' if total == 1 else 'them'}",
            f"see whether {to} still runs; then send again what matters, and put each away with"
            " `peer outbox cancel ID` (`peer outbox` lists them)",
            peer.clock.wall_ms(),
        )
        peer.home.concerns.resolve(f"unheard:{audience}", peer.clock.wall_ms())


def _tell_unheard(peer: RunningPeer, ages: Ages) -> None:
    """Letters wait for a week: their writer hears of it once, until they are received."""
    concerns, now = peer.home.concerns, peer.clock.wall_ms()
    unheard = peer.home.terms.unheard(ages)
    open_ = {c.key for c in concerns.all() if c.key.startswith("unheard:")}
    if not unheard and not open_:
        return
    with peer.home.transaction():
        for audience, count in sorted(unheard.items()):
            to = peer.bare(audience)
            concerns.renew(
                f"unheard:{audience}",
                "warn",
                f"{_letters_to(count, to)} not received after {unheard_days} days",
                f"see whether {to} still runs (`peer peers`); they stay on their way",
                now,
            )
        for key in open_.difference(f"unheard:{audience}" for audience in unheard):
            concerns.resolve(key, now)


def _letters_to(count: int, to: str) -> str:
    return f"{count} {'letter' if count == 1 else 'letters'} to {to}"


def _feed(peer: RunningPeer, past: Past, day: int, report: Report) -> None:
    old = _withdrawn(peer, past.feed(past.until(day - feed_days), feed_pages_max), report)
    if old:
        with peer.home.transaction():
            past.forget_pages([page.n for page in old])


def _lost_lives(peer: RunningPeer, day: int, report: Report) -> None:
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
        with _reported(report):
            outbox.withdraw(peer.share, None, name)


def _withdrawn(peer: RunningPeer, pages: list[Retired], report: Report) -> list[Retired]:
    """Those of these pages that are gone from the share; one that stays keeps no other one."""
    gone = []
    for page in pages:
        with _reported(report):
            _withdraw(peer, page)
            gone.append(page)
    return gone


@contextmanager
def _reported(report: Report) -> Iterator[None]:
    """What is wrong with a single name is told, and tried again another time."""
    try:
        yield
    except ShareUnavailableError:
        raise
    except ShareError as error:
        report.problems.append(f"what is old stays: {error}")


def _withdraw(peer: RunningPeer, page: Retired) -> None:
    """Take a page back from where it lies; who may not touch the inbox leaves it there."""
    name = PageName(peer.name, page.epoch[:8], page.seq)
    if page.audience == ALL:
        outbox.withdraw(peer.share, None, name)
        return
    to = peer.bare(page.audience)
    outbox.withdraw(peer.share, to, name)
    try:
        inbox.discard(peer.share, to, name)
    except (MissingError, ShareDeniedError, SpecialFileError, OversizedError):
        return
