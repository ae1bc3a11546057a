"""Forming pages: the one place where a number of a stream is taken and signed.

Rules: taking the number, signing and storing the bytes are one transaction; the bytes are never
made again. Whoever calls has checked that this home is the only one of its identity. At most 16
pages to one reader are open; what is beyond waits, and goes out in bigger pages. Where pages that
are open follow some that are not offered any more, and none says so, an empty one does.
"""

from __future__ import annotations

from collections.abc import Sequence

from peer.asking import heed
from peer.home.outgoing import Line, OwnPage
from peer.instance import USUAL_MS, RunningPeer
from peer.tick import own
from protocol import limits
from protocol.messages import Item
from protocol.page import ALL, Header, form_page

# What a header, its signature and the frame around the items may take; each hash takes 67 more.
_FRAME_BYTES = 1_200
_HASH_BYTES = 67


def form(
    peer: RunningPeer, audience: str, items: Sequence[Item] = (), due_ms: int | None = None
) -> tuple[list[OwnPage], bool]:
    """Keep new items, and form every page that may go out now; inside a transaction.

    `due_ms`: when the term of these items ends, if they have one. Returns the pages, and whether
    items wait on for one.
    """
    own.check_moved(peer)
    heed(peer)
    outgoing, now = peer.home.outgoing, peer.clock.wall_ms()
    line = outgoing.line(peer.home.state.epoch, audience)
    if line.waiting or line.stopped or not items:
        outgoing.add(items, audience, now, due_ms=due_ms)
        pages = [] if line.stopped else _form_waiting(peer, line)
        return pages, outgoing.line(line.epoch, audience).waiting
    pages = []
    while items and _has_room(line):
        count = _fitting([item.data for item in items])
        page, line = _form_one(peer, line, [item.data for item in items[:count]])
        outgoing.add(items[:count], audience, now, page, due_ms)
        if due_ms is not None:
            peer.home.terms.bind(page.n, [], due_ms)
        pages.append(page)
        items = items[count:]
    outgoing.add(items, audience, now, due_ms=due_ms)
    return pages, bool(items)


def _form_waiting(peer: RunningPeer, line: Line) -> list[OwnPage]:
    pages: list[OwnPage] = []
    while _has_room(line):
        waiting = peer.home.outgoing.waiting(line.audience, limits.page_items_max)
        if not waiting:
            break
        chosen = waiting[: _fitting([item.data for item in waiting])]
        page, line = _form_one(peer, line, [item.data for item in chosen])
        ns = [item.n for item in chosen]
        peer.home.outgoing.put_into(page, ns)
        terms = [item.due_ms for item in chosen if item.due_ms is not None]
        if terms and line.audience != ALL:
            usual = [peer.lived_ms + USUAL_MS] if len(terms) < len(chosen) else []
            peer.home.terms.bind(page.n, ns, max(terms + usual))
        pages.append(page)
    # A feed's floor stands in the heartbeat.
    silent = line.audience != ALL and (line.owes or line.open) and line.floor > line.told
    if silent and not pages and _has_room(line):
        page, line = _form_one(peer, line, [])
        pages.append(page)
    return pages


def _has_room(line: Line) -> bool:
    return line.audience == ALL or line.open < limits.stream_pages_unreceipted_max


def _form_one(peer: RunningPeer, line: Line, items: list[bytes]) -> tuple[OwnPage, Line]:
    now = peer.clock.wall_ms()
    header = Header(
        network=peer.identity.network,
        author=peer.address,
        key=peer.signer.key,
        epoch=line.epoch,
        audience=line.audience,
        seq=line.seq + 1,
        prev=line.digest,
        floor=min(line.floor, line.seq + 1),
        at=now,
    )
    digest, data = form_page(header, items, peer.signer)
    page = peer.home.outgoing.add_page(line, header, digest, data)
    return page, line._replace(seq=header.seq, digest=digest, told=header.floor, open=line.open + 1)


def _fitting(items: list[bytes]) -> int:
    """How many items, from the first, one page holds."""
    room = limits.page_bytes_max - _FRAME_BYTES
    for count, data in enumerate(items[: limits.page_items_max]):
        room -= len(data) + 1 + _HASH_BYTES
        if room < 0:
            return count
    return min(len(items), limits.page_items_max)
