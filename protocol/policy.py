"""What the charters in force allow an agent to do, as one value: rules, goals, budgets, votes.

Within one charter the first rule that fits decides; of several charters the strictest verdict
counts, every budget holds, and where two name a votable key, the one of the wider scope says which
roster votes. Values in, values out: no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from protocol.charter import Budget, Charter, Goal, Rule, Votable

Verdict = Literal["free", "notice", "approve", "forbidden"]
Flag = Literal["no-goal", "unknown-goal"]
STRICTNESS: Final[tuple[Verdict, ...]] = ("free", "notice", "approve", "forbidden")


@dataclass(frozen=True, slots=True)
class Ruled:
    """A verdict, the rule that says it and the scope of its charter; None where all is free."""

    verdict: Verdict
    rule: Rule | None = None
    scope: str = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one peer; `charters` are those in force whose scope it is in, widest first."""

    charters: tuple[Charter, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the charter of the whole network is among them: without it nothing is allowed."""
        return any(charter.scope == "*" for charter in self.charters)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals that are active, those of the widest charter first; each id once."""
        found: dict[str, Goal] = {}
        for charter in self.charters:
            for goal in charter.goals:
                if goal.state == "active":
                    found.setdefault(goal.id, goal)
        return tuple(found.values())

    def flag(self, serves: Sequence[str]) -> Flag | None:
        """See `flag_of`."""
        return flag_of(self.goals, serves)

    @property
    def values(self) -> tuple[str, ...]:
        """The values, those of the widest charter first."""
        return tuple(dict.fromkeys(value for one in self.charters for value in one.values))

    def rule(self, effect: str, kind: str) -> Ruled:
        """What becomes of an effect that writes an item of this kind (empty: it writes none)."""
        found = [_in_one(charter, effect, kind) for charter in self.charters]
        return max(found, key=lambda one: STRICTNESS.index(one.verdict), default=Ruled("free"))

    def budgets(self, what: str) -> tuple[Budget, ...]:
        """Every bound on `what`; all of them hold."""
        return tuple(b for charter in self.charters for b in charter.budgets if b.what == what)

    def votable(self, key: str, cluster: str) -> Votable | None:
        """Whether the peers of a cluster may agree on `key`; the widest charter that says so."""
        return next((v for v in self.all_votable(cluster) if v.key == key), None)

    def all_votable(self, cluster: str) -> tuple[Votable, ...]:
        """What the peers of a cluster may agree on; each key once."""
        found: dict[str, Votable] = {}
        for charter in self.charters:
            for votable in charter.votable:
                if votable.cluster == cluster:
                    found.setdefault(votable.key, votable)
        return tuple(found.values())


def flag_of(goals: Sequence[Goal], serves: Sequence[str]) -> Flag | None:
    """What is odd about something that says it serves these goals; nothing where there are none.

    `no-goal`: none of them is in force; `unknown-goal`: some are, and some are not.
    """
    known = {goal.id for goal in goals}
    if not known or (serves and known.issuperset(serves)):
        return None
    return "no-goal" if known.isdisjoint(serves) else "unknown-goal"


def _in_one(charter: Charter, effect: str, kind: str) -> Ruled:
    for rule in charter.policy:
        if rule.effect in ("*", effect) and rule.kind in ("*", kind):
            return Ruled(_known(rule.verdict), rule, charter.scope)
    return Ruled("free")


def _known(word: str) -> Verdict:
    return next((verdict for verdict in STRICTNESS if verdict == word), "forbidden")


def policy_of(charters: Sequence[Charter]) -> Policy:
    """The policy of whoever all of these speak for; `*` first, then regions, clusters, peers."""
    return Policy(tuple(sorted(charters, key=lambda charter: _width(charter.scope))))


def _width(scope: str) -> tuple[int, int, str]:
    if scope == "*":
        return (0, 0, scope)
    return (1 + ("@" in scope), scope.count("."), scope)
