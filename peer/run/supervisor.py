"""The parent of `peer run`: it starts a worker for each identity, listens to it, and replaces it.

Rules: it touches no share and opens no home, so nothing can hold it fast; it imports nothing slow.
A worker without a sign of life is killed; no other one is started before it is really gone. Pauses
between starts grow from a second to five minutes. Told is what changed, not every try.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from peer.clock import Clock

RENEW = 75  # a worker's exit code: begin me anew, at once
PAUSE_MS, PAUSE_MS_MAX = 1_000, 300_000
SOUND_MS = 60_000  # who lived so long died of something new
STUCK_MS = 10_000
_TURN_MS = 5_000

Facts = dict[str, Any]


class Job(NamedTuple):
    """One identity to keep alive: its name, its directory, its share."""

    name: str
    folder: str
    share: str


@dataclass
class Patience:
    """How long to wait: for a sign of life, and for the end after a stop, ms."""

    silent_ms: int = 60_000
    stop_ms: int = 10_000


@dataclass
class _Worker:
    """What the supervisor knows of one worker."""

    job: Job
    process: subprocess.Popen[bytes] | None = None
    due_ms: int = 0  # when to start it; where there is no process
    began_ms: int = 0
    silent_ms: int = 0  # turns of the supervisor's own loop: a sleep of the machine is no silence
    killed_ms: int | None = None
    pause_ms: int = PAUSE_MS
    lived: bool = False  # it was ready once: what ends it from now on may be mended
    died: str | None = None  # why the last process was killed; the next one notes it
    code: int | None = None  # its last exit code, where it is not to be started again
    told: dict[str, object] = field(default_factory=dict)


Event = tuple[_Worker | None, int, bytes | None]
COMMAND = (sys.executable, "-m", "peer.run")


class Supervisor:
    """Keeps workers alive until it is stopped; `hear(job, facts)` is told what happens."""

    def __init__(
        self,
        jobs: Sequence[Job],
        hear: Callable[[Job, Facts], None],
        clock: Clock,
        *,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
        patience: Patience | None = None,
    ) -> None:
        self._workers = [_Worker(job) for job in jobs]
        self._hear = hear
        self._clock = clock
        self._environment = environment
        self._command = list(command)
        self._patience = patience or Patience()
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._stops = 0
        self._ordered_ms: int | None = None

    def stop(self) -> None:
        """End after the current items; a second time: at once. Safe in a signal handler."""
        self._stops += 1
        self._events.put((None, 0, None))

    def run(self) -> int:
        """Until all workers ended for good, or it was stopped (0); returns the worst exit code."""
        try:
            self._keep()
        finally:  # also where our own output was closed: nobody is left behind
            for worker in self._workers:
                if worker.process is not None:
                    _close(worker.process)
                    worker.process.kill()
        return 0 if self._stops else max(worker.code or 0 for worker in self._workers)

    def _keep(self) -> None:
        last = self._clock.monotonic_ms()
        while any(worker.code is None for worker in self._workers):
            for worker in self._workers:
                self._turn(worker)
            event = self._wait()
            now = self._clock.monotonic_ms()
            passed, last = min(now - last, _TURN_MS), now
            for worker in self._workers:
                worker.silent_ms += passed
            if event is not None and event[0] is not None:
                self._take(*event)

    def _wait(self) -> Event | None:
        """What happens next; None after a turn in which nothing did."""
        now = self._clock.monotonic_ms()
        due = [w.due_ms - now for w in self._workers if w.process is None and w.code is None]
        turn = 100 if self._stops or any(w.killed_ms is not None for w in self._workers) else None
        try:
            return self._events.get(timeout=max(min([turn or _TURN_MS, *due]), 1) / 1000)
        except Empty:
            return None

    def _turn(self, worker: _Worker) -> None:
        """What is to be done about a worker now."""
        now, process = self._clock.monotonic_ms(), worker.process
        if process is None:
            if self._stops and worker.code is None:
                worker.code = 0
            elif worker.code is None and now >= worker.due_ms:
                self._start(worker)
        elif self._stops:
            self._end(worker, process)
        elif worker.killed_ms is not None:
            if now - worker.killed_ms >= STUCK_MS:
                self._say(worker, "stuck", pid=process.pid)
        elif worker.silent_ms >= self._patience.silent_ms:
            seconds = worker.silent_ms // 1000
            self._say(worker, "silent", seconds=seconds)
            worker.died = f"the worker gave no sign of life for {seconds} s and was killed"
            self._kill(worker, process)

    def _end(self, worker: _Worker, process: subprocess.Popen[bytes]) -> None:
        """Ask a worker to stop; kill it where it takes too long, or at the second order."""
        if self._ordered_ms is None:
            self._ordered_ms = self._clock.monotonic_ms()
            for one in self._workers:
                if one.process is not None and one.process.stdin is not None:
                    _close(one.process)
        waited = self._clock.monotonic_ms() - self._ordered_ms
        if self._stops > 1 or waited >= self._patience.stop_ms:
            self._kill(worker, process)
            if worker.killed_ms is not None and waited >= self._patience.stop_ms + STUCK_MS:
                worker.code = 0  # the kernel holds it; nothing it could do is lost

    def _kill(self, worker: _Worker, process: subprocess.Popen[bytes]) -> None:
        if worker.killed_ms is None:
            worker.killed_ms = self._clock.monotonic_ms()
            process.kill()

    def _start(self, worker: _Worker) -> None:
        given = json.dumps(
            {"folder": worker.job.folder, "share": worker.job.share, "died": worker.died}
        )
        worker.died = None
        process = subprocess.Popen(
            [*self._command, given],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            # Where our own packages lie; what lies where somebody stands is not to be imported.
            cwd=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
            env=None if self._environment is None else dict(self._environment),
            **_apart(),
        )  # fmt: skip
        worker.process, worker.began_ms = process, self._clock.monotonic_ms()
        worker.silent_ms, worker.killed_ms = 0, None
        threading.Thread(target=self._read, args=(worker, process), daemon=True).start()

    def _read(self, worker: _Worker, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._events.put((worker, process.pid, line))
        self._events.put((worker, process.pid, None))

    def _take(self, worker: _Worker | None, pid: int, line: bytes | None) -> None:
        """A line of a worker, or its end."""
        if worker is None or worker.process is None or worker.process.pid != pid:
            return
        worker.silent_ms = 0
        if line is None:
            self._bury(worker, worker.process)
            return
        try:
            facts: Facts = json.loads(line)
        except ValueError:  # it was killed while it wrote this
            return
        match facts.pop("what"):
            case "sign":
                return
            case "ready":
                worker.lived = True
                self._say(worker, "ready", **facts)
            case "tick":
                self._tick(worker, facts)
            case what:
                self._say(worker, str(what), **facts)

    def _tick(self, worker: _Worker, facts: Facts) -> None:
        if worker.told.keys() - {"ready", "human"}:
            self._hear(worker.job, {"what": "back"})
        human = {"text": facts["report"]["human"]}
        if human["text"] is not None and worker.told.get("human") != human:
            self._hear(worker.job, {"what": "human", **human})
        worker.told = {"ready": {}, "human": human}
        self._hear(worker.job, {"what": "tick", **facts})

    def _say(self, worker: _Worker, what: str, **facts: object) -> None:
        """Tell it, but not again what was told since the last time that all was well."""
        if what not in worker.told:
            worker.told[what] = facts
            self._hear(worker.job, {"what": what, **facts})

    def _bury(self, worker: _Worker, process: subprocess.Popen[bytes]) -> None:
        """A worker is gone, for good or until its next start."""
        code = process.wait()
        _close(process)
        if process.stdout is not None:  # it was read to its end
            process.stdout.close()
        worker.process = None
        if self._stops or (not worker.lived and worker.killed_ms is None):
            worker.code = code if code >= 0 else 1
            return
        now = self._clock.monotonic_ms()
        if now - worker.began_ms >= SOUND_MS:
            worker.pause_ms = PAUSE_MS
        if code == RENEW and now - worker.began_ms >= PAUSE_MS:
            worker.due_ms = now
            return
        if code != RENEW and not worker.told.keys() & {"frozen", "silent", "fault"}:
            self._say(worker, "ended", code=code, pause_s=worker.pause_ms // 1000)
        worker.due_ms = now + worker.pause_ms
        worker.pause_ms = min(2 * worker.pause_ms, PAUSE_MS_MAX)


def _close(process: subprocess.Popen[bytes]) -> None:
    """Let go of a worker's stdin, which tells it to stop."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
        process.stdin = None


def _apart() -> dict[str, Any]:
    """Ctrl-C at a terminal is for the supervisor alone; the worker is told by its pipe."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
