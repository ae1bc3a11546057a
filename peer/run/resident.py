"""The loop of a resident peer: it waits for a slot, a wake or the end, and ticks.

Rules: one tick at a time, all in this thread. The first wake acts at once; the next tick comes no
sooner than the last one took, and later where wakes brought nothing, so that no flood can make a
peer tick without end. What failed is told, not raised: the share comes back, or a person helps.
`HomeError` and what nobody expected end the loop; whoever started it begins anew. A share that is
away costs each slot that comes one failed tick, told once, and no more for all the tries between.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from peer.home import outages
from peer.home.places import DATABASE
from peer.home.unsent import Unsent
from peer.instance import RunningPeer
from peer.operations import note_away, note_failed, tick_with_care
from peer.run.beats import Beats
from peer.run.waiting import Waiter
from peer.run.watching import Hints, Watching
from peer.settings import FILE as SETTINGS
from peer.tick.report import Report
from protocol.errors import ShareError

Tell = Callable[..., None]
QUIET_MS = 20
FRUITLESS_MS_MAX = 5_000
LOOK_MS = 30_000  # between two looks that nobody hinted at, where the system tells of changes
LOOK_REST_MS = 5  # between two looks on hints: names that are none of mine may come in floods
HOME_MS = 2_000  # between two looks at the own home
BUSY_MS = 1_000
RETRY_MS, RETRY_MS_MAX = 1_000, 600_000
AWAY_MS, AWAY_MS_MAX = 2_000, 30_000
_OWN = (DATABASE, "key", "identity.json", SETTINGS)


class Resident:
    """One peer that stays. `tell(what, **facts)` hears of all that a person may want to know."""

    def __init__(
        self,
        peer: RunningPeer,
        beats: Beats,
        waiter: Waiter,
        hints: Hints,
        *,
        look_ms: int,
        stopped: Callable[[], bool],
        tell: Tell,
    ) -> None:
        """`look_ms`: between two looks at the share that nobody hinted at."""
        self._peer, self._beats, self._waiter, self._hints = peer, beats, waiter, hints
        self._look_ms, self._stopped, self._tell = look_ms, stopped, tell
        self._watching = Watching(peer)
        self._unsent = Unsent(peer.home.db)
        self._own = self._files()
        self.hinted = False  # set by whoever hints, before the waiter is woken
        self._next_look = self._deaf_until = 0  # looks of its own accord; those on a hint
        self._quiet_until = 0
        self._fruitless_ms = 0
        self._signed = 0  # how many documents of stewards the home holds
        self._away_ms = 0  # how long to wait between two tries; 0: the share is there
        self._gap = False  # a slot came after the last word of an outage and before my time
        self._owed: str | None = None  # why a tick was wanted that found another one running
        self._retry_ms = self._retry_at = 0  # when to try again what could not be sent; 0: never
        self._human: str | None = None

    def run(self) -> bool:
        """Until the end is asked for; True: my files changed, begin anew with them."""
        why: str | None = "start"
        outage = outages.current(self._peer.home.state)
        if outage is not None:  # whoever was here before told of it, and of slots up to then
            self._away_ms = AWAY_MS
            self._gap = self._beats.came_since(outage.told_ms or outage.since_ms)
            why = self._why()
        while not self._stopped():
            if self._files() != self._own:
                return True
            if why is not None:
                self._tick(why)
            elif (wait := self._wait_ms()) > 0:
                self._waiter.wait(wait)
            why = self._why()
        return False

    def _now(self) -> int:
        return self._peer.clock.monotonic_ms()

    def _wait_ms(self) -> int:
        """Until something is to be done that nobody will wake me for."""
        if self._away_ms or self._now() < self._quiet_until:
            rest = max(self._quiet_until - self._now(), 1)
            return max(min(rest, self._beats.wait_ms()), 1) if self._slot_counts() else rest
        waits = [self._beats.wait_ms(), self._next_look - self._now(), HOME_MS]
        if self.hinted:
            waits.append(self._deaf_until - self._now())
        if self._retry_at:
            waits.append(self._retry_at - self._now())
        return max(min(waits), 0 if self._beats.wait_ms() == 0 else 1)

    def _why(self) -> str | None:
        """Why to tick now; None: there is no reason."""
        slot = self._slot_counts() and self._beats.wait_ms() == 0
        if self._now() < self._quiet_until and not slot:
            return None
        if self._owed is not None:
            return self._owed
        try:
            if self._away_ms:
                self._watching.news()
                return "share"
            if self._beats.wait_ms() == 0:
                return "schedule"
            look_at = self._deaf_until if self.hinted else self._next_look
            if self._now() >= look_at and self._look():
                return "news"
        except ShareError as error:
            self._lose(error)
            return None
        if self._unsent.others_wrote():
            self._retry_ms = 0
            if self._human or self._unsent.there_is_some():
                return "home"
        return "retry" if self._retry_at and self._now() >= self._retry_at else None

    def _slot_counts(self) -> bool:
        """Whether a slot is not to wait for the next try: the share is away."""
        return bool(self._away_ms) and self._owed is None

    def _look(self) -> bool:
        """Whether something new lies on the share; a folder that takes long is looked at less."""
        self.hinted = False
        began = self._now()
        self._hints.follow(self._watching.folders)
        found = self._watching.news()
        rest = 4 * (self._now() - began)
        self._deaf_until = self._now() + max(LOOK_REST_MS, rest)
        self._next_look = self._now() + max(self._look_ms, rest)
        return found

    def _tick(self, why: str) -> None:
        """One tick, and what it means for the next."""
        peer, began = self._peer, self._now()
        at = peer.clock.wall_ms()
        peer.next_beat_ms = peer.settings.schedule.announced_ms(peer.address, at)
        again, began_tick = bool(self._away_ms), False
        try:
            if why != "news":
                self._watching.news()  # what comes while the tick reads is news afterwards
            began_tick = True
            report = tick_with_care(peer, wait=False, again=again)
        except ShareError as error:
            self._lose(error, told=began_tick and not again)
            return
        took = self._now() - began
        if report.state == "busy":
            self._quiet_until, self._owed = self._now() + BUSY_MS, why
            return
        self._owed = None
        if self._stopped() and not report.seq:
            return
        self._beats.beaten(peer.next_beat_ms)
        self._away_ms = 0
        self._watching.choose()
        self._hints.follow(self._watching.folders)
        self._rest(report, why, took)
        self.hinted = True  # something may have come meanwhile
        self._say(report, why, at, took)

    def _rest(self, report: Report, why: str, took: int) -> None:
        """How long to be deaf for wakes after a tick."""
        signed, self._signed = self._signed, len(self._peer.home.archive.digests())
        fruitful = report.received or report.acted or report.delivered or report.published
        if fruitful or why != "news" or self._signed != signed:
            self._fruitless_ms = 0
        else:
            self._fruitless_ms = min(max(2 * self._fruitless_ms, QUIET_MS), FRUITLESS_MS_MAX)
        self._quiet_until = self._now() + max(QUIET_MS, took, self._fruitless_ms)
        if report.delivered or report.published or report.fetched:
            self._retry_ms = 0
        self._retry_at = 0
        # It waits for a receipt, or the drive refused it; or a letter waits for its files.
        if report.fetching or self._unsent.there_is_some():
            self._retry_ms = min(max(2 * self._retry_ms, RETRY_MS), RETRY_MS_MAX)
            self._retry_at = self._now() + self._retry_ms

    def _say(self, report: Report, why: str, at: int, took: int) -> None:
        self._human = report.human
        self._tell(
            "tick", at=at, why=why, took_ms=took, next_ms=self._beats.at_ms, report=report.as_json()
        )

    def _lose(self, error: ShareError, *, told: bool = False) -> None:
        """The share cannot be used; it is looked for again, ever more seldom.

        `told`: as a tick that failed, which also stands for the slot that is due.
        """
        self._tell("away", error=str(error))
        slot = self._beats.miss(self._peer.next_beat_ms) if self._beats.wait_ms() == 0 else None
        gap, self._gap = self._gap, False
        if (slot is not None or gap) and not told:
            note_failed(self._peer, type(error).__name__, str(error), slot=slot)
        elif not told and not self._away_ms:
            note_away(self._peer, str(error))
        self._away_ms = min(max(2 * self._away_ms, AWAY_MS), AWAY_MS_MAX)
        self._quiet_until = self._now() + self._away_ms

    def _files(self) -> list[Any]:
        """What changes when somebody replaces my database, my key, or my settings."""
        folder, found = self._peer.folder, list[Any]()
        for name in _OWN if folder is not None else ():
            try:
                status = os.stat(os.path.join(folder or "", name))
            except OSError:
                found.append(None)
                continue
            written = () if name == DATABASE else (status.st_mtime_ns, status.st_size)
            found.append((status.st_dev, status.st_ino, *written))
        return found
