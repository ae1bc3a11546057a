"""Am I the only one of me? Signed work of my own key beyond my own counters says I am not.

A heartbeat, feed page or letter that my key signed in my current epoch, with a number this home
never gave out, proves a restored backup or a running twin. The peer parks before it signs anything
more; `peer repair` begins a new epoch.

Rules: the document is read first and the counters after, because another process of this identity
may move them meanwhile. What only others say about my counters proves nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from peer import rekeying
from peer.instance import RunningPeer
from protocol import limits
from protocol.errors import (
    HumanNeededError,
    MissingError,
    OversizedError,
    RuleError,
    ShareDeniedError,
    SpecialFileError,
)
from protocol.heartbeat import open_heartbeat
from protocol.page import ALL, open_signed
from registry import inbox, layout, outbox
from registry.layout import PageName

# What stands there is no document of mine; any other fault of the drive proves nothing, and is
# raised: whoever cannot look must not sign.
NOT_MINE = (MissingError, OversizedError, SpecialFileError, ShareDeniedError)
suspects_max = 64
Fetch = Callable[[PageName], bytes]
_MEND = "stop the other copy of this home if there is one, then run `peer repair`"


def check_parked(peer: RunningPeer) -> None:
    """HumanNeededError where this home parked itself earlier, has left or has moved."""
    check_moved(peer)
    found = peer.home.state.some("parked", "left")
    if "left" in found:
        raise HumanNeededError(
            f"{peer.name} has left the network; to come back run"
            f" `peer join {peer.identity.share} --name {peer.name}`"
        )
    if "parked" in found:
        raise HumanNeededError(f"{found['parked']}; {_MEND}")


def check_moved(peer: RunningPeer) -> None:
    """HumanNeededError where the peer went on elsewhere, and the key that signs is the present one.

    Asked again wherever a number is taken.
    """
    rekeying.keep_up(peer)
    if peer.home.state.text("moved") is not None:
        raise HumanNeededError(
            f"{peer.name} has moved: it was exported, and goes on where that file is imported;"
            " should the file be lost, run `peer export` again, or `peer repair` to stay here"
        )


def check_heartbeat(peer: RunningPeer) -> None:
    """Compare the heartbeat on the share with my counters."""
    path = layout.heartbeat(peer.name)
    try:
        data = peer.share.read(path, limits.document_bytes_max)
    except NOT_MINE:
        return
    if data == peer.home.state.data("beat"):
        return
    try:
        beat = open_heartbeat(data, peer.identity.network, peer.address)
    except RuleError:
        return  # a forgery; it is overwritten by the next beat
    state = peer.home.state
    if beat.key != peer.signer.key:
        return
    newer = beat.epoch == state.epoch and beat.seq > state.number("beat_seq")
    # A twin that was repaired has moved on: its epoch says that mine is over.
    if newer or state.epoch in beat.earlier_epochs:
        park(peer, f"heartbeat {beat.seq}")


def check_feed(peer: RunningPeer) -> None:
    """Compare the pages in my feed with my counter."""
    pages = outbox.own_pages(peer.share, peer.name, None, by_this_life(peer)).sizes
    _check_pages(peer, ALL, pages, _own_reader(peer, None))


def by_this_life(peer: RunningPeer) -> Callable[[PageName], bool]:
    """Whether a page claims to be of my present epoch: those are looked at before others."""
    epoch8 = peer.home.state.epoch[:8]
    return lambda page: page.epoch8 == epoch8


def check_letters(peer: RunningPeer, to: str, names: Iterable[PageName]) -> None:
    """Compare my letters in an inbox, as just listed, with my counter."""

    def fetch(page: PageName) -> bytes:
        return inbox.fetch(peer.share, to, page)

    _check_pages(peer, peer.full(to), names, fetch)


def check_mail(peer: RunningPeer, to: str, names: Iterable[PageName]) -> None:
    """Compare my letters in my own outbox, as just listed, with my counter."""
    _check_pages(peer, peer.full(to), names, _own_reader(peer, to))


def _own_reader(peer: RunningPeer, to: str | None) -> Fetch:
    return lambda page: outbox.fetch(peer.share, to, page)


def _check_pages(peer: RunningPeer, audience: str, names: Iterable[PageName], fetch: Fetch) -> None:
    epoch = peer.home.state.epoch
    mine = [p for p in names if p.author == peer.name and p.epoch8 == epoch[:8]]
    counter = peer.home.outgoing.position(epoch, audience)
    suspects = sorted(name for name in mine if name.seq > counter)
    for name in _some(suspects, peer.home.state.number("tick")):
        try:
            header = open_signed(fetch(name), peer.identity.network)
        except (RuleError, *NOT_MINE):
            continue  # whoever put it there could not sign it
        if (header.key, header.epoch, header.audience) != (peer.signer.key, epoch, audience):
            continue
        if header.seq > peer.home.outgoing.position(epoch, audience):
            park(peer, f"page {header.seq} to {audience}")


def _some(suspects: list[PageName], tick: int) -> list[PageName]:
    """As many as are read at once: where another me went on from my counter, and some in turn.

    True ones are few, and one of them is enough; a crowd is junk.
    """
    some, rest = suspects[:suspects_max], suspects[suspects_max:]
    start = tick * suspects_max % max(len(rest), 1)
    return [*some, *(rest[start:] + rest[:start])[:suspects_max]]


def park(peer: RunningPeer, what: str) -> None:
    """Sign nothing more from this home until a person has looked; raises HumanNeededError."""
    why = f"{what} is signed by my key in my epoch, and this home never wrote it"
    with peer.home.transaction():
        peer.home.state.put("parked", why)
        peer.home.concerns.open("parked", "human", why, _MEND, peer.clock.wall_ms())
    check_parked(peer)
