"""Many plans over all cores: each worker is a process that plays one plan after another.

Rules: what happens to one plan harms no other. A run that raises, a worker that dies and a run that
does not end are findings about their plan, never the end of the campaign. Workers are spawned, so
nothing of the first process leaks into them, and they end with it.
Not here: what is kept of findings (`peer.simulate.cases`), and words (`peer.cli.simulate`).
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from peer.clock import Clock, SystemClock
from peer.simulate.outcome import Outcome, Violation
from peer.simulate.plan import Plan

Run = Callable[[Plan], Outcome]

run_seconds_max = 900  # longer than any scenario may take, on a slow machine
_LOOK_SECONDS = 1.0
_SPAWN = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a plan. `trace` says in the words of Python what ended it, else it is ""."""

    plan: Plan
    violations: tuple[Violation, ...] = ()
    trace: str = ""
    ticks: int = 0  # of all peers
    strikes: int = 0
    digest: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was played to its end and every checker was content."""
        return not self.violations and not self.trace

    @property
    def finding(self) -> str:
        """The first thing that was wrong, on one line; "" where nothing was."""
        if self.violations:
            first = self.violations[0]
            return f"{first.checker}: {first.text}"
        return self.trace.strip().rpartition("\n")[2]


def play(plan: Plan, run: Run) -> Done:
    """Play one plan in this process."""
    try:
        outcome = run(plan)
    except Exception:  # noqa: BLE001 - whatever a run raises is a finding about its plan
        return Done(plan, trace=traceback.format_exc())
    return Done(
        plan,
        violations=outcome.violations,
        ticks=sum(one.ticks for one in outcome.rounds),
        strikes=len(outcome.strikes),
        digest=outcome.digest,
    )


def campaign(
    plans: Iterable[Plan],
    workers: int,
    on_done: Callable[[Done], None],
    run: Run,
    seconds_max: float = run_seconds_max,
    clock: Clock | None = None,
) -> None:
    """Play `plans`, taken one by one, and tell of each in the order they end.

    `run` has to be a function of a module. What `on_done` raises, and Ctrl-C, end all workers at
    once and go on to the caller.
    """
    clock = clock or SystemClock()
    todo = iter(plans)
    crew: list[_Worker] = []
    try:
        for plan in _first(todo, workers):
            crew.append(_Worker(run, clock))
            crew[-1].give(plan)
        while busy := [worker for worker in crew if worker.plan is not None]:
            ready = connection.wait([worker.pipe for worker in busy], _LOOK_SECONDS)
            for worker in busy:
                late = worker.seconds() > seconds_max
                if worker.pipe not in ready and not late:
                    continue
                done = worker.take() if worker.pipe in ready else worker.give_up(seconds_max)
                on_done(done)
                if not worker.process.is_alive():
                    crew.remove(worker)
                    crew.append(_Worker(run, clock))
                for plan in _first(todo, 1):
                    next(one for one in crew if one.plan is None).give(plan)
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """One process, and the plan it is playing; None while it waits."""

    def __init__(self, run: Run, clock: Clock) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self.process: BaseProcess = _SPAWN.Process(target=_work, args=(theirs, run), daemon=True)
        self.process.start()
        theirs.close()  # so that its death is the end of the pipe
        self.plan: Plan | None = None
        self._clock = clock
        self._since = 0

    def give(self, plan: Plan) -> None:
        self.plan, self._since = plan, self._clock.monotonic_ms()
        self.pipe.send(plan)

    def seconds(self) -> float:
        return (self._clock.monotonic_ms() - self._since) / 1000

    def take(self) -> Done:
        assert self.plan is not None
        plan, self.plan = self.plan, None
        try:
            done = self.pipe.recv()
            assert isinstance(done, Done)
            return done
        except (EOFError, OSError):
            self.process.join()
            return Done(plan, trace=f"its process died with exit code {self.process.exitcode}")

    def give_up(self, seconds: float) -> Done:
        assert self.plan is not None
        plan, self.plan = self.plan, None
        self.end()
        return Done(plan, trace=f"it did not end within {seconds:g} seconds")

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _work(pipe: Connection, run: Run) -> None:
    # Ctrl-C reaches every process of the terminal; the first one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            pipe.send(play(pipe.recv(), run))
    except (EOFError, BrokenPipeError):
        return  # the first process has ended


def _first(plans: Iterator[Plan], count: int) -> Iterator[Plan]:
    for _ in range(count):
        try:
            yield next(plans)
        except StopIteration:
            return
