"""My attachments on the share: there before the page that names them, as long as that page is open.

Rules: what counts is what a listing shows. A file that is missing, has another size or was found
damaged by a reader is written again from the home; one that no open page names goes. What another
life of this home may have put there stays for a while: its letters may still be on their way.
"""

from __future__ import annotations

from collections.abc import Collection

from peer.home.attachments import Offered
from peer.instance import RunningPeer
from peer.tick.report import Report
from protocol import limits
from protocol.errors import HomeError, ShareError, ShareUnavailableError
from registry import blobs

strays_max = 256
again_bytes_max = 256 << 20  # written again in one tick; whoever deletes may do so at every one
stray_days = 30
gone_days = 2  # until what this home has lost is given up; a disk may come back


def offer(peer: RunningPeer, pages: Collection[int]) -> None:
    """Bring the files of these pages (rows of `own_page`) to the share, if they are not there.

    ShareError where that cannot be done: then the pages must not be placed either.
    """
    needed = [one for one in _offered(peer) if one.page in pages]
    if not needed:
        return
    there = blobs.sizes(peer.share, peer.name, {one.sha256 for one in needed})
    _put_back(peer, needed, there, None)
    if not peer.home.state.number("blobs"):
        with peer.home.transaction(durable=False):
            peer.home.state.put("blobs", 1)


def audit(peer: RunningPeer, report: Report) -> None:
    """Compare the own folder with what open pages name; no look where there never was a file."""
    home = peer.home
    done, needed = home.attachments.done_with(), _offered(peer)
    if done:
        with home.transaction(durable=False):
            home.attachments.settle(done)
    if not needed and not home.state.number("blobs"):
        return
    there = blobs.own_sizes(peer.share, peer.name)
    gone, problems = _put_back(peer, needed, there, again_bytes_max)
    report.problems += problems
    _note_gone(peer, gone)
    left = _clear(peer, there, {one.sha256 for one in needed}, report)
    flag = int(bool(needed) or left)
    if flag != home.state.number("blobs"):
        with home.transaction(durable=False):
            home.state.put("blobs", flag)


def _offered(peer: RunningPeer) -> list[Offered]:
    return peer.home.attachments.offered(limits.stream_pages_unreceipted_max)


def _put_back(
    peer: RunningPeer, needed: list[Offered], there: dict[str, int | None], room: int | None
) -> tuple[set[str], list[str]]:
    """Write what is not there as it should be; returns what this home has lost itself, and why not.

    No more than `room` bytes are written, where that is given; some always are.
    """
    gone, problems, anew = set[str](), list[str](), [one for one in needed if one.anew]
    suspect, written, left = {one.sha256 for one in anew}, set[str](), room
    for sha256, size in sorted({(one.sha256, one.size) for one in needed}):
        if there.get(sha256) == size and sha256 not in suspect:
            continue
        if peer.blobs.size(sha256) != size:
            gone.add(sha256)
            problems.append(
                f"an attachment of mine is gone from this home ({sha256[:8]}); send its letter anew"
            )
            continue
        if not peer.goes_on() or (left is not None and left <= 0):
            continue
        try:
            _write(peer, sha256)
        except HomeError as error:
            problems.append(str(error))
            continue
        if sha256 in suspect:
            written.add(sha256)
        if left is not None:
            left -= size
    if written:
        with peer.home.transaction(durable=False):
            peer.home.attachments.written_anew(sorted(written))
            pages = sorted({one.page for one in anew if one.sha256 in written})
            peer.home.outgoing.mark_placed(pages, peer.clock.wall_ms())
    return gone, problems


def _note_gone(peer: RunningPeer, gone: set[str]) -> None:
    """Whatever names a file that nobody has any more ends after some days, and is told.

    It would hold back all that was written after it.
    """
    state, day = peer.home.state, peer.home.state.days_lived
    known = set(state.flags("gone:"))
    if not gone and not known:
        return
    with peer.home.transaction():
        for sha256 in known - gone:
            state.forget(f"gone:{sha256}")
        state.put_all({f"gone:{sha256}": day for sha256 in gone - known})
        for sha256 in sorted(gone & known):
            if day - state.number(f"gone:{sha256}") >= gone_days:
                peer.home.terms.give_up(sha256, peer.lived_ms)


def _write(peer: RunningPeer, sha256: str) -> None:
    blobs.offer(peer.share, peer.name, sha256, lambda: peer.blobs.parts(sha256))


def _clear(
    peer: RunningPeer, there: dict[str, int | None], needed: set[str], report: Report
) -> bool:
    """Remove what nobody waits for; whether something stays that has to be looked at again."""
    state, day = peer.home.state, peer.home.state.days_lived
    rest = sorted(there.keys() - needed)
    mine = peer.home.attachments.mine(rest)
    strays = set(state.flags("stray:"))
    kept, stays = set[str](), False
    for sha256 in rest:
        size = there[sha256]
        since = state.number(f"stray:{sha256}") or day + 1
        strange = sha256 not in mine and size is not None and size <= limits.blob_bytes_max
        if strange and len(kept) < strays_max and day + 1 - since < stray_days:
            kept.add(sha256)
            continue
        try:
            blobs.withdraw(peer.share, peer.name, sha256)
        except ShareUnavailableError:
            raise
        except ShareError as error:  # and the others go all the same
            report.problems.append(f"{blobs.path(peer.name, sha256)} cannot be removed: {error}")
            stays = True
    if kept != strays:
        with peer.home.transaction(durable=False):
            for sha256 in strays - kept:
                state.forget(f"stray:{sha256}")
            state.put_all({f"stray:{sha256}": day + 1 for sha256 in kept - strays})
    return bool(kept) or stays
