"""What a charter says, in sentences; how it differs from another; where it allows agents more.

Pure. Texts of goals and values stand in it as they are, on one line: whoever shows a sentence makes
it harmless. Not here: other documents (`wording`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, get_args

from protocol.charter import Budget, Charter, Goal, Rule, Votable
from protocol.effect import Effect
from protocol.messages import KINDS
from protocol.policy import STRICTNESS, Verdict

WARNING: Final = "WARNING: "
_DOING: Final = {
    "send": "sending",
    "publish": "publishing",
    "remember": "remembering",
    "record-evidence": "recording as evidence",
    "escalate": "escalating",
    "settle": "settling",
}
_VERDICTS: Final = {
    "free": "is free",
    "notice": "is free, and the stewards get notice",
    "approve": "needs approval",
    "forbidden": "is forbidden",
}
_BEFORE: Final[dict[Verdict, str]] = {
    "free": "was free",
    "notice": "gave the stewards notice",
    "approve": "needed approval",
    "forbidden": "was forbidden",
}
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))
_OTHER: Final = ""  # stands for every word that no rule names; no effect and no kind is called so
_ENGINES_USE: Final = ("tokens", "money")


def one_line(text: str) -> str:
    """A text without line breaks and heaps of spaces."""
    return " ".join(text.split())


def span(ms: int) -> str:
    """A time, exactly: `1 h`, `90 min`, `1500 ms`."""
    name, size = next((unit for unit in _UNITS if ms and ms % unit[1] == 0), ("ms", 1))
    return f"{ms // size} {name}"


def goal_words(goal: Goal) -> str:
    """`understand: Understand drives.`; one that is not active says so."""
    why = f" because {one_line(goal.because)}" if goal.because else ""
    state = "" if goal.state == "active" and not why else f" ({goal.state}{why})"
    return f"{goal.id}{state}: {one_line(goal.text)}"


def rule_words(rule: Rule) -> str:
    """`publishing an insight needs approval`."""
    meant = _VERDICTS.get(rule.verdict)
    if meant is None:
        meant = f"is forbidden, because this version does not know the verdict {rule.verdict}"
    return f"{_doing(rule.effect, rule.kind)} {meant}"


def budget_words(budget: Budget) -> str:
    """`send: at most 30 in any 1 h`."""
    return f"{budget.what}: at most {_amount(budget)} in any {span(budget.ms)}"


def votable_words(votable: Votable) -> str:
    """`the peers of lab may agree on retry.ms; roster 4 says who votes`."""
    roster = f"roster {votable.roster} says who votes"
    return f"the peers of {votable.cluster} may agree on {votable.key}; {roster}"


def charter_words(charter: Charter) -> list[str]:
    """Everything that a charter says."""
    return [
        *(f"goal {goal_words(goal)}" for goal in charter.goals),
        *(f"value: {one_line(value)}" for value in charter.values),
        *(f"rule {n}: {rule_words(rule)}" for n, rule in enumerate(charter.policy, 1)),
        *(f"budget {budget_words(budget)}" for budget in charter.budgets),
        *(votable_words(votable) for votable in charter.votable),
    ]


def charter_changes(new: Charter, old: Charter) -> list[str]:
    """What one says and the other does not; empty where they say the same, in the same order."""
    return [
        *_goal_changes(new.goals, old.goals),
        *_changes("value", list(new.values), list(old.values)),
        *_rule_changes(new.policy, old.policy),
        *_changes(
            "budget", list(map(budget_words, new.budgets)), list(map(budget_words, old.budgets))
        ),
        *_votable_changes(new.votable, old.votable),
    ]


def widenings(new: Charter, old: Charter) -> list[str]:
    """Where one allows agents more than the other, as far as the two say; warnings in sentences."""
    return [
        *(WARNING + found for found in _freed(new, old)),
        *(WARNING + found for found in _unbound(new, old)),
        *(WARNING + found for found in _newly_votable(new, old)),
    ]


def idle_words(charter: Charter) -> list[str]:
    """Rules and budgets that bind nothing that this version knows: most likely a slip of the pen.

    A rule that forbids `pubish` forbids nothing.
    """
    effects = {effect.name for effect in get_args(Effect)}
    found = []
    for n, rule in enumerate(charter.policy, 1):
        if rule.effect not in ("*", *effects):
            known = ", ".join(sorted(effects))
            found.append(f"rule {n} holds for no effect: there is no {rule.effect}, only {known}")
        if rule.kind not in ("*", *KINDS):
            found.append(f"rule {n} holds for no item that this version knows: {rule.kind}")
    found += [
        f"the budget of {budget.what} binds nothing: that is no effect, tokens or money"
        for budget in charter.budgets
        if budget.what not in (*effects, *_ENGINES_USE)
    ]
    return [WARNING + text for text in found]


def _doing(effect: str, kind: str) -> str:
    if effect in ("*", _OTHER):
        other = "any other effect" if effect == _OTHER else "every effect"
        return other if kind == "*" else f"{other} that writes {_thing(kind)}"
    return f"{_DOING.get(effect, f'the effect {effect} with')} {_thing(kind)}"


def _thing(kind: str) -> str:
    if kind == "*":
        return "anything"
    if kind == _OTHER:
        return "anything else"
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _amount(budget: Budget) -> str:
    if budget.what != "money":
        return f"{budget.amount:,}"
    units, rest = divmod(budget.amount, 1_000_000)
    return f"{units:,}" + f".{rest:06}".rstrip("0") if rest else f"{units:,}"


def _changes(what: str, new: Sequence[str], old: Sequence[str]) -> Iterator[str]:
    """What is new in a list, what is gone from it, and whether the rest stands in another order."""
    yield from (f"new {what}: {one_line(one)}" for one in (Counter(new) - Counter(old)).elements())
    yield from (f"{what} gone: {one_line(one)}" for one in (Counter(old) - Counter(new)).elements())
    if _common(new, old) != _common(old, new):
        yield f"each {what} stands in another order"


def _common(of: Sequence[str], other: Sequence[str]) -> list[str]:
    """The members of a list that another one has, too, in order."""
    left = Counter(of) & Counter(other)
    found = []
    for one in of:
        if left[one]:
            left[one] -= 1
            found.append(one)
    return found


def _goal_changes(new: Sequence[Goal], old: Sequence[Goal]) -> Iterator[str]:
    before, after = {goal.id: goal for goal in old}, {goal.id: goal for goal in new}
    for goal in new:
        was = before.get(goal.id)
        if was is None:
            yield f"new goal {goal_words(goal)}"
        elif was != goal:
            yield from _one_goal(goal, was)
    yield from (f"goal gone: {goal_words(goal)}" for goal in old if goal.id not in after)
    if [g for g in before if g in after] != [g for g in after if g in before]:
        yield "each goal stands in another order"


def _one_goal(goal: Goal, was: Goal) -> Iterator[str]:
    why = f" because {one_line(goal.because)}" if goal.because else ""
    if goal.state != was.state:
        how = "is in force again" if goal.state == "active" else f"is {goal.state}"
        yield f"goal {goal.id} {how}{why}: {one_line(goal.text)}"
    elif goal.because != was.because:
        yield f"goal {goal.id} is {goal.state}{why or ', and nobody says why any more'}"
    if goal.text != was.text:
        yield f"goal {goal.id} says from now on: {one_line(goal.text)}"
        yield f"  and said before: {one_line(was.text)}"


def _rule_changes(new: Sequence[Rule], old: Sequence[Rule]) -> Iterator[str]:
    """With their places: of several rules that fit the first holds."""
    added, gone = Counter(new) - Counter(old), Counter(old) - Counter(new)
    for n, rule in enumerate(new, 1):
        if added[rule]:
            added[rule] -= 1
            yield f"new rule {n} of {len(new)}: {rule_words(rule)}"
    yield from (f"rule gone: {rule_words(rule)}" for rule in gone.elements())
    names, before = list(map(rule_words, new)), list(map(rule_words, old))
    if _common(names, before) != _common(before, names):
        yield "the rules stand in another order; of several that fit the first holds"


def _votable_changes(new: Sequence[Votable], old: Sequence[Votable]) -> Iterator[str]:
    before = {(one.cluster, one.key): one for one in old}
    after = {(one.cluster, one.key) for one in new}
    for one in new:
        was = before.get((one.cluster, one.key))
        if was is None:
            yield f"new: {votable_words(one)}"
        elif was != one:
            yield f"changed: {votable_words(one)} (before: roster {was.roster})"
    yield from (f"gone: {votable_words(one)}" for one in old if (one.cluster, one.key) not in after)
    if [k for k in before if k in after] != [k for k in _keys(new) if k in before]:
        yield "each votable key stands in another order"


def _keys(votable: Sequence[Votable]) -> list[tuple[str, str]]:
    return [(one.cluster, one.key) for one in votable]


# ------------------------------------------------------------------------------ what is wider

Table = dict[tuple[str, str], tuple[int, Verdict]]


def _freed(new: Charter, old: Charter) -> Iterator[str]:
    """Each pair of effect and kind that is ruled more mildly, put together where many are alike.

    The words that rules name, and one that stands for every other, are all the cases there are.
    """
    rules = (*new.policy, *old.policy)
    effects = [*dict.fromkeys(rule.effect for rule in rules if rule.effect != "*"), _OTHER]
    kinds = [*dict.fromkeys(rule.kind for rule in rules if rule.kind != "*"), _OTHER]
    tables = _table(new.policy), _table(old.policy)
    found: dict[tuple[str, Verdict, Verdict], list[str]] = {}
    for effect, kind in product(effects, kinds):
        now, before = (_ruled(table, effect, kind) for table in tables)
        if STRICTNESS.index(now) < STRICTNESS.index(before):
            found.setdefault((effect, before, now), []).append(kind)
    everything = {
        key[1:]
        for key, freed in found.items()
        if all(found.get((effect, *key[1:])) == kinds for effect in effects) and freed == kinds
    }
    for before, now in sorted(everything):
        yield f"{_doing('*', '*')} {_BEFORE[before]} and {_now(now)}"
    for (effect, before, now), freed in found.items():
        if (before, now) not in everything:
            for kind in ["*"] if freed == kinds else freed:
                yield f"{_doing(effect, kind)} {_BEFORE[before]} and {_now(now)}"


def _now(verdict: Verdict) -> str:
    return _VERDICTS[verdict].replace("is ", "is now ", 1).replace("needs", "needs now only", 1)


def _table(rules: Sequence[Rule]) -> Table:
    """For each pattern the first rule of it, with its place."""
    found: Table = {}
    for place, rule in enumerate(rules):
        verdict: Verdict = next((v for v in STRICTNESS if v == rule.verdict), "forbidden")
        found.setdefault((rule.effect, rule.kind), (place, verdict))
    return found


def _ruled(table: Table, effect: str, kind: str) -> Verdict:
    """As `Policy.rule` of one charter says it, without walking through all rules."""
    patterns = ((effect, kind), (effect, "*"), ("*", kind), ("*", "*"))
    fitting = [table[pattern] for pattern in patterns if pattern in table]
    return min(fitting)[1] if fitting else "free"


def _unbound(new: Charter, old: Charter) -> Iterator[str]:
    for was in dict.fromkeys(old.budgets):
        alike = [budget for budget in new.budgets if budget.what == was.what]
        if any(_implies(budget, was) for budget in alike):
            continue
        now = "; ".join(map(budget_words, alike)) or "nothing bounds it any more"
        yield f"more is allowed than before ({budget_words(was)}): now {now}"


def _implies(budget: Budget, was: Budget) -> bool:
    """Whether who keeps one budget cannot exceed the other."""
    if budget == was or not budget.ms:
        return budget == was
    return budget.amount * max(-(-was.ms // budget.ms), 1) <= was.amount


def _newly_votable(new: Charter, old: Charter) -> Iterator[str]:
    before = set(old.votable)
    for one in new.votable:
        if one not in before:
            yield f"by a vote, {votable_words(one)}"
