"""What has to be signed again, because those who signed it may not any more: by that newcomers go.

Rules: only what somebody follows still. Of a crowd of halts of one place one is enough, since who
lets go lifts all that he knows. No one's crowd makes others sign without end: of what has no
number, and of the bytes, so much of each who signed it. Not here: signing (`trusting`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from peer.stewards.gathering import Known
from protocol.acts import act_of, fault_under
from protocol.authority import StewardDocument
from protocol.decision import TYPE as DECISION
from protocol.decision import Decision
from protocol.order import TYPE as ORDER
from protocol.order import Order, contains, halts_in_force
from protocol.revocation import TYPE as REVOCATION
from protocol.root import TYPE as ROOT
from protocol.root import Root
from protocol.ruling import Held, ruling_of, votes_rest_on
from protocol.trust import Trust, trust_of

# Of those whose signatures they carry; numbered documents have their turn in the next round.
unnumbered_max = 256
bytes_max = 16 * 1024 * 1024


def may_sign(document: StewardDocument, trust: Trust, key: str) -> bool:
    """Whether a key may be one of those who sign a document; of a root, by either root."""
    act = act_of(document.body)
    if trust.has_right(act, document.scope, key):
        return True
    own = isinstance(document.body, Root) and trust_of(trust.network, document.body, "")
    return bool(own and own.has_right(act, document.scope, key))


def upcoming(known: Known, now_ms: int) -> Trust:
    """Who may sign what once the root that waits for signatures is there; else the present one."""
    waiting = [part for part in known.parts if part.type == ROOT]
    if not waiting:
        return known.trust
    one = waiting[0]
    root = Held(one.type, one.scope, one.number, one.digest, one.keys, lambda: one.body)
    ruling = ruling_of(
        known.trust.network, [*(held for _, held in known.documents.held()), root], now_ms
    )
    assert ruling is not None  # the first root is known
    return ruling.trust


def to_sign_again(
    known: Known,
    trust: Trust,
    now_ms: int,
    disowned: Collection[str] = (),
    done: Collection[str] = (),
) -> list[StewardDocument]:
    """What holds and would not be accepted from its present signers under `trust`.

    What is in force, and what votes rest on, though something newer may be in force. `done`: what
    was signed again already.
    """
    kept = [held for digest, held in known.documents.held() if digest not in disowned]
    ruling = ruling_of(known.trust.network, kept, now_ms)
    assert ruling is not None
    newest = [ruling.newest[place] for place in sorted(ruling.newest) if place[0] != ROOT]
    votes = sorted(votes_rest_on(kept, ruling) - set(newest))
    sure = [one.digest for one in kept if one.digest not in known.hearsay]
    chosen = (
        *newest,
        *votes,
        *_orders(known, [one for one in sure if known.documents.entry(one).type == ORDER], trust),
        *(one for one in sure if known.documents.entry(one).type in (REVOCATION, DECISION)),
    )
    documents = (known.documents[digest] for digest in chosen if digest not in done)
    return list(_bounded(one for one in documents if not _is_yes(one) and _is_lost(one, trust)))


def _orders(known: Known, digests: Iterable[str], trust: Trust) -> list[str]:
    """Those of the orders on which it depends who is halted and who is not, sound or lost."""
    bodies = {digest: body for digest in digests if (body := _order(known, digest)) is not None}
    lost = {digest for digest in bodies if _is_lost(known.documents[digest], trust)}
    halts = halts_in_force(bodies)
    chosen, spans = list[str](), dict[str, float]()
    for digest in sorted(halts, key=lambda one: (-_span(halts[one]), one in lost, one)):
        scope, span = halts[digest].scope, _span(halts[digest])
        if all(spans.get(wide, -1) < span for wide in _around(scope)):
            chosen.append(digest)
            spans[scope] = span
    lifted = set[tuple[str, str]]()
    for digest in sorted(bodies.keys() - halts.keys(), key=lambda one: (one in lost, one)):
        lifts = _lifts(bodies[digest], bodies)
        if not lifts <= lifted:
            chosen.append(digest)
            lifted |= lifts
    return chosen


def _order(known: Known, digest: str) -> Order | None:
    body = known.documents[digest].body
    return body if isinstance(body, Order) else None


def _span(halt: Order) -> float:
    return float("inf") if halt.ms is None else halt.ms


def _around(scope: str) -> Iterator[str]:
    """Every scope that contains this one."""
    yield from ("*", scope)
    rest = scope.partition("@")[2] or scope
    while rest:
        yield rest
        rest = rest.partition(".")[2]


def _lifts(order: Order, known: dict[str, Order]) -> set[tuple[str, str]]:
    """What a resume lifts; of what nobody knows here perhaps within its own scope."""
    return {
        (digest, "" if digest in known else order.scope)
        for digest in order.lifts
        if digest not in known or contains(order.scope, known[digest].scope)
    }


def _bounded(documents: Iterable[StewardDocument]) -> Iterator[StewardDocument]:
    """So many of each who signed them."""
    many: Counter[frozenset[str]] = Counter()
    size: Counter[frozenset[str]] = Counter()
    for one in documents:
        many[one.keys] += not one.number
        size[one.keys] += len(one.data)
        if (one.number or many[one.keys] <= unnumbered_max) and size[one.keys] <= bytes_max:
            yield one


def _is_yes(document: StewardDocument) -> bool:
    """A no stays with those who know it, so newcomers must learn it, too; a yes ends."""
    return isinstance(document.body, Decision) and document.body.decision == "approve"


def _is_lost(document: StewardDocument, trust: Trust) -> bool:
    """Whether somebody who sees it for the first time would refuse it."""
    if any(not may_sign(document, trust, key) for key in document.keys):
        return True
    return fault_under(document.body, document.scope, document.keys, trust) is not None
