"""The charter: what the network is for, and what agents may do. Only stewards sign it.

A charter speaks for a scope. Of several that speak for a peer all hold: goals and values add up,
and the strictest policy counts (`protocol.policy`), so a region can narrow what the network allows
and never widen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import (
    ClusterName,
    Count,
    Hash,
    Line,
    Millis,
    NetworkId,
    Scope,
    Seq,
    Text,
    Word,
)
from protocol.wire import AtMost, Form

TYPE: Final = "soma/charter/1"
Pattern = Annotated[str, Form(r"\*|[a-z0-9][a-z0-9._/-]*", limits.word_chars_max)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Something the stewards want; `id` is a short word that agents can refer to.

    `because` says why it is retired, if anybody said so.
    """

    id: Word
    text: Text
    state: Word = "active"
    because: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What becomes of an effect (`*`: any) that writes an item of this kind (`*`: any).

    `verdict`: free, notice, approve, forbidden; a word that is not known forbids.
    """

    effect: Pattern
    kind: Pattern = "*"
    verdict: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A peer does at most `amount` of `what` in any `ms`.

    `what` is an effect, or what an engine uses up: `tokens`, or `money` in millionths of a unit.
    """

    what: Word
    amount: Count
    ms: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Votable:
    """Peers of `cluster` may agree on the value of `key`: who votes is in roster `roster`."""

    key: Word
    cluster: ClusterName
    roster: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """Goals (what), values (why) and policy (within which bounds) of everybody within `scope`.

    Of `policy` the first rule that fits an effect holds; what none fits is free.
    """

    type: Literal["soma/charter/1"] = TYPE
    network: NetworkId
    scope: Scope = "*"
    version: Seq
    prev: Hash | None = None
    at: Millis
    goals: Annotated[tuple[Goal, ...], AtMost(limits.goals_max)] = ()
    values: Annotated[tuple[Line, ...], AtMost(limits.goals_max)] = ()
    policy: Annotated[tuple[Rule, ...], AtMost(limits.rules_max)] = ()
    budgets: Annotated[tuple[Budget, ...], AtMost(limits.rules_max)] = ()
    votable: Annotated[tuple[Votable, ...], AtMost(limits.rules_max)] = ()

    def fault(self) -> str | None:
        """What makes it ambiguous, or None: a goal and a votable key stand once."""
        goals = [goal.id for goal in self.goals]
        keys = [(one.cluster, one.key) for one in self.votable]
        if len(goals) != len(set(goals)):
            return "it names a goal twice"
        return "it names a votable key twice" if len(keys) != len(set(keys)) else None
