"""Sending: an item is durable in the home first, and then delivered if it can be.

Rules: recipients are members by the roster in force, or nothing is written. One transaction takes
the item and, where a page can go out at once, its number. What cannot be delivered now is staged;
every tick tries again. Several processes of one identity may send at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from peer import asking, learning, permission, rekeying
from peer.composing import Composed, Draft, check_sealing, write, write_sealed
from peer.deadline import NEXT_TICK
from peer.enclosing import Source, keep
from peer.home.outgoing import OwnPage
from peer.instance import RunningPeer
from peer.stewards import reading
from peer.stewards import standing as stewards
from peer.tick import own
from peer.tick.beat import beat
from peer.tick.deliver import Listing, place, place_feed, send_letters, survey
from peer.tick.forming import form
from protocol import limits, names
from protocol.errors import (
    HomeError,
    HumanNeededError,
    NotFoundError,
    RuleError,
    ShareError,
    SomaError,
    UsageError,
    WrongShareError,
)
from protocol.messages import Body, Certificate, Item, Proposal, Vote
from protocol.page import ALL
from protocol.policy import Flag


@dataclass(frozen=True, slots=True)
class Sent:
    """What `send` did: one id for each recipient and body.

    `flag`: see `Peer.announce`; `first`: see `Peer.ask`. `asked`: some of it waits for a steward's
    yes; `waiting` has the ids of that.
    """

    ids: tuple[str, ...]
    to: tuple[str, ...]
    state: Literal["staged", "delivered", "asked"]
    flag: Flag | None = None
    waiting: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


def send(
    peer: RunningPeer,
    to: Sequence[str],
    bodies: Sequence[Body],
    *,
    re: str | None = None,
    thread: str | None = None,
    priority: int = 2,
    expires_ms: int | None = None,
    files: Sequence[Source] = (),
    seal: bool = False,
    along: Callable[[], None] | None = None,
) -> Sent:
    """Write every body, with these files, to every recipient (bare names, or `all`).

    A letter is offered for `expires_ms` if that is given, else as the settings say. `along` is
    done in the transaction that keeps the items. Raises NotFoundError for an unknown recipient,
    HumanNeededError while parked or halted, where the key to seal with is not known, or where
    stewards forbid it, SomaError where it is over their budget, WrongShareError where the folder is
    another network; then nothing is written.
    """
    with _foreseen(peer):
        own.check_parked(peer)
        reachable = _reachable(peer)
        if rekeying.is_due(peer):
            reachable = reachable and rekeying.change_alone(peer)
        standing = check_allowed(peer)
        recipients = [_recipient(peer, standing, name) for name in dict.fromkeys(to)]
        if seal:
            check_sealing(peer, recipients)
        kept, term_ms = keep(peer, files, sealed=seal), peer.term_ms(expires_ms)
        draft = Draft(re=re, thread=thread, priority=priority, term_ms=term_ms, files=kept)
        written = {
            a: [_write(peer, body, draft, a if seal else None) for body in bodies]
            for a in recipients
        }
        _check_forbidden(peer, written)
        views = {a: _look_around(peer, a) if reachable else None for a in recipients}
        pages, complete, waiting = _keep(peer, written, views, peer.due_ms(term_ms), along)
        peer.foresee("what was written is kept, and the next tick sends it")
        delivered = [_bring(peer, audience, views[audience], pages[audience]) for audience in pages]
        if waiting and reachable:
            _ask_now(peer)
        state: Literal["staged", "delivered", "asked"] = "asked" if waiting else "staged"
        if not waiting and complete and len(pages) == len(recipients) and all(delivered):
            state = "delivered"
        ids = tuple(one.item.id for audience in recipients for one in written[audience])
        to = tuple(peer.bare(audience) for audience in recipients)
        return Sent(ids, to, state, waiting=waiting)


def _ask_now(peer: RunningPeer) -> None:
    """Bring requests to stewards at once; where that fails the next tick does."""
    for mailbox in stewards.standing(peer).mailboxes:
        with suppress(ShareError):
            send_letters(peer, peer.full(mailbox))


@contextmanager
def _foreseen(peer: RunningPeer) -> Iterator[None]:
    """What is to be said if a frozen share ends the process: true before, inside and after."""
    peer.foresee("nothing was sent")
    try:
        yield
    finally:
        peer.foresee(NEXT_TICK)


def check_allowed(peer: RunningPeer) -> stewards.Standing:
    """What holds; HumanNeededError where it does not let this peer send."""
    standing = stewards.standing(peer)
    if standing.member is None and not rekeying.is_due(peer):
        raise HumanNeededError(
            f"{peer.name} is not admitted as far as this home knows; a steward runs"
            f" `peer admit {peer.name}`, then run `peer tick --as {peer.name}`"
        )
    if standing.halted:
        raise HumanNeededError("halted by a steward; nothing is sent until `peer resume`")
    if standing.hidden_orders:
        raise HumanNeededError("an order is hidden on the share; see `peer escalations`")
    return standing


def _recipient(peer: RunningPeer, standing: stewards.Standing, name: str) -> str:
    """The full address of a recipient who is a member, or `all`."""
    if name == ALL:
        return ALL
    bare, _, cluster = name.partition("@")
    try:
        names.check_name(bare)
    except RuleError as error:
        raise UsageError(f"{name!r} is no name of a peer: {error.reason}") from error
    member = standing.find(bare)
    if member is None or not member.active or cluster not in ("", peer.identity.cluster):
        raise NotFoundError(f"no peer {name} in {peer.identity.cluster}; `peer peers` lists them")
    if bare == peer.name:
        raise UsageError("a peer does not write to itself; name another one, or `all`")
    return peer.full(bare)


def _reachable(peer: RunningPeer) -> bool:
    """Whether the share is there; then its steward documents are heard first.

    One that is frozen is not: whoever writes must not wait for it. Another network's folder is an
    error (WrongShareError), not an absence.
    """
    try:
        reading.refresh(peer, hasty=True)
    except WrongShareError:
        raise
    except ShareError:
        return False
    return True


def _write(peer: RunningPeer, body: Body, draft: Draft, reader: str | None) -> Composed:
    return write(peer, body, draft) if reader is None else write_sealed(peer, body, draft, reader)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look at the share brought: it can be used, and what lies in the inbox."""

    listing: Listing | None


def _look_around(peer: RunningPeer, audience: str) -> _Seen | None:
    """What must be seen before anything is signed, if it was not lately; None: out of reach."""
    try:
        if not peer.saw_lately("heartbeat"):
            own.check_heartbeat(peer)
        if audience == ALL:
            own.check_feed(peer)
            return _Seen(None)
        crowded = peer.home.outgoing.open_count(audience) * 2 > limits.stream_pages_unreceipted_max
        if peer.saw_lately(audience) and not crowded:
            return _Seen({})  # nothing of what is about to be formed lies there
        return _Seen(survey(peer, audience))
    except ShareError:
        peer.looked.pop(audience, None)
        return None
    except HumanNeededError:
        peer.looked.clear()
        raise


def _keep(
    peer: RunningPeer,
    written: dict[str, list[Composed]],
    views: dict[str, _Seen | None],
    due_ms: int | None,
    along: Callable[[], None] | None,
) -> tuple[dict[str, list[OwnPage]], bool, tuple[str, ...]]:
    """Keep all items in one transaction, and form pages for whoever is in reach.

    Returns the pages, whether every item of theirs is in one, and the ids of what waits for a yes.
    """
    pages: dict[str, list[OwnPage]] = {}
    waiting: list[str] = []
    complete = True
    outgoing = peer.home.outgoing
    with peer.home.transaction():
        if along is not None:
            along()  # first: what it takes back must enter no page
        for audience, composed in written.items():
            due = None if audience == ALL else due_ms  # a feed has days and pages of its own
            held = _hold(peer, audience, composed, due)
            waiting += held
            mine = [one.item for one in composed if one.item.id not in held]
            if mine and views[audience] is None:
                outgoing.add(mine, audience, peer.clock.wall_ms(), due_ms=due)
            elif mine:
                pages[audience], rest = form(peer, audience, mine, due)
                complete = complete and not rest
            _remember_own(peer, audience, mine)
            _remember_files(peer, composed)
        if waiting:
            asking.request(peer)
    return pages, complete, tuple(waiting)


def _check_forbidden(peer: RunningPeer, written: dict[str, list[Composed]]) -> None:
    """HumanNeededError where stewards forbid some of it; that is counted, whoever tried."""
    for audience, composed in written.items():
        for one in composed:
            permit = permission.judge(peer, one.kinds, audience)
            if permit.verdict == "forbidden":
                with peer.home.transaction(durable=False):
                    peer.home.asks.count("forbidden", permit.effect, permit.kind)
                raise HumanNeededError(f"{permit.rule}; only a steward can change that")


def _hold(
    peer: RunningPeer, audience: str, composed: list[Composed], due_ms: int | None
) -> list[str]:
    """Keep what needs a yes, and return the ids of that; SomaError where it is too much."""
    permits = [permission.judge(peer, one.kinds, audience) for one in composed]
    bound = sum(not permit.exempt for permit in permits)
    if bound and (reason := permission.over_budget(peer, permits[0].effect, bound)):
        raise SomaError(reason)
    held = []
    for one, permit in zip(composed, permits, strict=True):
        if permit.verdict == "notice":
            peer.home.asks.count("notice", permit.effect, permit.kind)
        if permit.verdict != "approve":
            continue
        if reason := asking.refusal(peer, [one.item]):
            raise HumanNeededError(reason) if asking.is_full(peer, 1) else SomaError(reason)
        asking.keep(peer, one.item, audience, permit, due_ms=due_ms)
        held.append(one.item.id)
    return held


def _bring(peer: RunningPeer, audience: str, seen: _Seen | None, pages: list[OwnPage]) -> bool:
    """Put formed pages on the share; whether that worked. The next tick tries again."""
    try:
        if audience == ALL:
            place_feed(peer, pages)
            beat(peer, "idle")
        elif place(peer, peer.bare(audience), pages, seen.listing if seen else None).pulled:
            beat(peer, "idle")
    except ShareError:
        return False
    return True


def _remember_own(peer: RunningPeer, audience: str, items: list[Item]) -> None:
    """My own insights answer questions too, and my own votes count; inside a transaction."""
    for item in items:
        learning.keep(peer, item, audience)
        if audience == ALL and isinstance(item.body, Proposal | Vote | Certificate):
            from peer import ballot_box  # few items vote

            if ballot_box.fault(peer, item) is None:
                ballot_box.keep(peer, item)


def _remember_files(peer: RunningPeer, composed: list[Composed]) -> None:
    """What belongs to items and stands beside them; inside the transaction that keeps them."""
    attached = [one.item for one in composed if one.item.head.attachments]
    peer.home.attachments.add(attached, mine=True)
    for item in attached:
        for file in item.head.attachments:
            if peer.blobs.size(file.sha256) is None:  # taken for a remnant by a tick just now
                raise HomeError("an attachment vanished from the home; send it again")
    for one in composed:
        if one.plain is not None:
            peer.home.attachments.keep_plain(one.item.id, one.plain, one.thread)
