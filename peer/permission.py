"""What policy says of something that a peer wants to write: free, notice, approve or forbidden.

Rules: every item that leaves a home is judged here, whether a handler or a person wrote it. What
reaches a human (letters to stewards' mailboxes, escalations, requests, digests) is free, so is
taking back one's own words; a vote never waits for a yes, or stewards would vote. The mailboxes of
stewards are bound by no policy: what humans want binds agents. Not here: what follows from a
verdict (`asking`, `effects`, `send`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from peer.instance import HOUR_MS, RunningPeer
from peer.stewards.standing import Standing, standing
from protocol.messages import Digest, Erasure, Escalation, Request
from protocol.page import ALL
from protocol.policy import STRICTNESS, Ruled, Verdict
from protocol.request import effect_to

auto_sends_hourly_max = 30  # automatic letters to one reader
ALWAYS_FREE: Final = frozenset((Escalation.kind, Request.kind, Digest.kind, Erasure.kind))
NEVER_ASKED: Final = frozenset(("vote", "certificate"))
# Whoever has not heard yet what is allowed asks nobody; every network has a charter from the start.
_UNKNOWN: Final = "no charter of the network is known here yet; `peer tick` looks for it"
_WORDS: Final = {"notice": "told to stewards", "approve": "needs a yes", "forbidden": "forbidden"}


@dataclass(frozen=True, slots=True)
class Permit:
    """A verdict on one effect that writes one kind of item, and in words the rule that says so.

    `exempt`: whatever any charter says, and however much was written.
    """

    verdict: Verdict
    effect: str
    kind: str
    rule: str = ""
    exempt: bool = False


def judge(peer: RunningPeer, kinds: Collection[str], audience: str) -> Permit:
    """Whether an item may go to an audience; of several kinds (sealed, and what is in it) all."""
    holds = standing(peer)
    found = [_judge_one(peer, holds, kind, audience) for kind in kinds]
    return max(found, key=lambda one: STRICTNESS.index(one.verdict))


def _judge_one(peer: RunningPeer, holds: Standing, kind: str, audience: str) -> Permit:
    effect = effect_to(audience)
    to_human = audience != ALL and peer.bare(audience) in holds.mailboxes
    if kind in ALWAYS_FREE or to_human or holds.is_mailbox:
        return Permit("free", effect, kind, exempt=True)
    if not holds.policy.is_known:
        return Permit("forbidden", effect, kind, _UNKNOWN)
    ruled = holds.policy.rule(effect, kind)
    verdict = ruled.verdict
    if verdict == "approve" and kind in NEVER_ASKED:
        verdict = "notice"
    return Permit(verdict, effect, kind, _words(ruled, effect, kind))


def judge_inner(peer: RunningPeer, effect: str) -> Permit:
    """Whether an effect that writes no item may happen. What cannot be asked for is forbidden."""
    holds = standing(peer)
    if not holds.policy.is_known and not holds.is_mailbox:
        return Permit("forbidden", effect, "", _UNKNOWN)
    ruled = Ruled("free") if holds.is_mailbox else holds.policy.rule(effect, "")
    verdict: Verdict = "forbidden" if ruled.verdict == "approve" else ruled.verdict
    return Permit(verdict, effect, "", _words(ruled, effect, ""))


def _words(ruled: Ruled, effect: str, kind: str) -> str:
    if ruled.rule is None:
        return ""
    return f"{_WORDS.get(ruled.verdict, 'free')} by the charter of {ruled.scope}: {effect} {kind}"


def over_budget(peer: RunningPeer, effect: str, wanted: int) -> str | None:
    """Why so many more items are too many, and when they are not any more; None: they are not.

    Counted by the wall clock over everything written, also what waits for a yes or was refused one:
    asking has a bound, too.
    """
    holds, now = standing(peer), peer.clock.wall_ms()
    asks, published = peer.home.asks, effect == "publish"
    for budget in () if holds.is_mailbox else holds.policy.budgets(effect):
        since = now - budget.ms
        used = asks.written(published=published, since=since, but=ALWAYS_FREE)
        if used + wanted <= budget.amount:
            continue
        said = f"over the budget of the charter: {budget.amount} × {effect} in {_span(budget.ms)}"
        if wanted > budget.amount:
            return said
        first = asks.written_at(
            published=published, since=since, but=ALWAYS_FREE, n=used + wanted - budget.amount
        )
        return f"{said}; possible again in {_span((first or now) + budget.ms - now)}"
    return None


def has_room(peer: RunningPeer, audience: str) -> bool:
    """Whether one more automatic item may go to an audience in this hour."""
    since = peer.clock.wall_ms() - HOUR_MS
    return peer.home.outgoing.auto_count(audience, since) < auto_sends_hourly_max


def _span(ms: int) -> str:
    for unit, size in (("d", 24 * HOUR_MS), ("h", HOUR_MS), ("min", 60_000)):
        if ms >= size and (ms % size == 0 or ms >= 2 * size):
            return f"{-(-ms // size)} {unit}"
    return f"{max(-(-ms // 1000), 1)} s"
