"""What is in force of all that verified once: one pure answer, so that all who hold the same agree.

In this order: the chain of roots; what it grants; delegations and revocations, as far as whoever
signed them has the right; of every other kind the newest document that its signers may sign *now*.
Where none is left that they may, what held before stays: a key that is withdrawn takes nothing out
of force that nobody has replaced, and the numbers that it used up do not count any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, NamedTuple, TypeVar

from protocol.acts import StewardBody, fault_under
from protocol.charter import TYPE as CHARTER
from protocol.charter import Charter
from protocol.decision import TYPE as DECISION
from protocol.delegation import TYPE as DELEGATION
from protocol.delegation import Delegation
from protocol.order import TYPE as ORDER
from protocol.order import Order, halts_in_force
from protocol.revocation import TYPE as REVOCATION
from protocol.revocation import Revocation
from protocol.root import TYPE as ROOT
from protocol.root import Root
from protocol.roster import TYPE as ROSTER
from protocol.trust import Signed, Trust, ever, grace_ms, interned, trust_of, trust_with

T = TypeVar("T")

# These change what others are worth, so they are read first, in this order.
CHANGES_TRUST: Final = (ROOT, DELEGATION, REVOCATION)


class Held(NamedTuple):
    """A document that verified once, and whose signatures it carries; `read` gives its body."""

    type: str
    scope: str
    number: int
    digest: str
    keys: frozenset[str]
    read: Callable[[], StewardBody]


@dataclass(frozen=True, slots=True)
class Ruling:
    """`roots`: digests from version 1 on. `newest`: (type, scope) → digest of what is in force.

    `unsure`: where that is not by those who may sign it now. `halts`: halts and pauses that nothing
    lifts, by digest. `until`: from then on, ms since 1970,
    it may be another one; None: it stays until a document comes.
    """

    trust: Trust
    roots: tuple[str, ...]
    newest: dict[tuple[str, str], str]
    unsure: frozenset[tuple[str, str]]
    halts: dict[str, Order]
    until: int | None


def ruling_of(network: str, held: Sequence[Held], now_ms: int) -> Ruling | None:
    """What is in force now; None where the first root, whose digest `network` is, is not held.

    `now_ms` is the later of two: the own clock, and when the home last knew the time.
    """
    by_type: dict[str, list[Held]] = {}
    for one in held:
        by_type.setdefault(one.type, []).append(one)
    roots = _chain(network, by_type.pop(ROOT, []))
    if not roots:
        return None
    delegations = by_type.pop(DELEGATION, [])
    signed = [Signed(_as(one, Delegation), one.keys, one.digest) for one in delegations]
    bare = [trust_of(network, _as(one, Root), one.digest) for one in roots]
    void, more = _revoked(by_type.pop(REVOCATION, []), bare, signed)
    last, trust = bare[-1].root, trust_with(bare[-1], signed, void, now_ms, more)
    orders = by_type.pop(ORDER, [])
    by_type.pop(DECISION, None)
    newest, unsure = _newest([*delegations, *chain.from_iterable(by_type.values())], trust)
    newest[ROOT, "*"] = roots[-1].digest
    ends = [one.delegation.until for one in signed] + [last.until]
    until = min((end + grace_ms for end in ends if end and end + grace_ms >= now_ms), default=None)
    return Ruling(
        interned(trust), tuple(one.digest for one in roots), newest, unsure, _halts(orders, trust),
        None if until is None else until + 1,
    )  # fmt: skip


def _revoked(
    some: list[Held], bare: list[Trust], signed: list[Signed]
) -> tuple[list[Revocation], list[Revocation]]:
    """Revocations by keys that a root of the chain names, and by delegated stewards.

    They count for good, whoever lost the right since. Of the latter those do not whose signers a
    key of a root has revoked, also if they were read first.
    """
    void = [one for one in some if any(_revokes(one, trust) for trust in bare)]
    firm = frozenset((body.key, body.scope) for body in (_as(one, Revocation) for one in void))
    once = [replace(ever(trust, signed), void=firm) for trust in bare]
    more = [one for one in some if one not in void and any(_revokes(one, t) for t in once)]
    return [_as(one, Revocation) for one in void], [_as(one, Revocation) for one in more]


def _revokes(one: Held, trust: Trust) -> bool:
    return trust.grant("revocation", one.scope, one.keys) is not None


def _chain(network: str, roots: Iterable[Held]) -> list[Held]:
    """From version 1 on; each was opened as the next one of its `prev`.

    Of two that follow one root a home holds the one that it saw first, which stays: who stole the
    keys of a root that is over must not lead away those who know better.
    """
    left = {one.digest: one for one in roots}
    first = left.pop(network, None)
    found = [] if first is None else [first]
    while found:
        after = [one for one in left.values() if _as(one, Root).prev == found[-1].digest]
        if not after:
            break
        found.append(min(after, key=lambda one: one.digest))
        del left[found[-1].digest]
    return found


def _newest(
    some: list[Held], trust: Trust
) -> tuple[dict[tuple[str, str], str], frozenset[tuple[str, str]]]:
    """For each scope: the highest number, then the lowest digest, of those that hold."""
    found: dict[tuple[str, str], str] = {}
    unsure: set[tuple[str, str]] = set()
    by_place: dict[tuple[str, str], list[Held]] = {}
    for one in sorted(some, key=lambda one: (-one.number, one.digest)):
        by_place.setdefault((one.type, one.scope), []).append(one)
    for place, ranked in by_place.items():
        best = next((one for one in ranked if holds(one, trust)), None)
        if best is None:
            unsure.add(place)
        found[place] = (best or ranked[0]).digest
    return found, frozenset(unsure)


def holds(one: Held, trust: Trust) -> bool:
    """Whether those who signed it may sign it together now."""
    return fault_under(one.read(), one.scope, one.keys, trust) is None


def votes_rest_on(held: Sequence[Held], ruling: Ruling) -> frozenset[str]:
    """By which of these votes are judged, though newer versions may have taken their place.

    Of each key that a charter in force declares votable the rosters that it, or an earlier version
    of it, names, and those versions: what was agreed on by them holds for newcomers, too.
    """
    by_digest = {one.digest: one for one in held if one.type == CHARTER}
    rosters: dict[tuple[str, int], list[Held]] = {}
    for one in held:
        if one.type == ROSTER:
            rosters.setdefault((one.scope, one.number), []).append(one)
    found: set[str] = set()
    for (type_, scope), digest in ruling.newest.items():
        last = _as(by_digest[digest], Charter) if type_ == CHARTER else None
        keys = {(votable.key, votable.cluster) for votable in (last.votable if last else ())}
        for one in by_digest.values() if keys else ():
            if one.scope != scope or one.number > by_digest[digest].number:
                continue
            named = [v for v in _as(one, Charter).votable if (v.key, v.cluster) in keys]
            found.update([one.digest] if named else [])
            every = [rosters.get((v.cluster, v.roster), []) for v in named]
            found.update(_best(some, ruling.trust).digest for some in every if some)
    return frozenset(found)


def _best(rosters: list[Held], trust: Trust) -> Held:
    """Of those of one number one by whoever may sign it now; of those the lowest digest."""
    return min(rosters, key=lambda one: (not holds(one, trust), one.digest))


def _halts(orders: list[Held], trust: Trust) -> dict[str, Order]:
    """Whoever stops somebody has stopped him until he is let go by those who may do that now."""
    known: dict[str, Order] = {}
    for one in orders:
        body = _as(one, Order)
        # A higher threshold since then takes nothing back; a right that all of them lost does.
        if body.order != "resume" or any(
            trust.has_right("resume", one.scope, key) for key in one.keys
        ):
            known[one.digest] = body
    return halts_in_force(known)


def _as(one: Held, form: type[T]) -> T:
    body = one.read()
    assert isinstance(body, form)
    return body
