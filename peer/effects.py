"""The one place where effects happen, in the transaction that marks their item "acted".

Rules: nothing automatic answers what is automatic; automatic replies go no deeper than
`auto_depth_max`, and no faster than `auto_sends_hourly_max` to one peer. What stewards' policy says
holds for every effect but those that reach a human. An effect that is refused, or that waits for a
steward's yes, is reported, and the item counts as acted: that is a decision, not a fault.
"""

from __future__ import annotations

from collections import deque

from peer import asking, ballot_box, learning, permission, sealing
from peer.instance import RunningPeer
from peer.permission import auto_sends_hourly_max, has_room
from peer.stewards.standing import standing
from protocol import canonical
from protocol.effect import (
    CountVote,
    Effect,
    Enter,
    Escalate,
    Publish,
    RecordEvidence,
    Remember,
    Send,
    Settle,
)
from protocol.messages import (
    Body,
    Certificate,
    Head,
    Item,
    Mentoring,
    Proposal,
    Sealed,
    Vote,
    compose,
)
from protocol.page import ALL
from protocol.sealing import seal

auto_depth_max = 4


def apply(
    peer: RunningPeer, effects: list[Effect], item: Item, audience: str, *, sealed: bool = False
) -> list[str]:
    """Apply the effects of an item that came for `audience`, inside a transaction.

    Returns what was refused or waits.

    `sealed`: nothing of it may reach anybody but its author, or lie open in the home.
    """
    refused: list[str] = []
    left = deque(effects)
    while left:
        effect = left.popleft()
        reason = _refusal(peer, effect, item) or (_leak(peer, effect, item) if sealed else None)
        if reason is not None:
            refused.append(f"{effect.name} for item {item.id[:8]} refused: {reason}")
        elif isinstance(effect, Send | Publish):
            gone, kept_back = _write(peer, effect, item, sealed=sealed)
            refused += kept_back
            if gone and isinstance(effect, Send) and effect.then is not None:
                left.appendleft(Send(to=item.head.author, body=effect.then))
        elif reason := _forbidden(peer, effect):
            refused.append(f"{effect.name} for item {item.id[:8]} refused: {reason}")
        else:
            _apply_one(peer, effect, item, audience, sealed=sealed)
    return refused


def _forbidden(peer: RunningPeer, effect: Effect) -> str | None:
    """What policy says against an effect that writes no item."""
    if not isinstance(effect, Remember | RecordEvidence):
        return None
    permit = permission.judge_inner(peer, effect.name)
    if permit.verdict != "free":
        peer.home.asks.count(permit.verdict, permit.effect, permit.kind)
    return permit.rule if permit.verdict == "forbidden" else None


def _write(
    peer: RunningPeer, effect: Send | Publish, item: Item, *, sealed: bool
) -> tuple[bool, list[str]]:
    """Keep what a handler wants to say, as far as policy lets it.

    Returns whether it goes, and what is to be told where it does not or has to wait.
    """
    said = f"{effect.name} for item {item.id[:8]}"
    audience = effect.to if isinstance(effect, Send) else ALL
    kinds = [effect.body.kind, Sealed.kind] if sealed else [effect.body.kind]
    permit = permission.judge(peer, kinds, audience)
    if permit.verdict in ("forbidden", "notice"):
        peer.home.asks.count(permit.verdict, permit.effect, permit.kind)
    if permit.verdict == "forbidden":
        return False, [f"{said} refused: {permit.rule}"]
    cause = asking.cause_of(effect, item)
    if permit.verdict == "approve" and peer.home.asks.was_asked(cause):
        return False, []
    if not permit.exempt and (reason := permission.over_budget(peer, permit.effect, 1)):
        return False, [f"{said} refused: {reason}"]
    due = None if audience == ALL else peer.due_ms(peer.term_ms())
    try:
        reply, plain = _compose(peer, effect, item, sealed=sealed)
    except ValueError as error:  # too long: what else the item causes happens all the same
        return False, [f"{said} refused: {error}"]
    if permit.verdict != "approve":
        peer.home.outgoing.add([reply], audience, peer.clock.wall_ms(), due_ms=due)
        if not sealed:
            learning.keep(peer, reply, audience)
    elif reason := asking.refusal(peer, [reply]):
        return False, [f"{said} refused: {reason}"]
    else:
        asking.keep(peer, reply, audience, permit, due_ms=due, cause=cause)
    if plain is not None:
        peer.home.attachments.keep_plain(reply.id, plain, item.head.thread or item.id)
    if permit.verdict == "approve":
        return False, [f"{said} waits for approval {reply.id[:8]}"]
    return True, []


def _compose(
    peer: RunningPeer, effect: Send | Publish, item: Item, *, sealed: bool
) -> tuple[Item, bytes | None]:
    """The reply, and of one that is sealed for its reader what is in the box."""
    head = _reply_head(peer, effect.body, item)
    if not sealed:
        return compose(head, effect.body), None
    assert isinstance(effect, Send)
    key = sealing.reader_key(peer, effect.to)
    assert key is not None
    seed = peer.entropy.draw(32)
    return seal(head, effect.body, (), peer.identity.network, effect.to, key, seed)


def _refusal(peer: RunningPeer, effect: Effect, item: Item) -> str | None:
    if isinstance(effect, CountVote):
        return ballot_box.fault(peer, item)
    if not isinstance(effect, Send | Publish):
        return None
    if isinstance(effect.body, Proposal | Vote | Certificate):
        return "no handler proposes or votes; `peer propose` and `peer vote` do"
    return _unanswerable(effect, item) or _unreachable(peer, effect)


def _unanswerable(effect: Send | Publish, item: Item) -> str | None:
    """Why nothing automatic may be written because of this item."""
    if item.head.auto and not _answers_newcomer(effect, item):
        return "nothing automatic answers an automatic item"
    if item.head.kind == "note":
        return "a note never causes a letter"
    if item.head.depth >= auto_depth_max:
        return f"automatic replies go at most {auto_depth_max} deep"
    return None


def _unreachable(peer: RunningPeer, effect: Send | Publish) -> str | None:
    audience = effect.to if isinstance(effect, Send) else ALL
    if audience != ALL and not standing(peer).admits(audience):
        return f"{audience} is no member with an active key"
    if not has_room(peer, audience):
        return f"more than {auto_sends_hourly_max} automatic sends to {audience} in an hour"
    return None


def _answers_newcomer(effect: Send | Publish, item: Item) -> bool:
    """MENTOR-2, the only exception: a newcomer that asks by itself hears yes or no, and no more.

    Both are steps that nothing answers, so nothing can go round.
    """
    return (
        isinstance(effect, Send)
        and effect.to == item.head.author
        and isinstance(item.body, Mentoring)
        and item.body.step == "ask"
        and isinstance(effect.body, Mentoring)
        and effect.body.step in ("offer", "decline")
    )


def _leak(peer: RunningPeer, effect: Effect, item: Item) -> str | None:
    if isinstance(effect, Publish | Remember | RecordEvidence | CountVote):
        return "what was sealed is for its reader alone"
    if not isinstance(effect, Send):
        return None
    if isinstance(effect.body, Mentoring):
        return "nobody is guided under seal, where it is not kept"
    if effect.to != item.head.author:
        return "what was sealed is answered to its author alone"
    if sealing.reader_key(peer, effect.to) is None:
        return f"the answer cannot be sealed; a steward runs `peer admit {peer.bare(effect.to)}`"
    return None


def _apply_one(
    peer: RunningPeer, effect: Effect, item: Item, audience: str, *, sealed: bool
) -> None:
    home, now, author = peer.home, peer.clock.wall_ms(), item.head.author
    match effect:
        case Remember(topics=topics):
            learning.keep(peer, item, audience, topics)
        case RecordEvidence():
            learning.keep(peer, item, audience)
        case Escalate(text=text, mend=mend, level=level, about=about):
            if sealed:  # what it says must not lie open in the home
                text, mend = f"{author}: sealed", f"read it with `peer read {item.id[:8]}`"
            first = item.id if about is None else _first(peer, author, about) or item.id
            key = f"item:{author}:{first}"
            home.concerns.renew(key, level, text, mend, now, item=item.id)
        case Settle(about=about):
            home.concerns.resolve(f"item:{author}:{about}", now)
        case Enter(matter=matter, over=over):
            home.matters.enter(author, matter, item.id, over=over, at=now)
        case CountVote():
            ballot_box.keep(peer, item)


def _first(peer: RunningPeer, author: str, about: str) -> str | None:
    """An item that its author speaks of again; None where it is somebody else's.

    What never came here counts as his: its end, which he will tell, names it, too.
    """
    by = peer.home.matters.author_of(about)
    return about if by in (None, author) else None


def _reply_head(peer: RunningPeer, body: Body, item: Item) -> Head:
    return Head(
        author=peer.address,
        kind=body.kind,
        salt=canonical.b32(peer.entropy.draw(16)),
        at=peer.clock.wall_ms(),
        auto=True,
        depth=item.head.depth + 1,
        re=item.id,
        thread=item.head.thread or item.id,
    )
