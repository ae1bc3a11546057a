"""Rounds, turns, medians and the table: what every benchmark shares.

Rules: everybody takes a turn in every round (A B C A B C …), so that a noisy minute hurts all
alike; nobody pays for what an earlier turn left to be written; the first round warms up and does
not count; what is compared are medians of one run.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

# One turn: does what it has to before and after, and returns the seconds that count.
Turn = Callable[[], float]


class Target(NamedTuple):
    """How often `row` should take as long as the base of its table: a bound from one side."""

    row: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, ratio: float) -> bool:
        """Whether a measured ratio keeps the bound."""
        low, high = self.at_least, self.at_most
        return (low is None or ratio >= low) and (high is None or ratio <= high)

    def bound(self) -> str:
        """The bound in words."""
        if self.at_least is not None:
            return f"at least {self.at_least:g} ×"
        return f"at most {self.at_most:g} ×"


def timed(work: Callable[[], object]) -> float:
    """The seconds that `work` takes, with no garbage of others to clear away."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def typical(work: Callable[[], object], calls: int) -> float:
    """The seconds of a typical one of several calls in a row: what is warm stays warm."""
    gc.collect()
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def contest(
    title: str, base: str, turns: Mapping[str, Turn], targets: Sequence[Target], rounds: int
) -> dict[str, float]:
    """Let everybody take turns, print the table and the targets; returns the medians, seconds.

    The ratio of a row is its median divided by that of the row `base`.
    """
    times: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            _settle()
            seconds = turn()
            if number:
                times[name].append(seconds)
    print(f"\n{title} ({rounds} rounds)\n")
    width = max(map(len, turns))
    print(f"  {'':{width}}  {'median':>10}  {'fastest':>10}  {'slowest':>10}  ÷ {base}")
    medians = {name: median(found) for name, found in times.items()}
    for name, found in times.items():
        cells = "  ".join(
            f"{shown(value):>10}" for value in (medians[name], min(found), max(found))
        )
        ratio = "" if name == base else f"  {medians[name] / medians[base]:.2f} ×"
        print(f"  {name:{width}}  {cells}{ratio}")
    print()
    for target in targets:
        what = f"{target.row} ÷ {base}"
        if target.row not in medians:
            print(f"  target: {what} {target.bound()}; not measured here")
            continue
        ratio_ = medians[target.row] / medians[base]
        verdict(what, target.bound(), f"{ratio_:.2f} ×", target.met(ratio_))
    return medians


def _settle() -> None:
    """Let the disk finish what others began, where the system has a way to ask for it."""
    if hasattr(os, "sync"):
        os.sync()


def verdict(what: str, bound: str, found: str, met: bool) -> None:
    """One target and whether it was met."""
    print(f"  target: {what} {bound}; here {found}: {'met' if met else 'MISSED'}")


def shown(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
