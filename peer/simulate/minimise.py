"""From a long run that goes wrong to a short one that goes wrong in the same way.

Rules: "the same" is the same checker. Deterministic: equal plans, equal answers. Bounded: at most
`runs_max` runs, of which a stage takes half of what is left, so that every stage has its turn.
Less time comes first, because everything after it is then cheaper; strikes, letters and peers are
thinned out by delta debugging (Zeller and Hildebrandt 2002, `ddmin`).

A promise that has to hold *in the end* is broken by every run that ends too early. So where the
violation stands in the last round, the quiet phase stays as long as it is; and where it stands
earlier, a run that fails only in its last round is another matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from peer.simulate.outcome import Outcome, Violation
from peer.simulate.plan import Plan
from peer.simulate.scenario import fault_names

RUNS_MAX = 400
_PASSES_MAX = 4
T = TypeVar("T")


def minimise(
    plan: Plan,
    fails: Callable[[Plan], Outcome],
    runs_max: int = RUNS_MAX,
    watch: Callable[[int, Outcome], None] | None = None,
) -> Plan:
    """The smallest plan found that fails as `plan` does; `plan` itself where it does not fail.

    `watch(runs, outcome)` is called after every run with the smallest failing outcome so far.
    """
    search = _Search(plan, fails, runs_max, watch)
    if search.target is None:
        return plan
    for _ in range(_PASSES_MAX):
        before = search.best
        for stage in (_time, _strikes, _letters, _peers):
            search.allow_half()
            stage(search)
        if search.best == before:
            break
    search.allow_half()
    _quiet(search)
    return search.best


def ddmin(items: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """A part of `items` that still fails and none of whose items can be left out alone.

    `items` are known to fail. Deterministic; after `fails` has begun to say no to everything it
    ends within twice as many calls as items are left.
    """
    left, parts = list(items), 2
    if not left or fails([]):
        return []
    while len(left) >= 2:
        size = -(-len(left) // parts)
        chunks = [left[at : at + size] for at in range(0, len(left), size)]
        rests = [
            left[: at * size] + left[(at + 1) * size :]
            for at in range(len(chunks))
            if len(chunks) > 2  # of two, each is the rest of the other
        ]
        smaller = next((part for part in [*chunks, *rests] if fails(part)), None)
        if smaller is not None:
            parts = 2 if len(smaller) <= size else max(parts - 1, 2)
            left = smaller
        elif size == 1:
            break
        else:
            parts = min(parts * 2, len(left))
    return left


class _Search:
    """The best plan so far, its outcome, and what may still be spent."""

    def __init__(
        self,
        plan: Plan,
        fails: Callable[[Plan], Outcome],
        runs_max: int,
        watch: Callable[[int, Outcome], None] | None,
    ) -> None:
        self._fails, self._watch = fails, watch
        self._runs, self._runs_max = 1, runs_max
        self._allowed = runs_max
        self.best, self.outcome = plan, fails(plan)
        self.target = next(iter(self.outcome.violations), None)
        self.in_the_end = self.target is not None and _last(self.outcome, self.target)

    @property
    def violation(self) -> Violation:
        """The violation of the best plan that this is about."""
        return next(v for v in self.outcome.violations if self._same(v))

    def allow_half(self) -> None:
        """The next stage may spend half of the runs that are left."""
        self._allowed = self._runs + -(-(self._runs_max - self._runs) // 2)

    def attempt(self, plan: Plan, exactly: bool = False) -> bool:
        """Take `plan` if it fails in the same way; `exactly`: word for word."""
        if self._runs >= self._allowed:
            return False
        self._runs += 1
        outcome = self._fails(plan)
        found = [v for v in outcome.violations if self._same(v)]
        if exactly:
            found = [v for v in found if v == self.violation]
        elif not self.in_the_end:
            found = [v for v in found if not _last(outcome, v)]
        if found:
            self.best, self.outcome = plan, outcome
        if self._watch is not None:
            self._watch(self._runs, self.outcome)
        return bool(found)

    def _same(self, violation: Violation) -> bool:
        return self.target is not None and violation.checker == self.target.checker


def _last(outcome: Outcome, violation: Violation) -> bool:
    return violation.round >= outcome.ticks + outcome.quiet - 1


def _time(search: _Search) -> None:
    """Stop after the violation; then the shortest time that bisection finds."""
    ticks, _ = search.best.rounds()
    if 0 < (enough := search.violation.round + 1) < ticks:
        search.attempt(replace(search.best, ticks=enough))
    low, high = 1, search.best.rounds()[0]
    while low < high:
        middle = (low + high) // 2
        if search.attempt(replace(search.best, ticks=middle)):
            high = middle
        else:
            low = middle + 1


def _strikes(search: _Search) -> None:
    """Only what struck may strike, and less and less of it."""

    def fails(some: list[str]) -> bool:
        return search.attempt(replace(search.best, only=frozenset(some)))

    # A fault that changes something and then says that nothing happened is among the wanted only.
    for keys in ([strike.key for strike in search.outcome.strikes], _wanted(search)):
        if fails(keys):
            ddmin(keys, fails)
            return


def _wanted(search: _Search) -> list[str]:
    """Every key that might strike, by time."""
    plan = search.best
    ticks, _ = plan.rounds()
    faults = dict.fromkeys(plan.faults_in_force(fault_names()))
    faults |= dict.fromkeys(event["fault"] for event in plan.scenario.at)
    names = search.outcome.names
    keys = (f"{name}:{slot}:{fault}" for slot in range(ticks) for name in names for fault in faults)
    return [key for key in keys if plan.strikes(key)]


def _letters(search: _Search) -> None:
    """Fewer slots in which letters are written."""
    ticks, _ = search.best.rounds()
    slots = [f"{name}:{slot}" for slot in range(ticks) for name in search.outcome.names]
    if search.best.letters is not None:
        slots = [slot for slot in slots if slot in search.best.letters]

    def fails(some: list[str]) -> bool:
        return search.attempt(replace(search.best, letters=frozenset(some)))

    if fails(slots):
        ddmin(slots, fails)


def _peers(search: _Search) -> None:
    """Fewer peers, but one."""
    names = search.best.instances()

    def fails(some: list[str]) -> bool:
        return bool(some) and search.attempt(replace(search.best, names=tuple(some)))

    ddmin(names, fails)


def _quiet(search: _Search) -> None:
    """No quiet phase after a violation that did not wait for its end."""
    if search.in_the_end:
        return
    ticks, quiet = search.best.rounds()
    enough = max(search.violation.round + 1 - ticks, 0)
    if enough < quiet:
        search.attempt(replace(search.best, quiet=enough), exactly=True)
