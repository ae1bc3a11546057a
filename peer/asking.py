"""Asking stewards: an item that needs a yes waits in the home until one names exactly it.

Rules: the item is composed in full before anybody is asked, so its bytes, its id and the hash that
a decision must name are fixed. It has a state that no page takes. Only a decision that a steward
signed over this very hash, for this very peer, makes it go; that, a no, the end of its term and a
charter that forbids it meanwhile are each one transaction. What never stood in a page is judged
again whenever a charter or a decision is new; nothing automatic makes a verdict milder.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from peer import learning
from peer.home.asks import Ask, Unpaged
from peer.instance import DAY_MS, RunningPeer
from peer.permission import Permit, has_room, judge
from peer.stewards.standing import Standing, standing
from protocol import canonical, limits, wire
from protocol.messages import (
    Body,
    Head,
    Item,
    Request,
    Sealed,
    compose,
    item_hash,
    stored_item,
)
from protocol.page import ALL
from protocol.request import asked_hash
from protocol.sealing import read_plain

if TYPE_CHECKING:
    from protocol.effect import Publish, Send

term_days = 7
open_max = 100

_STALE = "approvals-stale"


def refusal(peer: RunningPeer, items: list[Item]) -> str | None:
    """Why these cannot be asked for; None: they can."""
    if any(len(item.data) > limits.asked_bytes_max for item in items):
        return f"an item of over {limits.asked_bytes_max} bytes fits in no request; shorten it"
    if is_full(peer, len(items)):
        return f"{open_max} items wait for a yes already; `peer approvals` lists them"
    return None


def is_full(peer: RunningPeer, more: int) -> bool:
    """Whether so many wait for a yes that so many more cannot: only a human changes that."""
    return len(peer.home.asks.open()) + more > open_max


def keep(
    peer: RunningPeer, item: Item, audience: str, permit: Permit, *,
    due_ms: int | None = None, cause: str | None = None,
) -> None:  # fmt: skip
    """Keep an item that needs a yes, and remember to ask for it; inside a transaction."""
    peer.home.outgoing.add([item], audience, peer.clock.wall_ms(), due_ms=due_ms, state="asked")
    _ask(peer, item.id, item.data, audience, permit, due_ms, cause)


def _ask(
    peer: RunningPeer, item: str, data: bytes, audience: str, permit: Permit, due_ms: int | None,
    cause: str | None,
) -> None:  # fmt: skip
    now, end = peer.clock.wall_ms(), peer.lived_ms + term_days * DAY_MS
    term = min(end, end if due_ms is None else due_ms)
    digest = asked_hash(peer.identity.network, peer.address, audience, item_hash(data))
    until = now + term - peer.lived_ms
    ask = Ask(item, digest, permit.effect, audience, permit.kind, permit.rule, now, until, term)
    peer.home.asks.add(ask, cause)


def cause_of(effect: Send | Publish, item: Item) -> str:
    """What wanted an item, as one hash: the same effect for the same item is asked for once."""
    said = {
        "audience": getattr(effect, "to", ALL),
        "body": wire.dump(effect.body),
        "item": item.id,
        "kind": effect.body.kind,
    }
    return hashlib.sha256(canonical.reencode(said)).hexdigest()


def request(peer: RunningPeer) -> set[str]:
    """Ask every mailbox for what it was not asked for yet; inside a transaction.

    Returns the mailboxes that are asked now. Where there is no mailbox a person is told.
    """
    asks, mailboxes = peer.home.asks.open(), standing(peer).mailboxes
    _tell_of_no_mailbox(peer, len(asks) if not mailboxes else 0)
    told, asked = peer.home.asks.told() if asks else set(), set[str]()
    for ask in asks:
        for mailbox in map(peer.full, mailboxes):
            if (ask.item, mailbox) in told or not has_room(peer, mailbox):
                continue
            peer.home.outgoing.add([_letter(peer, ask)], mailbox, peer.clock.wall_ms())
            peer.home.asks.tell(ask.item, mailbox)
            asked.add(mailbox)
    return asked


def is_due(peer: RunningPeer) -> bool:
    """Whether `request` has anything to do."""
    asks, mailboxes = peer.home.asks.open(), standing(peer).mailboxes
    told = peer.home.asks.told() if asks else set()
    return any(
        not mailboxes or any((ask.item, peer.full(name)) not in told for name in mailboxes)
        for ask in asks
    )


def _letter(peer: RunningPeer, ask: Ask) -> Item:
    stored = peer.home.mail.get(ask.item)
    item = canonical.decode(stored.data)
    return automatic(
        peer, Request(audience=ask.audience, item=item, rule=ask.rule[:500], until=ask.until)
    )


def automatic(peer: RunningPeer, body: Body, priority: int = 1) -> Item:
    """An item that nobody typed and nothing caused: to stewards more urgent than others are."""
    head = Head(
        author=peer.address,
        kind=body.kind,
        salt=canonical.b32(peer.entropy.draw(16)),
        at=peer.clock.wall_ms(),
        auto=True,
        priority=priority,
    )
    return compose(head, body)


def _tell_of_no_mailbox(peer: RunningPeer, waiting: int) -> None:
    concerns, now = peer.home.concerns, peer.clock.wall_ms()
    if not waiting:
        concerns.resolve("no-mailbox", now)
        return
    count = "an item waits" if waiting == 1 else f"{waiting} items wait"
    concerns.renew(
        "no-mailbox",
        "human",
        f"{count} for a steward's yes, and no steward has a mailbox here",
        "a steward joins as a peer, and is admitted with `peer admit NAME --steward`",
        now,
    )


def heed(peer: RunningPeer) -> None:
    """Let decisions and charters that are new have their effect; inside a transaction.

    Whoever forms a page calls it first, so that nothing is signed under rules of yesterday.
    """
    if not is_news(peer):
        return
    holds = standing(peer)
    for ask in peer.home.asks.left():
        _answer(peer, holds, ask)
    for item in peer.home.asks.unpaged():
        _judge_again(peer, item)
    peer.home.state.put("rules", _rules(peer))


def is_news(peer: RunningPeer) -> bool:
    """Whether charters or decisions are others than `heed` saw last."""
    return (peer.home.state.text("rules") or "") != _rules(peer)


def _rules(peer: RunningPeer) -> str:
    """What verdicts rest on, as one hash; empty where nothing is ruled."""
    holds = standing(peer)
    return peer.home.archive.derived("rules", lambda: _summed(holds))


def _summed(holds: Standing) -> str:
    if not holds.decisions and not any(one.policy for one in holds.policy.charters):
        return ""
    decided = sorted(
        (one.of, one.decision, one.scope, str(one.until))
        for said in holds.decisions.values()
        for one in said
    )
    said = repr((holds.policy.charters, decided, holds.mailboxes, holds.is_mailbox))
    return hashlib.sha256(said.encode()).hexdigest()


def _answer(peer: RunningPeer, holds: Standing, ask: Ask) -> None:
    """What decisions and charters say now of something that was asked for."""
    now, said = peer.clock.wall_ms(), holds.decided(ask.hash, peer.address)
    if said is not None and said.decision == "deny":
        peer.home.asks.drop(ask.item, "denied", said.because, now)
        why = f": {said.because}" if said.because else ""
        _tell(peer, ask, f"a steward said no{why}")
        return
    permit = judge(peer, _kinds(peer, peer.home.mail.get(ask.item).data), ask.audience)
    if permit.verdict == "forbidden":
        peer.home.asks.drop(ask.item, "forbidden", permit.rule, now)
        peer.home.asks.count("forbidden", permit.effect, permit.kind)
        _tell(peer, ask, permit.rule)
    elif ask.state == "open" and said is not None and said.decision == "approve":
        in_time = said.until is None or now < said.until
        if in_time and peer.home.asks.release(ask.item, now):
            _remember(peer, ask)


def _remember(peer: RunningPeer, ask: Ask) -> None:
    """My own insights answer questions, from when they are published on."""
    item = stored_item(peer.home.mail.get(ask.item).data, understood=True)
    learning.keep(peer, item, ask.audience)


def _judge_again(peer: RunningPeer, item: Unpaged) -> None:
    """What waits for its first page, by the rules of now."""
    if peer.home.asks.is_approved(item.id):
        return
    permit, now = judge(peer, _kinds(peer, item.data), item.audience), peer.clock.wall_ms()
    if permit.verdict == "forbidden":
        peer.home.asks.drop(item.id, "forbidden", permit.rule, now)
        peer.home.asks.count("forbidden", permit.effect, permit.kind)
        peer.home.concerns.renew(
            f"item:forbidden:{permit.effect}:{permit.kind}",
            "warn",
            f"what waited was not sent any more, last {item.id[:8]}: {permit.rule}",
            "`peer network show` tells the charter; ask a steward",
            now,
        )
    elif permit.verdict == "approve":
        peer.home.asks.hold(item.id)
        _ask(peer, item.id, item.data, item.audience, permit, item.due_ms, None)


def _kinds(peer: RunningPeer, data: bytes) -> list[str]:
    """What policy is asked about: the kind, and of what I sealed also that of what is in it."""
    stored = stored_item(data, understood=True)
    if stored.head.kind != Sealed.kind:
        return [stored.head.kind]
    plain = peer.home.attachments.plain(stored.id)
    opened = None if plain is None else read_plain(stored, plain)
    return [Sealed.kind] if opened is None else [Sealed.kind, opened.item.head.kind]


def lapse(peer: RunningPeer) -> None:
    """What nobody answered in its term waits no more; inside a transaction."""
    for ask in overdue(peer):
        peer.home.asks.drop(ask.item, "lapsed", "", peer.clock.wall_ms())
        _tell(peer, ask, "no steward answered in time")


def overdue(peer: RunningPeer) -> list[Ask]:
    """What has waited for its whole term."""
    return [ask for ask in peer.home.asks.open() if ask.due_ms <= peer.lived_ms]


def stale(peer: RunningPeer) -> list[Ask]:
    """What has waited for a day of this home's life, or has less than its term left."""
    early = peer.lived_ms + (term_days - 1) * DAY_MS
    return [ask for ask in peer.home.asks.open() if ask.due_ms <= early]


def is_stale_news(peer: RunningPeer) -> bool:
    """Whether another number of them is stale than was told."""
    return len(stale(peer)) != peer.home.state.number("stale_asks")


def tell_of_stale(peer: RunningPeer) -> None:
    """A person is told of what nobody answers, and so are stewards, again; in a transaction."""
    waiting, now = stale(peer), peer.clock.wall_ms()
    peer.home.state.put("stale_asks", len(waiting))
    if not waiting:
        peer.home.concerns.resolve(_STALE, now)
        return
    count = "an item has" if len(waiting) == 1 else f"{len(waiting)} items have"
    peer.home.concerns.renew(
        _STALE,
        "human",
        f"{count} waited for a steward's yes for a day or longer, first {waiting[0].item[:8]}",
        f"a steward: `peer approvals`, then `peer approve {waiting[0].item[:8]}` or `peer deny`",
        now,
    )


def _tell(peer: RunningPeer, ask: Ask, why: str) -> None:
    short = ask.item[:8]
    peer.home.concerns.open(
        f"item:approval:{ask.item}",
        "warn",
        f"{short} ({ask.effect} {ask.kind}) will not go out: {why}",
        f"`peer read {short}` shows it; write it otherwise, or ask a steward",
        peer.clock.wall_ms(),
    )
