"""A tick with everything around it: log, numbers, textfile, and the addresses that watch over it.

Rules: `peer tick` and `peer run` come here, and nothing of this can make a tick fail, or hold it up
for longer than `ping.timeout_s`. What goes wrong here is a warning in the log. Files are written
under the tick lock, so that two processes of one identity do not meet; addresses are called beside
the tick and waited for after it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from peer import lock
from peer.clock import Clock
from peer.deadline import WatchedShare, nobody_hears
from peer.home import Home, census, open_home, outages
from peer.home.places import DATABASE
from peer.instance import RunningPeer
from peer.logbook import Logbook
from peer.settings import Settings
from peer.settings_damaged import readable
from peer.tick.report import Report
from peer.tick.session import tick_locked
from protocol.errors import HomeError, ShareError, SomaError

if TYPE_CHECKING:
    from peer.pings import Ping

Occasion = Literal["start", "success", "failure"]
problems_logged_max = 100
STALLED = "Stalled"
COUNTED = ("received", "acted", "quarantined", "delivered", "published")


def tick_with_care(peer: RunningPeer, *, wait: bool = True, again: bool = False) -> Report:
    """`peer.tick.session.tick`, told to whoever watches; returns and raises what that does.

    With `wait` False calls of addresses may go on for some seconds after the return, which a
    process that stays can afford. `again`: a try in an outage that is known; that the share still
    cannot be used is told to nobody.
    """
    report = Report(peer.name)
    watchers = Watchers(peer.folder, peer.name, peer.settings, peer.clock)
    try:
        with lock.held(peer.folder) as mine:
            if mine:
                with _Account(peer, report, watchers, again=again):
                    tick_locked(peer, report)
            else:
                report.state = "busy"
                watchers.book.note("debug", "busy")
    finally:
        if wait:
            watchers.wait()
    return report


def note_away(peer: RunningPeer, text: str) -> None:
    """The share was found unusable between two ticks: a warning, and `status` says since when."""
    account = _account(peer)
    account.watchers.book.note("warning", "away", text=_printable(text))
    account.keep(lambda: _begin_outage(peer, text, told=False))
    account.write_textfile(locked=False)


def note_failed(peer: RunningPeer, kind: str, text: str, **said: object) -> None:
    """A beat that could not begin because of the share: told as a tick that failed.

    Calls of addresses go on after the return.
    """
    account = _account(peer)
    account.fail(kind, text, **said)
    account.write_textfile(locked=False)


def note_frozen(
    peer: RunningPeer,
    text: str,
    is_news: Callable[[RunningPeer], bool],
    watchers: Watchers | None = None,
) -> None:
    """The share is frozen and this process is about to end; said by the thread that ends it.

    `is_news` is asked with a home of this thread's own whether there is anything to tell;
    `watchers` are those of the tick under way, where one is.
    """
    watch, told = watchers or _account(peer).watchers, False
    try:
        with closing(_another_home(peer)) as home:
            account = _account(replace(peer, home=home), watch)
            news, told = is_news(account.peer), True
            if news:
                account.fail(STALLED, text)
                account.write_textfile(locked=watchers is not None)
    except HomeError:
        if not told:  # at least the log and the address
            watch.fault(STALLED, text, ShareError.exit_code)
    watch.wait()


def _another_home(peer: RunningPeer) -> Home:
    """A connection of this thread's own; HomeError for a peer in memory, which has no second."""
    if peer.folder is None:
        raise HomeError("this home is in memory")
    return open_home(os.path.join(peer.folder, DATABASE))


def _account(peer: RunningPeer, watchers: Watchers | None = None) -> _Account:
    """Of a tick that never was."""
    watchers = watchers or Watchers(peer.folder, peer.name, peer.settings, peer.clock)
    return _Account(peer, Report(peer.name), watchers)


def _begin_outage(peer: RunningPeer, text: str, *, told: bool) -> None:
    outages.begin(peer.home.state, peer.clock.wall_ms(), _printable(text), told=told)


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

    def __init__(
        self, peer: RunningPeer, report: Report, watchers: Watchers, *, again: bool = False
    ) -> None:
        self.peer = peer
        self._report = report
        self.watchers = watchers
        self._again = again
        self._began = 0
        self._words: Callable[[str], None] = nobody_hears  # of whoever stays between two ticks

    def __enter__(self) -> Self:
        self._began = self.peer.clock.monotonic_ms()
        if self._again:
            return self
        self.watchers.call("start")
        if isinstance(self.peer.share, WatchedShare):
            self._words = self.peer.share.last_words
            self.peer.share.last_words = self._stalled
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._again and isinstance(error, ShareError):
            return
        if isinstance(self.peer.share, WatchedShare) and not self._again:
            self.peer.share.last_words = self._words
        report = self._report
        text = _printable(str(error) or type(error).__name__) if error else report.human or ""
        result = "halted" if report.state == "parked" else "ok"
        if text:
            result = "failed" if error else "parked"
        took_ms = self.peer.clock.monotonic_ms() - self._began
        outage = self._outage()
        self._count(result, text, took_ms, error)
        ended: dict[str, object] = {}
        if outage is not None and error is None:
            ended["away_s"] = max(self.peer.clock.wall_ms() - outage.since_ms, 0) // 1000
        self._log(result, took_ms, **ended)
        if error is not None:
            exit_code: int = getattr(error, "exit_code", 1)
            self.watchers.fault(type(error).__name__, text, exit_code)
        elif text:
            self.watchers.fault("HumanNeededError", text, 6)
        self.write_textfile()
        if not text:
            self.watchers.call("success")

    def fail(self, kind: str, text: str, **said: object) -> None:
        """The share let no tick come to its end: counted, an error in the log, `ping.failure`.

        The log and the address come first: the home may be held by whoever the share holds.
        """
        text = _printable(text)
        self.watchers.fault(kind, text, ShareError.exit_code, **said)
        self._count("failed", text, 0, ShareError(text))

    def _outage(self) -> outages.Outage | None:
        try:
            return outages.current(self.peer.home.state)
        except HomeError:
            return None

    def _count(self, result: str, text: str, took_ms: int, error: BaseException | None) -> None:
        """Counters and how it ended, for `status` and `metrics`; can be lost with the power."""
        home, report, now = self.peer.home, self._report, self.peer.clock.wall_ms()
        more = {name: int(getattr(report, name)) for name in COUNTED}
        more |= {"problems": len(report.problems), f"ticks-{result}": 1}
        ended: dict[str, str | int] = {
            "last_tick_at": now, "last_tick_ms": took_ms,
            "last_tick_result": result, "last_tick_fault": text,
        }  # fmt: skip
        if not text:
            ended["last_success_at"] = now

        def write() -> None:
            census.add(home.state, more)
            home.state.put_all(ended)
            if error is None:
                outages.end(home.state)
            elif isinstance(error, ShareError):
                _begin_outage(self.peer, text, told=True)

        self.keep(write)

    def keep(self, write: Callable[[], None]) -> None:
        """Write to the home, where that can be done."""
        try:
            with self.peer.home.transaction(durable=False):
                write()
        except HomeError as error:
            self._warn("metrics", f"this tick is not counted: {error}")

    def _log(self, result: str, took_ms: int, **said: object) -> None:
        report, book = self._report, self.watchers.book
        counts = {name: getattr(report, name) for name in COUNTED}
        try:
            number = self.peer.home.state.number("tick")
        except HomeError:
            number = 0
        book.note(
            "info", "tick", tick=number, seq=report.seq, result=result, took_ms=took_ms, **counts,
            problems=len(report.problems), **said,
        )  # fmt: skip
        for problem in report.problems[:problems_logged_max]:
            book.note("warning", "problem", tick=number, text=problem)
        if (more := len(report.problems) - problems_logged_max) > 0:
            book.note("warning", "problem", tick=number, text=f"and {more} more problems")

    def write_textfile(self, *, locked: bool = True) -> None:
        """For a collector; without the tick lock only where it can be had: else a tick does it."""
        if locked or not self.peer.settings.metrics.textfile:
            self._write_textfile()
            return
        try:
            with lock.held(self.peer.folder) as mine:
                if mine:
                    self._write_textfile()
        except HomeError as error:
            self._warn("metrics", f"metrics.textfile is not written: {error}")

    def _write_textfile(self) -> None:
        path = self.peer.settings.metrics.textfile
        if not path:
            return
        from peer.metrics import write_textfile

        try:
            write_textfile(self.peer, os.path.join(self.peer.folder or "", path))
        except OSError as error:
            self._warn("metrics", f"metrics.textfile is not written: {error.strerror or error}")
        except HomeError as error:
            self._warn("metrics", f"metrics.textfile is not written: {error}")

    def _warn(self, event: str, text: str) -> None:
        self.watchers.book.note("warning", event, text=text)

    def _stalled(self, text: str) -> None:
        """The last words of a process that is frozen inside this tick."""
        note_frozen(self.peer, text, lambda own: True, self.watchers)


def _printable(text: str) -> str:
    """What a path that is not UTF-8 may have brought in cannot be stored."""
    return text.encode(errors="backslashreplace").decode()
