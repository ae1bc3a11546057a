"""Collecting: what is new in the outboxes of others: feeds, and mail that is kept for me.

Rules: no outbox costs more than a bound in one tick, whatever fills it. Pages that are awaited and
were never found bad come first. Then come, some of each in every tick and all in turn, those which
their author may have mended meanwhile, and those of which nothing told. What is put off is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from peer.instance import RunningPeer
from peer.stewards.standing import Standing
from peer.tick.intake import Awaiting, Found, Taken, take
from peer.tick.report import Report
from protocol import limits
from protocol.errors import ShareError
from protocol.page import ALL
from registry import outbox
from registry.layout import PageName

# Of one outbox, in one tick. A look is in vain where it brings no page that I did not have.
outbox_ms_max = 30_000
looks_max = 2_000
vain_max = 200  # among pages that are awaited
turn_max = 32  # in vain, among those in turn
awaiting_max = limits.stream_pages_unreceipted_max  # no author has more under way
damaged_max = 2_000  # remembered of one author and audience


class _Part(NamedTuple):
    """Pages in the order to look at them, and how many looks may be in vain."""

    pages: list[PageName]
    vain_max: int


def collect(
    peer: RunningPeer,
    standing: Standing,
    report: Report,
    author: str,
    to: str | None,
    awaiting: list[Awaiting],
) -> bool:
    """Take what is new in somebody's outbox; whether all of it could be taken.

    What has to wait for its attachments is put into `awaiting`.
    """
    audience, folder = ALL if to is None else peer.address, outbox.folder(author, to)
    try:
        names = outbox.pages(peer.share, author, to)
        is_cut = len(names) == outbox.names_max
        if is_cut:
            names = outbox.pages(peer.share, author, to, awaited(peer, audience))
    except ShareError as error:
        report.problems.append(f"{folder}: {error}")
        return False
    unread = _unread(peer, author, audience, names)
    parts, noted = _parts(peer, author, audience, unread)
    looks, complete, unexplained = 0, True, list[PageName]()
    stuck = 0  # what waits for its attachments; opened again at every tick, so not without end
    began = peer.clock.monotonic_ms()

    def may_look() -> bool:
        late = peer.clock.monotonic_ms() - began >= outbox_ms_max
        return not late and looks < looks_max and peer.goes_on()

    known = peer.home.erasures.known(peer.full(author))
    for part in parts:
        vain = 0
        for name in part.pages:
            if vain >= part.vain_max or stuck == awaiting_max or not may_look():
                break
            taken = _look(peer, standing, report, name, to, noted)
            looks += 1
            if taken.unexplained:
                unexplained.append(name)
                continue
            if taken.awaiting is None:
                vain += not taken.new
            else:
                awaiting.append(taken.awaiting)
                stuck += 1
            complete = complete and taken.problem is None and taken.done
    if unexplained and peer.home.erasures.known(peer.full(author)) != known:
        # Later pages may have explained them.
        unexplained = [
            name
            for name in unexplained
            if not may_look() or _look(peer, standing, report, name, to, noted).unexplained
        ]
    for name in unexplained:
        complete = False
        report.problems.append(
            f"{outbox.path(to, name)}: PAGE-7: an item is missing, and its author has not said yet"
            " that he erased it; it is looked at again"
        )
    if not peer.goes_on():
        return False
    if is_cut or looks < len(unread):
        report.problems.append(
            f"{folder} is crowded; new pages are read before others, and"
            f" {len(unread) - looks}{' or more' if is_cut else ''} files wait for their turn"
        )
    return complete and looks == len(unread)


def _parts(
    peer: RunningPeer, author: str, audience: str, names: list[PageName]
) -> tuple[list[_Part], Callable[[PageName], bool]]:
    """The order to read an outbox in, and of which pages their author is told when they are bad."""
    address = peer.full(author)
    bad = {
        (epoch8, seq) for epoch8, to, seq in peer.home.journal.damaged(address) if to == audience
    }
    if len(bad) >= damaged_max:  # there may be room for those that really lie there
        bad &= {(name.epoch8, name.seq) for name in names}
        with peer.home.transaction(durable=False):
            peer.home.journal.forget_damage(address, audience, but=bad)
    has_room = len(bad) < damaged_max
    if len(names) <= turn_max:
        return [_Part(names, turn_max)], lambda name: has_room
    is_awaited = awaited(peer, audience)
    fresh, again, others = list[PageName](), list[PageName](), list[PageName]()
    for name in names:
        if not is_awaited(name):
            others.append(name)
        else:
            (again if (name.epoch8, name.seq) in bad else fresh).append(name)
    row = peer.home.neighbours.all().get(author)
    epoch8 = "" if row is None else row.epoch[:8]
    fresh.sort(key=lambda name: (name.epoch8 != epoch8, name))
    tick = peer.home.state.number("tick")
    if not has_room:  # those that turned out to be bad cannot be told from others any more
        fresh = _from(fresh, tick * vain_max)
    turns = [_Part(_from(pages, tick * turn_max), turn_max) for pages in (again, others)]
    return [_Part(fresh, vain_max), *turns], lambda name: has_room and is_awaited(name)


def _from(pages: list[PageName], start: int) -> list[PageName]:
    """The same going round from there, so that all have their turn in some ticks."""
    start %= max(len(pages), 1)
    return pages[start:] + pages[:start]


def _look(
    peer: RunningPeer,
    standing: Standing,
    report: Report,
    name: PageName,
    to: str | None,
    noted: Callable[[PageName], bool],
) -> Taken:
    """Take one page of an outbox, or say why not."""
    audience = ALL if to is None else peer.address
    found = Found(outbox.path(to, name), name, audience, own_folder=True, noted=noted(name))
    try:
        data = outbox.fetch(peer.share, to, name)
    except ShareError as error:
        report.problems.append(f"{found.path}: {error}")
        return Taken(done=False)
    if peer.home.quarantine.holds(found.path, data):
        return Taken(done=False)
    taken = take(peer, standing, found, data)
    count(report, taken)
    return taken


def _unread(peer: RunningPeer, author: str, audience: str, names: list[PageName]) -> list[PageName]:
    places = [(name.epoch8, name.seq) for name in names]
    held = peer.home.journal.holds(peer.full(author), audience, places)
    return [name for name in names if (name.epoch8, name.seq) not in held]


def awaited(peer: RunningPeer, audience: str) -> Callable[[PageName], bool]:
    """Whether a page is one that its author may have under way now, by what I know of him.

    In a flood these are read first: whoever floods a folder can hide none of them, as long as he
    cannot keep their own names occupied.
    """
    window = 0 if audience == ALL else limits.stream_pages_unreceipted_max
    known = {
        (peer.bare(author), epoch8): (low, high + window)
        for author, epoch8, low, high in peer.home.journal.heights(audience)
    }
    for row in peer.home.neighbours.all().values():
        known.setdefault((row.name, row.epoch[:8]), (0, window))

    def is_awaited(page: PageName) -> bool:
        low, high = known.get((page.author, page.epoch8), (0, 0))
        return low < page.seq <= high

    return is_awaited


def count(report: Report, taken: Taken) -> None:
    """Put into the report what became of a file."""
    report.received += taken.items
    if taken.problem is not None:
        report.quarantined += 1
        report.problems.append(taken.problem)
