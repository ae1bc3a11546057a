"""A tick with everything around it: log, numbers, textfile, and the addresses that watch over it.

Rules: `peer tick` and `peer run` come here, and nothing of this can make a tick fail, or hold it up
for longer than `ping.timeout_s`. What goes wrong here is a warning in the log. Files are written
under the tick lock, so that two processes of one identity do not meet; addresses are called beside
the tick and waited for after it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from peer import lock
from peer.clock import Clock
from peer.deadline import WatchedShare, nobody_hears
from peer.home import census
from peer.instance import RunningPeer
from peer.logbook import Logbook
from peer.settings import Settings
from peer.settings_damaged import readable
from peer.tick.report import Report
from peer.tick.session import tick_locked
from protocol.errors import HomeError, SomaError

if TYPE_CHECKING:
    from peer.pings import Ping

Occasion = Literal["start", "success", "failure"]
problems_logged_max = 100
COUNTED = ("received", "acted", "quarantined", "delivered", "published")


def tick_with_care(peer: RunningPeer, *, wait: bool = True) -> Report:
    """`peer.tick.session.tick`, told to whoever watches; returns and raises what that does.

    With `wait` False calls of addresses may go on for some seconds after the return, which a
    process that stays can afford.
    """
    report = Report(peer.name)
    watchers = Watchers(peer.folder, peer.name, peer.settings, peer.clock)
    try:
        with lock.held(peer.folder) as mine:
            if mine:
                with _Account(peer, report, watchers):
                    tick_locked(peer, report)
            else:
                report.state = "busy"
                watchers.book.note("debug", "busy")
    finally:
        if wait:
            watchers.wait()
    return report


def announce(peer: RunningPeer) -> None:
    """Let the heartbeats of a tick announce the beat after it; UsageError where none will come.

    Where a resident lives beside this process, what it has announced stands: it beats by that.
    """
    if not lock.is_held(peer.folder, lock.RUN):
        schedule, now = peer.settings.schedule, peer.clock.wall_ms()
        peer.next_beat_ms = schedule.announced_ms(peer.address, now)


@contextmanager
def told(folder: str, name: str, clock: Clock) -> Iterator[None]:
    """What ends a tick before it can begin is told as well, by the settings that can be read."""
    try:
        yield
    except SomaError as error:
        watchers = Watchers(folder, name, readable(folder, os.environ), clock)
        watchers.fault(type(error).__name__, _printable(str(error)), error.exit_code)
        watchers.wait()
        raise


class Watchers:
    """The log and the addresses of one identity, also for a process that holds no home open."""

    def __init__(self, folder: str | None, name: str, settings: Settings, clock: Clock) -> None:
        self.book = Logbook(folder, name, settings.log, clock)
        self._ping = settings.ping
        self._last: Ping | None = None

    def call(self, occasion: Occasion, body: str = "") -> None:
        """Call the address of an occasion, where there is one, after those called before."""
        url: str = getattr(self._ping, occasion)
        if not url:
            return
        from peer.pings import Ping

        def tell(what: str) -> None:
            self.book.note("warning", "ping", text=f"ping.{occasion} failed: {what}")

        self._last = Ping(url, self._ping.timeout_s, tell, body, after=self._last)

    def fault(self, kind: str, text: str, exit_code: int, **said: object) -> None:
        """A tick ended without coming to its end: an error in the log, and `ping.failure`."""
        self.book.note("error", "fault", error=kind, text=text, exit=exit_code, **said)
        self.call("failure", text)

    def wait(self) -> None:
        """Come back when every call has ended, or has had its time."""
        if self._last is not None:
            self._last.wait()


class _Account:
    """What is told of a tick when it begins and when it ends in whatever way."""

    def __init__(self, peer: RunningPeer, report: Report, watchers: Watchers) -> None:
        self._peer = peer
        self._report = report
        self._watchers = watchers
        self._began = 0

    def __enter__(self) -> Self:
        self._began = self._peer.clock.monotonic_ms()
        self._watchers.call("start")
        if isinstance(self._peer.share, WatchedShare):
            self._peer.share.last_words = self._stalled
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(self._peer.share, WatchedShare):
            self._peer.share.last_words = nobody_hears
        report = self._report
        text = _printable(str(error) or type(error).__name__) if error else report.human or ""
        result = "halted" if report.state == "parked" else "ok"
        if text:
            result = "failed" if error else "parked"
        took_ms = self._peer.clock.monotonic_ms() - self._began
        self._count(result, text, took_ms)
        self._log(result, took_ms)
        if error is not None:
            exit_code: int = getattr(error, "exit_code", 1)
            self._watchers.fault(type(error).__name__, text, exit_code)
        elif text:
            self._watchers.fault("HumanNeededError", text, 6)
        self._write_textfile()
        if not text:
            self._watchers.call("success")

    def _count(self, result: str, text: str, took_ms: int) -> None:
        """Counters and how it ended, for `status` and `metrics`; can be lost with the power."""
        home, report, now = self._peer.home, self._report, self._peer.clock.wall_ms()
        more = {name: int(getattr(report, name)) for name in COUNTED}
        more |= {"problems": len(report.problems), f"ticks-{result}": 1}
        ended: dict[str, str | int] = {
            "last_tick_at": now, "last_tick_ms": took_ms,
            "last_tick_result": result, "last_tick_fault": text,
        }  # fmt: skip
        if not text:
            ended["last_success_at"] = now
        try:
            with home.transaction(durable=False):
                census.add(home.state, more)
                home.state.put_all(ended)
        except HomeError as error:
            self._warn("metrics", f"this tick is not counted: {error}")

    def _log(self, result: str, took_ms: int) -> None:
        report, book = self._report, self._watchers.book
        counts = {name: getattr(report, name) for name in COUNTED}
        try:
            number = self._peer.home.state.number("tick")
        except HomeError:
            number = 0
        book.note(
            "info", "tick", tick=number, seq=report.seq, result=result, took_ms=took_ms, **counts,
            problems=len(report.problems),
        )  # fmt: skip
        for problem in report.problems[:problems_logged_max]:
            book.note("warning", "problem", tick=number, text=problem)
        if (more := len(report.problems) - problems_logged_max) > 0:
            book.note("warning", "problem", tick=number, text=f"and {more} more problems")

    def _write_textfile(self) -> None:
        path = self._peer.settings.metrics.textfile
        if not path:
            return
        from peer.metrics import write_textfile

        try:
            write_textfile(self._peer, os.path.join(self._peer.folder or "", path))
        except OSError as error:
            self._warn("metrics", f"metrics.textfile is not written: {error.strerror or error}")
        except HomeError as error:
            self._warn("metrics", f"metrics.textfile is not written: {error}")

    def _warn(self, event: str, text: str) -> None:
        self._watchers.book.note("warning", event, text=text)

    def _stalled(self, text: str) -> None:
        """The share is frozen and this process is about to end; said by the thread that ends it."""
        self._watchers.fault("Stalled", text, 5)
        self._watchers.wait()


def _printable(text: str) -> str:
    """What a path that is not UTF-8 may have brought in cannot be stored."""
    return text.encode(errors="backslashreplace").decode()
