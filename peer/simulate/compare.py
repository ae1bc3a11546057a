"""The figures of a run, and those of two runs side by side.

A figure is computed from the rounds of an outcome, so that report, table and command line say the
same. Nothing here judges which run is better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peer.simulate.outcome import Outcome, Round
from peer.simulate.report.words import counted, number, size, span

Cell = tuple[str, float | None]  # what is shown, and what the ratio is taken of


def table(a: Outcome, b: Outcome) -> list[tuple[str, str, str, str]]:
    """Rows of what, A, B and how B stands to A in words."""
    return [
        (what, (left := tell(a))[0], (right := tell(b))[0], ratio(left[1], right[1]))
        for what, tell in _ROWS
    ]


def ratio(a: float | None, b: float | None) -> str:
    """How `b` stands to `a`: `equal`, `B is 12 % more`, `A is 3.5 times B`; empty if unknown."""
    if a is None or b is None:
        return ""
    if a == b:
        return "equal"
    if not a or not b:
        return "none in A" if not a else "none in B"
    if not 0.5 < b / a < 2:
        larger, smaller, factor = ("B", "A", b / a) if b > a else ("A", "B", a / b)
        return f"{larger} is {number(round(factor, 1))} times {smaller}"
    percent = round(abs(b / a - 1) * 100)
    return f"B is {percent} % {'more' if b > a else 'less'}" if percent else "nearly equal"


def rank(ascending: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile: a value that was measured, never one in between."""
    if not ascending:
        return None
    return ascending[max(-(-percent * len(ascending) // 100), 1) - 1]


def per_tick(outcome: Outcome, amount: Callable[[Round], int]) -> float | None:
    """The mean over all ticks of the run; None where nobody ticked."""
    ticks = whole(outcome, lambda one: one.ticks)
    return whole(outcome, amount) / ticks if ticks else None


def whole(outcome: Outcome, amount: Callable[[Round], int]) -> int:
    """The sum over all rounds of what is told of each."""
    return sum(map(amount, outcome.rounds))


def promised(outcome: Outcome) -> int:
    """Letters written in the run, one to all once for each reader."""
    return outcome.rounds[-1].promised if outcome.rounds else 0


def acted(outcome: Outcome) -> int:
    """Letters of these that their readers acted on."""
    return promised(outcome) - (outcome.rounds[-1].under_way if outcome.rounds else 0)


def settled_after(outcome: Outcome) -> int | None:
    """The quiet round (1 is the first) at whose end no letter was on its way any more, for good."""
    quiet = [one.under_way for one in outcome.rounds if one.quiet]
    if not quiet or quiet[-1]:
        return None
    return max((number for number, left in enumerate(quiet, 1) if left), default=0) + 1


def _verdict(outcome: Outcome) -> Cell:
    broken = len(outcome.violations)
    return (counted(broken, "violation") if broken else "nothing broken", None)


def _count(tell: Callable[[Outcome], int]) -> Callable[[Outcome], Cell]:
    return lambda outcome: (number(tell(outcome)), tell(outcome))


def _wait(percent: int) -> Callable[[Outcome], Cell]:
    def tell(outcome: Outcome) -> Cell:
        rounds = rank(outcome.waits, percent)
        if rounds is None:
            return "–", None
        took = f" ({_hours(rounds * outcome.every_ms)})" if rounds else ""
        return f"{counted(rounds, 'round')}{took}", rounds

    return tell


def _hours(elapsed_ms: int) -> str:
    return f"{number(elapsed_ms / 3_600_000)} h" if elapsed_ms >= 3_600_000 else span(elapsed_ms)


def _mean(amount: Callable[[Round], int], say: Callable[[float], str]) -> Callable[[Outcome], Cell]:
    def tell(outcome: Outcome) -> Cell:
        mean = per_tick(outcome, amount)
        return ("–", None) if mean is None else (say(mean), mean)

    return tell


def _last(amount: Callable[[Round], int], say: Callable[[float], str]) -> Callable[[Outcome], Cell]:
    def tell(outcome: Outcome) -> Cell:
        if not outcome.rounds:
            return "–", None
        return say(amount(outcome.rounds[-1])), amount(outcome.rounds[-1])

    return tell


def _settled(outcome: Outcome) -> Cell:
    quiet = sum(one.quiet for one in outcome.rounds)
    rounds = settled_after(outcome)
    if rounds is None:
        return (f"not within {counted(quiet, 'round')}" if quiet else "no quiet phase"), None
    return counted(rounds, "round"), rounds


_ROWS: tuple[tuple[str, Callable[[Outcome], Cell]], ...] = (
    ("verdict", _verdict),
    ("letters promised", _count(promised)),
    ("letters acted on", _count(acted)),
    ("wait, median", _wait(50)),
    ("wait, 95 of 100 within", _wait(95)),
    ("wait, worst", _wait(100)),
    ("share calls a tick", _mean(lambda one: one.calls, number)),
    ("read a tick", _mean(lambda one: one.read_bytes, size)),
    ("written a tick", _mean(lambda one: one.written_bytes, size)),
    ("files on the share at the end", _last(lambda one: one.files, number)),
    ("bytes on the share at the end", _last(lambda one: one.share_bytes, size)),
    ("strikes", _count(lambda outcome: len(outcome.strikes))),
    ("quarantined", _count(lambda outcome: whole(outcome, lambda one: one.quarantined))),
    ("ticks of parked peers", _count(lambda outcome: whole(outcome, lambda one: one.parked))),
    ("settled after faults stopped", _settled),
)
