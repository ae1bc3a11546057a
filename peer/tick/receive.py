"""Receiving: heartbeats first, then whatever they and the inbox say is new.

Rules: everything is untrusted until `intake` has taken it; one bad file never keeps another from
being read; what stands at a letter's name and is no letter is removed, because the inbox is mine.
"""

from __future__ import annotations

from collections import Counter

from peer.instance import RunningPeer
from peer.stewards.standing import Standing
from peer.tick.collect import awaited, awaiting_max, collect, count
from peer.tick.fetch import fetch
from peer.tick.intake import Awaiting, Found, Taken, take
from peer.tick.report import Report
from peer.tick.sweep import sweep
from protocol.errors import (
    MissingError,
    OversizedError,
    RuleError,
    ShareError,
    SpecialFileError,
)
from registry import inbox, layout, outbox
from registry.layout import PageName

inbox_ms_max = 120_000  # in one tick; then others have their turn, and the rest waits
crowd = 1_000  # letters; fewer are read by author and number
shown_every = 500


def receive(
    peer: RunningPeer, standing: Standing, report: Report, fresh: list[str]
) -> list[PageName]:
    """Journal every page beyond what I have: letters, mail kept for me, feeds.

    `fresh` are the members whose heartbeat is new in this tick. Returns the letters that need not
    lie in the inbox any more, for `discard`.
    """
    awaiting: list[Awaiting] = []
    done = _read_inbox(peer, standing, report, awaiting)
    for neighbour in peer.home.neighbours.all().values():
        if neighbour.mail and standing.find(neighbour.name) is not None and peer.goes_on():
            collect(peer, standing, report, neighbour.name, peer.name, awaiting)
            if neighbour.name in fresh:
                _owe_again(peer, neighbour.name)
    _read_feeds(peer, standing, report)
    for letter in fetch(peer, awaiting, report):
        if _read_again(peer, standing, report, letter.found):
            done.append(letter.found.name)
    return done


def _read_again(peer: RunningPeer, standing: Standing, report: Report, found: Found) -> bool:
    """Take a letter whose files have come; whether it need not lie in my inbox any more."""
    if not found.own_folder:
        return _read_letter(peer, standing, report, found.name, [])
    try:
        data = outbox.fetch(peer.share, peer.name, found.name)
        count(report, take(peer, standing, found, data))
    except ShareError as error:
        report.problems.append(f"{found.path}: {error}")
    return False


def _read_feeds(peer: RunningPeer, standing: Standing, report: Report) -> None:
    """List every feed that is ahead of me, and those of which something could not be read."""
    state = peer.home.state
    unread = state.flags("feed:")
    for author in sorted({*peer.home.journal.feeds_ahead(), *unread}):
        if standing.find(peer.bare(author)) is None or not peer.goes_on():
            continue
        complete = collect(peer, standing, report, peer.bare(author), None, [])
        if complete == (author in unread):
            with peer.home.transaction(durable=False):
                state.forget(f"feed:{author}") if complete else state.put(f"feed:{author}", 1)


def discard(peer: RunningPeer, names: list[PageName], report: Report) -> None:
    """Remove letters from my inbox.

    After the receipts are written, so that at every moment one of the two lies on the share: an
    author restored from a backup learns from either that this number is taken.
    """
    for name in names:
        try:
            inbox.discard(peer.share, peer.name, name)
        except MissingError:
            continue
        except ShareError as error:
            report.problems.append(f"{inbox.path(peer.name, name)} cannot be removed: {error}")


def _owe_again(peer: RunningPeer, author: str) -> None:
    """Who still keeps mail for me has not seen my receipt."""
    with peer.home.transaction(durable=False):
        peer.home.journal.owe_receipt(peer.full(author))


def _read_inbox(
    peer: RunningPeer, standing: Standing, report: Report, awaiting: list[Awaiting]
) -> list[PageName]:
    found = inbox.letters(peer.share, peer.name)
    if found.put_off:
        found = inbox.letters(peer.share, peer.name, awaited(peer, peer.address))
    elif len(found.pages) > crowd:  # on a slow drive not all of them may be read in time
        is_awaited = awaited(peer, peer.address)
        found.pages.sort(key=lambda page: (not is_awaited(page), page))
    began, done, looked = peer.clock.monotonic_ms(), list[PageName](), 0
    stuck = Counter[str]()  # of each author, what waits for its attachments
    for name in found.pages:
        if peer.clock.monotonic_ms() - began >= inbox_ms_max or not peer.goes_on():
            break
        if stuck[name.author] == awaiting_max:
            continue
        looked += 1
        before = len(awaiting)
        if _read_letter(peer, standing, report, name, awaiting):
            done.append(name)
        stuck[name.author] += len(awaiting) - before
        if looked % shown_every == 0:
            peer.progress(looked, len(found.pages), "letters read")
    if put_off := found.put_off + len(found.pages) - looked:
        report.problems.append(
            f"{put_off} files in my inbox are put off to the next tick; letters of members whom"
            " I know come first"
        )
    sweep(peer, layout.inbox(peer.name), found.junk, inbox.is_letter, report)
    return done


def _read_letter(
    peer: RunningPeer, standing: Standing, report: Report, name: PageName, awaiting: list[Awaiting]
) -> bool:
    """Take one file of my inbox; whether it need not lie there any more."""
    found = Found(inbox.path(peer.name, name), name, peer.address, own_folder=False)
    try:
        taken = take(peer, standing, found, inbox.fetch(peer.share, peer.name, name))
    except (OversizedError, SpecialFileError) as error:
        taken = _clear(peer, found, error)
    except MissingError:
        return False
    except ShareError as error:
        report.problems.append(f"{found.path}: {error}")
        return False
    count(report, taken)
    if taken.awaiting is not None:
        awaiting.append(taken.awaiting)
    return taken.done


def _clear(peer: RunningPeer, found: Found, error: ShareError) -> Taken:
    """Something that cannot be a page stands at a page's name."""
    rule = RuleError("PAGE-13", str(error))
    with peer.home.transaction():
        peer.home.quarantine.add(
            found.path, b"", rule, peer.clock.wall_ms(), author=peer.full(found.name.author)
        )
    return Taken(problem=f"{found.path}: {rule}")
