"""The one place where effects happen, in the transaction that marks their item "acted".

Rules: nothing automatic answers what is automatic; automatic replies go no deeper than
`auto_depth_max`, and no faster than `auto_sends_hourly_max` to one peer. An effect that policy
refuses is reported, and the item counts as acted: refusing is a decision, not a fault.
"""

from __future__ import annotations

from peer import ballot_box, sealing
from peer.instance import HOUR_MS, RunningPeer
from protocol import canonical
from protocol.effect import (
    CountVote,
    Effect,
    Escalate,
    Publish,
    RecordEvidence,
    Remember,
    Send,
    Settle,
)
from protocol.messages import Body, Certificate, Head, Item, Proposal, Vote, compose
from protocol.page import ALL
from protocol.sealing import seal

auto_depth_max = 4
auto_sends_hourly_max = 30


def apply(
    peer: RunningPeer, effects: list[Effect], item: Item, *, sealed: bool = False
) -> list[str]:
    """Apply the effects of an item, inside a transaction; returns what policy refused.

    `sealed`: nothing of it may reach anybody but its author, or lie open in the home.
    """
    refused = []
    for effect in effects:
        reason = _refusal(peer, effect, item) or (_leak(peer, effect, item) if sealed else None)
        if reason is None and sealed:
            _apply_sealed(peer, effect, item)
        elif reason is None:
            _apply_one(peer, effect, item)
        else:
            refused.append(f"{effect.name} for item {item.id[:8]} refused: {reason}")
    return refused


def _refusal(peer: RunningPeer, effect: Effect, item: Item) -> str | None:
    if isinstance(effect, CountVote):
        return ballot_box.fault(peer, item)
    if not isinstance(effect, Send | Publish):
        return None
    if isinstance(effect.body, Proposal | Vote | Certificate):
        return "no handler proposes or votes; `peer propose` and `peer vote` do"
    if item.head.auto:
        return "nothing automatic answers an automatic item"
    if item.head.kind == "note":
        return "a note never causes a letter"
    if item.head.depth >= auto_depth_max:
        return f"automatic replies go at most {auto_depth_max} deep"
    audience = effect.to if isinstance(effect, Send) else ALL
    since = peer.clock.wall_ms() - HOUR_MS
    if peer.home.outgoing.auto_count(audience, since) >= auto_sends_hourly_max:
        return f"more than {auto_sends_hourly_max} automatic sends to {audience} in an hour"
    return None


def _leak(peer: RunningPeer, effect: Effect, item: Item) -> str | None:
    if isinstance(effect, Publish | Remember | RecordEvidence | CountVote):
        return "what was sealed is for its reader alone"
    if not isinstance(effect, Send):
        return None
    if effect.to != item.head.author:
        return "what was sealed is answered to its author alone"
    if sealing.reader_key(peer, effect.to) is None:
        return f"the answer cannot be sealed; a steward runs `peer admit {peer.bare(effect.to)}`"
    return None


def _apply_sealed(peer: RunningPeer, effect: Effect, item: Item) -> None:
    home, now = peer.home, peer.clock.wall_ms()
    match effect:
        case Send(to=to, body=body):
            key = sealing.reader_key(peer, to)
            assert key is not None
            head, seed = _reply_head(peer, body, item), peer.entropy.draw(32)
            reply, plain = seal(head, body, (), peer.identity.network, to, key, seed)
            home.outgoing.add([reply], to, now, due_ms=peer.due_ms(peer.term_ms()))
            home.attachments.keep_plain(reply.id, plain, head.thread)
        case Escalate(level=level):
            author = item.head.author
            mend = f"read it with `peer read {item.id[:8]}`"
            home.concerns.open(f"item:{author}:{item.id}", level, f"{author}: sealed", mend, now)
        case _:
            _apply_one(peer, effect, item)


def _apply_one(peer: RunningPeer, effect: Effect, item: Item) -> None:
    home, now = peer.home, peer.clock.wall_ms()
    match effect:
        case Send(to=to, body=body):
            due = peer.due_ms(peer.term_ms())
            home.outgoing.add([_reply(peer, body, item)], to, now, due_ms=due)
        case Publish(body=body):
            home.outgoing.add([_reply(peer, body, item)], ALL, now)
        case Remember(topics=topics):
            home.knowledge.remember(item.id, topics)
        case RecordEvidence(about=about, kind=kind):
            home.knowledge.record(about, kind, item.head.author, item.data, now)
        case Escalate(text=text, mend=mend, level=level):
            home.concerns.open(f"item:{item.head.author}:{item.id}", level, text, mend, now)
        case Settle(about=about):
            home.concerns.resolve(f"item:{item.head.author}:{about}", now)
        case CountVote():
            ballot_box.keep(peer, item)


def _reply(peer: RunningPeer, body: Body, item: Item) -> Item:
    return compose(_reply_head(peer, body, item), body)


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
