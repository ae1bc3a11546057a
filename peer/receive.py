"""Receiving: heartbeats first, then whatever they and the inbox say is new.

Rules: everything is untrusted until `intake` has taken it; one bad file never keeps another from
being read; what stands at a letter's name and is no letter is removed, because the inbox is mine.
"""

from __future__ import annotations

from collections.abc import Iterable

from peer.home.journal import StreamState
from peer.home.neighbours import Neighbour
from peer.instance import Peer
from peer.intake import Found, Taken, freeze, take
from peer.report import Report
from peer.stewards import Standing
from protocol.errors import (
    MissingError,
    OversizedError,
    RuleError,
    ShareError,
    SpecialFileError,
)
from protocol.page import ALL
from registry import inbox, outbox
from registry.layout import PageName


def receive(peer: Peer, standing: Standing, report: Report) -> None:
    """Journal every page beyond what I have: letters, mail kept for me, feeds."""
    _read_inbox(peer, standing, report)
    for neighbour in peer.home.neighbours.all().values():
        if standing.find(neighbour.name) is None:
            continue
        if neighbour.mail:
            _read_outbox(peer, standing, report, neighbour.name, peer.name)
        if neighbour.feed_seq is not None and _feed_is_ahead(peer, neighbour.name, neighbour):
            _read_outbox(peer, standing, report, neighbour.name, None)


def _read_inbox(peer: Peer, standing: Standing, report: Report) -> None:
    for name in inbox.letters(peer.share, peer.name):
        found = Found(inbox.path(peer.name, name), name, peer.address, own_folder=False)
        try:
            taken = take(peer, standing, found, inbox.fetch(peer.share, peer.name, name))
        except (OversizedError, SpecialFileError) as error:
            taken = _clear(peer, found, error)
        except MissingError:
            continue
        except ShareError as error:
            report.problems.append(f"{found.path}: {error}")
            continue
        _count(report, taken)
        if taken.done:
            _discard(peer, name, report)


def _discard(peer: Peer, name: PageName, report: Report) -> None:
    try:
        inbox.discard(peer.share, peer.name, name)
    except MissingError:
        return
    except ShareError as error:
        report.problems.append(f"{inbox.path(peer.name, name)} cannot be removed: {error}")


def _clear(peer: Peer, found: Found, error: ShareError) -> Taken:
    """Something that cannot be a page stands at a page's name."""
    rule = RuleError("PAGE-13", str(error))
    with peer.home.transaction():
        peer.home.quarantine.add(
            found.path, b"", rule, peer.clock.wall_ms(), author=peer.full(found.name.author)
        )
    return Taken(problem=f"{found.path}: {rule}")


def _feed_is_ahead(peer: Peer, author: str, neighbour: Neighbour) -> bool:
    """Whether the announced head of a feed is beyond my cursor."""
    for stream in peer.home.journal.streams(peer.full(author), ALL):
        if stream.epoch == neighbour.feed_epoch:
            _compare_head(peer, stream, neighbour)
            return stream.received < (neighbour.feed_seq or 0) and not stream.frozen
    return True


def _compare_head(peer: Peer, stream: StreamState, neighbour: Neighbour) -> None:
    """STREAM-8: a signed heartbeat that names another page than the one I hold proves a fork."""
    held = peer.home.journal.page(stream.n, neighbour.feed_seq or 0)
    if held is None or stream.frozen or held.digest == neighbour.feed_hash:
        return
    with peer.home.transaction():
        peer.home.knowledge.record(
            stream.author, "double-use", stream.key, held.bare + b"\n" + neighbour.data,
            peer.clock.wall_ms(),
        )  # fmt: skip
        freeze(peer, stream, "STREAM-8", neighbour.feed_seq or 0)


def _read_outbox(
    peer: Peer, standing: Standing, report: Report, author: str, to: str | None
) -> None:
    audience = ALL if to is None else peer.address
    try:
        names = outbox.pages(peer.share, author, to)
    except ShareError as error:
        report.problems.append(f"{outbox.folder(author, to)}: {error}")
        return
    for name in _unread(peer, author, audience, names):
        found = Found(outbox.path(to, name), name, audience, own_folder=True)
        try:
            data = outbox.fetch(peer.share, to, name)
        except ShareError as error:
            report.problems.append(f"{found.path}: {error}")
            continue
        if not peer.home.quarantine.holds(found.path, data):
            _count(report, take(peer, standing, found, data))


def _unread(
    peer: Peer, author: str, audience: str, names: Iterable[PageName]
) -> Iterable[PageName]:
    journal, full = peer.home.journal, peer.full(author)
    return [n for n in names if not journal.holds(full, n.epoch8, audience, n.seq)]


def _count(report: Report, taken: Taken) -> None:
    report.received += taken.items
    if taken.problem is not None:
        report.quarantined += 1
        report.problems.append(taken.problem)
