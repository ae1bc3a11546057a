"""Runs that nobody runs: outcomes made up for tests, some in functions that workers can import."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from peer.simulate import scenario
from peer.simulate.outcome import Outcome, Round, Strike, Violation
from peer.simulate.plan import Plan

EVERY_MS = 21_600_000
KNOWN = ("kill", "torn")


def story(peers: int = 5, ticks: int = 20, quiet: int = 6) -> scenario.Scenario:
    """A scenario without faults of its own."""
    text = f'about = "made up"\npeers = {peers}\nticks = {ticks}\nquiet = {quiet}'
    return scenario.parse(text, "made-up", KNOWN)


def violation(round: int, checker: str = "nothing-lost", who: str = "core") -> Violation:
    return Violation(checker, round * EVERY_MS, round, who, f"a letter of {who} is gone")


def made_up(
    plan: Plan, strikes: Sequence[str] = (), violations: Sequence[Violation] = ()
) -> Outcome:
    """The outcome of a plan in which this happened; it ends with its first violation."""
    ticks, quiet = plan.rounds()
    names = plan.instances()
    last = min([ticks + quiet - 1, *(one.round for one in violations)])
    rounds = tuple(
        Round(
            number=number, at_ms=number * EVERY_MS, quiet=number >= ticks, promised=number,
            under_way=0, ticks=len(names), calls=20, read_bytes=2_000, written_bytes=500,
            files=number, share_bytes=1_000, home_bytes=9_000, quarantined=0, problems=0, parked=0,
            health=dict.fromkeys(names, "." * len(names)),
        )
        for number in range(last + 1)
    )  # fmt: skip
    struck = tuple(
        Strike(key, key.split(":")[2], int(key.split(":")[1]), 0, key.split(":")[0], "struck", None)
        for key in strikes
    )
    return Outcome(
        scenario=plan.scenario.name, about="made up", seed=plan.seed, names=names, ticks=ticks,
        quiet=quiet, every_ms=EVERY_MS, violations=tuple(violations), strikes=struck, answers={},
        rounds=rounds, waits=(1, 1, 2), totals={"promised": 3, "acted": 3},
        digest=f"{plan.seed:064}",
    )  # fmt: skip


def eventful(plan: Plan) -> Outcome:
    """What workers play: it depends on the seed how they fare."""
    if plan.seed % 10 == 3:
        return made_up(plan, violations=[violation(2)])
    if plan.seed % 10 == 5:
        raise LookupError(f"seed {plan.seed} is more than I can bear")
    if plan.seed % 10 == 7:
        os._exit(9)
    return made_up(plan)


def endless(plan: Plan) -> Outcome:
    """Seed 2 never ends."""
    while plan.seed == 2:
        time.sleep(0.01)
    return made_up(plan)


def slow(plan: Plan) -> Outcome:
    """For those who want to stop it."""
    time.sleep(0.2)
    return eventful(plan) if plan.seed == 3 else made_up(plan)
