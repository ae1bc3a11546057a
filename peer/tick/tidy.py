"""What stands under a page's name in my own outbox and is no page of mine: it goes, and is told.

Rules: only its owner may clear a folder, and he must, for every reader would list and read it again
at every tick. A page that my key signed for this very place stays, although this home may not know
it: a life that was lost with a backup promised it. Nothing goes unseen: the bytes are quarantined.
"""

from __future__ import annotations

from peer.instance import RunningPeer
from peer.stewards.standing import standing
from peer.tick.report import Report
from protocol.errors import MissingError, OversizedError, RuleError, ShareError, SpecialFileError
from protocol.page import ALL, Header, Page, erased_by, open_erased, open_page, strike
from registry import outbox
from registry.layout import PageName


def clear(peer: RunningPeer, to: str | None, name: PageName, report: Report) -> bool | None:
    """Remove a file that is no page of mine for this place: whether it is one (None: who knows).

    `to` is a bare name, None for the feed.
    """
    path = outbox.path(to, name)
    data = b""
    try:
        data = outbox.fetch(peer.share, to, name)
        # In the own feed a null is what another life of mine took back.
        page = (open_page if to is not None else open_erased)(data, peer.identity.network)
        _check_place(peer, to, name, page.header)
        if to is None:
            _hear_erasures(peer, name, page, data)
        return True
    except MissingError:
        return False
    except (OversizedError, SpecialFileError) as error:
        rule = RuleError("PAGE-13", str(error))
    except ShareError:
        return None  # who cannot look must not remove
    except RuleError as error:
        rule = error
    with peer.home.transaction(durable=False):
        tick = peer.home.state.number("tick")
        quarantine, now = peer.home.quarantine, peer.clock.wall_ms()
        if quarantine.refuse(path, data, rule, tick, now, peer.address) is None:
            return None
    report.quarantined += 1
    report.problems.append(f"{path} is none of mine and goes: {rule}")
    try:
        outbox.withdraw(peer.share, to, name)
    except ShareError as fault:
        report.problems.append(f"{path} cannot be removed: {fault}")
        return None
    return False


def _hear_erasures(peer: RunningPeer, name: PageName, page: Page, data: bytes) -> None:
    """What another life of mine took back I take back, too, and offer its pages without that."""
    erasures = peer.home.erasures
    if fresh := set(erased_by(page)) - erasures.known(peer.address):
        with peer.home.transaction():
            erasures.take_back(peer.address, fresh, peer.home.state.days_lived, mine=True)
    gone = erasures.known(peer.address).intersection(page.header.items)
    if gone and (bare := strike(data, peer.address, gone)) != data:
        outbox.offer(peer.share, None, name, bare)


def _check_place(peer: RunningPeer, to: str | None, name: PageName, header: Header) -> None:
    audience = ALL if to is None else peer.full(to)
    place = (header.author, header.epoch[:8], header.seq, header.audience)
    if place != (peer.address, name.epoch8, name.seq, audience):
        raise RuleError("PAGE-10", f"page {header.seq} of {header.author} lies under another name")
    member = standing(peer).member
    state = None if member is None else member.state_of(header.key)
    if state is None:
        raise RuleError("PAGE-11", f"no steward admitted {header.author} with this key")
    if state == "compromised":
        raise RuleError("PAGE-12", "of a former holder of this name; nobody may read it")
