"""The small parts of `peer run`: signs of life, pauses between starts, hints of the system."""

from __future__ import annotations

import io
import json
import subprocess
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from peer.deadline import WatchedShare, stalled_ms_max
from peer.run.signs import FROZEN, STUCK_MS_MAX, Signs
from peer.run.supervisor import (
    PAUSE_MS,
    PAUSE_MS_MAX,
    RENEW,
    SOUND_MS,
    STUCK_MS,
    Job,
    Supervisor,
)
from peer.run.waiting import EventWaiter
from peer.run.watching import NativeHints, NoHints
from registry.memory import MemoryShare
from tests.network import FakeClock

JOB = Job("core", "nowhere", "nowhere")


class Gone:
    """A process that has ended."""

    pid, stdin, stdout = 7, None, None

    def __init__(self, code: int) -> None:
        self.code, self.killed = code, 0

    def wait(self) -> int:
        return self.code

    def kill(self) -> None:
        self.killed += 1


def said(out: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_signs_are_given_while_there_is_progress() -> None:
    """RUN-4: each call of the share, and each question whether to go on, is some."""
    clock, out = FakeClock(), io.BytesIO()
    signs = Signs(out, EventWaiter(), clock)
    share = WatchedShare(MemoryShare(), clock)
    assert signs.look(share)
    clock.go(STUCK_MS_MAX)
    assert signs.look(share)
    assert said(out) == [{"what": "sign"}]
    share.names("", 9)
    assert signs.look(share)
    clock.go(STUCK_MS_MAX)
    assert not signs.stopped()
    assert signs.look(share)
    assert said(out) == [{"what": "sign"}] * 3


def test_a_frozen_share_ends_the_process() -> None:
    """RUN-4, TICK-6: and what it hung in is told."""
    clock, out, ended = FakeClock(), io.BytesIO(), list[int]()
    signs = Signs(out, EventWaiter(), clock)
    share = WatchedShare(MemoryShare(), clock)

    def hang() -> None:
        clock.go(stalled_ms_max - 1)
        assert signs.look(share, ended.append)
        clock.go(1)
        assert not signs.look(share, ended.append)

    share.during("list", "orders", hang)
    assert ended == [FROZEN]
    assert said(out)[1:] == [{"what": "frozen", "doing": "list orders", "seconds": 60}]


def test_who_has_nobody_to_talk_to_stops() -> None:
    class Broken(io.BytesIO):
        def flush(self) -> None:
            raise BrokenPipeError

    signs = Signs(Broken(), EventWaiter(), FakeClock())
    signs.tell("sign")
    assert signs.stopped()


def test_a_line_or_the_end_of_the_orders_stops() -> None:
    """RUN-6: and ends a wait that is under way."""
    for orders in (b"stop\n", b""):
        waiter = EventWaiter()
        signs = Signs(io.BytesIO(), waiter, FakeClock())
        signs.listen(io.BytesIO(orders))
        waiter.wait(60_000)
        assert signs.stopped()


def bury(supervisor: Supervisor, code: int) -> int:
    """A worker ended; how long until the next one begins, ms."""
    [worker] = supervisor._workers
    gone = cast("subprocess.Popen[bytes]", Gone(code))
    worker.process = gone
    supervisor._bury(worker, gone)
    return worker.due_ms - supervisor._clock.monotonic_ms()


def test_pauses_grow_and_begin_anew_after_a_sound_life() -> None:
    """RUN-4: a worker that dies again and again costs little, and is told of once."""
    clock, heard = FakeClock(), list[dict[str, Any]]()
    supervisor = Supervisor([JOB], lambda job, facts: heard.append(facts), clock)
    [worker] = supervisor._workers
    worker.lived, worker.began_ms = True, clock.monotonic_ms()
    pauses = [bury(supervisor, 1) for _ in range(12)]
    assert pauses == [min(PAUSE_MS << n, PAUSE_MS_MAX) for n in range(12)]
    assert [facts["what"] for facts in heard] == ["ended"]
    clock.go(SOUND_MS)
    assert bury(supervisor, 1) == PAUSE_MS
    assert bury(supervisor, RENEW) == 0


def test_what_never_lived_ends_it() -> None:
    """A wrong setting is no reason to try for ever; a killed start is."""
    clock = FakeClock()
    supervisor = Supervisor([JOB], lambda job, facts: None, clock)
    [worker] = supervisor._workers
    worker.killed_ms = clock.monotonic_ms()
    bury(supervisor, -9)
    assert worker.code is None
    worker.killed_ms = None
    bury(supervisor, 2)
    assert worker.code == 2


def test_no_second_worker_begins_beside_one_that_the_kernel_holds() -> None:
    """RUN-4: it is killed once, told of once, and waited for."""
    clock, heard = FakeClock(), list[str]()
    supervisor = Supervisor(
        [JOB], lambda job, facts: heard.append(facts["what"]), clock, command=["/nowhere"]
    )
    [worker] = supervisor._workers
    gone = Gone(0)
    worker.process, worker.silent_ms = cast("subprocess.Popen[bytes]", gone), 60_000
    for _ in range(9):
        supervisor._turn(worker)
        clock.go(STUCK_MS // 2)
    assert (gone.killed, heard) == (1, ["silent", "stuck"])


def test_hints_of_the_system(tmp_path: Path) -> None:
    """RUN-3: a rename into a watched folder, and a folder that vanished and came back."""
    (tmp_path / "inbox").mkdir()
    hinted = threading.Event()
    hints = NativeHints(str(tmp_path), hinted.set, lambda what, path, work: work())
    try:
        for _ in range(2):
            hints.follow(["inbox", "not-there"])
            hinted.clear()
            (tmp_path / ".new").write_bytes(b"x")
            (tmp_path / ".new").rename(tmp_path / "inbox" / "letter")
            assert hinted.wait(30)
            (tmp_path / "inbox" / "letter").unlink()
            (tmp_path / "inbox").rename(tmp_path / "old")
            hints.follow(["inbox"])
            (tmp_path / "inbox").mkdir()
            if (tmp_path / "old").exists():
                (tmp_path / "old").rmdir()
        hints.follow([])
    finally:
        hints.close()
    NoHints().follow(["inbox"])
    NoHints().close()


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_wait_that_is_ended_before_it_began(seconds: float) -> None:
    waiter = EventWaiter()
    waiter.wake()
    waiter.wait(round(seconds * 1000))
