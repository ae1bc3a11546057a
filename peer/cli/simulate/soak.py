"""`peer simulate soak`: many seeds, all cores, for hours."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.faults import INTERRUPTED
from peer.cli.options import common
from peer.cli.progress import Progress
from peer.cli.simulate.knobs import in_range, seed_max
from peer.cli.where import Where
from peer.simulate import cases
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.clock import Clock
    from peer.simulate.campaign import Done
    from peer.simulate.plan import Plan
    from peer.simulate.scenario import Scenario

HOUR_MS = 3_600_000
REPORT_MS = 60_000
workers_max = 1_024
hours_max = 10_000


@click.command(
    epilog=output.examples(
        "peer simulate soak --hours 8",
        "peer simulate soak --seeds 200 --from 1",
        "peer simulate soak --scenario flaky-drive --seeds 50 --workers 2",
    )
)
@click.option(
    "--hours",
    type=float,
    metavar="H",
    help="Begin no new run after so long  [1, unless --seeds is given]",
)
@click.option("--seeds", type=int, metavar="N", help="How many seeds")
@click.option(
    "--from",
    "start",
    type=int,
    metavar="SEED",
    help="The first seed  [the first that the last soak did not play]",
)
@click.option("--workers", type=int, metavar="N", help="How many processes  [one a core]")
@click.option(
    "--keep",
    default=cases.FOLDER,
    metavar="DIR",
    help=f"Where failing seeds are kept  [{cases.FOLDER}]",
)
@click.option(
    "--scenario", default="any-weather", metavar="NAME", help="What to play  [any-weather]"
)
@common
def command(
    where: Where, hours: float | None, seeds: int | None, start: int | None, workers: int | None,
    keep: str, scenario: str,
) -> None:  # fmt: skip
    """Play seed after seed on all cores, and keep those that fail as cases to replay.

    Ends by itself, or with Ctrl-C, and says what it found. Exits with 1 if any seed failed.
    """
    from peer.clock import SystemClock
    from peer.simulate.campaign import campaign
    from peer.simulate.run import run
    from peer.simulate.scenario import load

    if hours is not None and not 0 < hours <= hours_max:  # also true of "not a number"
        raise UsageError(f"--hours is a number up to {hours_max}, not {hours:g}")
    if hours is None and seeds is None:
        hours = 1
    in_range("--seeds", 1 if seeds is None else seeds, 1, seed_max)
    workers = in_range("--workers", _cores() if workers is None else workers, 1, workers_max)
    start = cases.next_seed(keep, scenario) if start is None else start
    in_range("--from", start, 0, seed_max)
    clock = SystemClock()
    tally = _Tally(load(scenario), start, keep, clock)
    interrupted = False
    # Whoever stops a service, or a container, wants to hear what was found, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Progress() as tally.progress:
            campaign(tally.plans(hours, seeds), workers, tally.add, run)
    except KeyboardInterrupt:
        interrupted = True
    if tally.done:
        cases.keep_next_seed(keep, scenario, tally.next)
    value = tally.value() | {"interrupted": interrupted}
    output.answer(where, value, lambda: tally.lines(interrupted))
    if tally.failures:
        raise click.exceptions.Exit(1)
    raise click.exceptions.Exit(INTERRUPTED if interrupted else 0)


class _Tally:
    """What is done so far, as it is told while it goes on and at the end."""

    def __init__(self, scenario: Scenario, first: int, keep: str, clock: Clock) -> None:
        self.scenario, self.first, self.keep = scenario, first, keep
        self.clock, self.began = clock, clock.monotonic_ms()
        self.told = self.began
        self.progress = Progress()
        self.ticks = self.strikes = self.done = 0
        self.failures: list[dict[str, Any]] = []
        self.next = first  # every seed before it is done
        self._ahead: set[int] = set()

    def plans(self, hours: float | None, seeds: int | None) -> Iterator[Plan]:
        """Seed after seed, until it is enough."""
        from peer.simulate.plan import Plan

        last = seed_max if seeds is None else min(self.first + seeds - 1, seed_max)
        for seed in range(self.first, last + 1):
            if hours is not None and self.clock.monotonic_ms() - self.began >= hours * HOUR_MS:
                return
            yield Plan(self.scenario, seed)

    def add(self, done: Done) -> None:
        """One more seed."""
        self.done += 1
        self.ticks += done.ticks
        self.strikes += done.strikes
        self._ahead.add(done.plan.seed)
        while self.next in self._ahead:
            self._ahead.remove(self.next)
            self.next += 1
        if not done.ok:
            self._fail(done)
        now = self.clock.monotonic_ms()
        if self.progress.live:
            self.progress.say(self._now(now))
        elif now - self.told >= REPORT_MS:
            self.told = now
            output.aside(self._now(now))

    def _fail(self, done: Done) -> None:
        file = cases.keep(self.keep, done.plan, done.violations, done.trace)
        again = done.plan.command() or done.plan.command(file)
        row = {"seed": done.plan.seed, "found": done.finding, "file": file, "replay": again}
        self.failures.append(row)
        self.progress.clear()
        output.aside(output.bad(f"seed {done.plan.seed}: {output.line(done.finding)}"))

    def _now(self, now: int) -> str:
        seconds = max(now - self.began, 1) / 1000
        hours, rest = divmod(int(seconds), 3600)
        return (
            f"{hours}:{rest // 60:02}:{rest % 60:02}  {output.counted(self.done, 'seed')},"
            f" {self.ticks} ticks ({self.ticks / seconds:.0f}/s), {len(self.failures)} failing"
        )

    def value(self) -> dict[str, Any]:
        """For `--json`: sorted, so that the order in which workers end does not show."""
        return {
            "ok": not self.failures, "scenario": self.scenario.name, "from": self.first,
            "next": self.next, "seeds": self.done, "ticks": self.ticks, "strikes": self.strikes,
            "failures": sorted(self.failures, key=lambda row: int(row["seed"])),
        }  # fmt: skip

    def lines(self, interrupted: bool) -> Iterator[str]:
        """For a person."""
        seeds = output.counted(self.done, "seed")
        early = " before you stopped it" if interrupted else ""
        if not self.done:
            yield f"no seed was played to its end{early}"
            return
        if self.failures:
            yield output.bad(f"{len(self.failures)} of {seeds} broke a promise{early}")
        else:
            yield f"{output.good('every promise was kept')} by {seeds}{early}"
        yield output.dim(
            f"{self.scenario.name} from seed {self.first}, {self.ticks} ticks,"
            f" {self.strikes} strikes; the next soak begins with seed {self.next}"
        )
        for row in self.value()["failures"]:
            yield f"{output.bold('seed ' + str(row['seed']))}  {output.line(row['found'])}"
            yield f"  again    {row['replay']}"
            yield f"  smaller  {row['replay']} --minimise"
            yield f"  kept     {output.line(row['file'])}"


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux says which cores are ours
        return os.cpu_count() or 1
