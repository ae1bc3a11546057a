"""Which beats are due: the timetable beside what the home remembers of slots already beaten.

Rules: a slot is remembered once its beat has succeeded, so a restart, or a clock that goes back,
does not repeat it; after a sleep of the machine the newest slot stands for all that were missed.
A slot at which the share was away is passed over and stays owed: the beat that comes through next
stands for it.
No clock, however wrong, keeps a peer silent for longer than twice what it announced.
"""

from __future__ import annotations

from peer.clock import Clock
from peer.home import Home
from peer.timetable import Slot, Timetable

SLOT = "slot"  # in the home's table `self`: the local time of the newest slot beaten
_BACK_MS = 60_000


class Beats:
    """The schedule of one resident peer."""

    def __init__(self, timetable: Timetable, home: Home, clock: Clock) -> None:
        self._timetable = timetable
        self._home = home
        self._clock = clock
        self._delay = timetable.delay_ms()
        self._seen = clock.wall_ms()
        self._missed = ""  # the newest slot that was passed over, if no beat has succeeded since
        self._silent_until: int | None = None  # by the monotonic clock
        self.next: Slot = self._plan(self._seen)
        self._caught_up = False

    @property
    def at_ms(self) -> int:
        """When the next beat is due by the wall clock, own delay included."""
        return self.next.at_ms + self._delay

    def wait_ms(self) -> int:
        """How long until then; 0: it is due."""
        now = self._clock.wall_ms()
        if now < self._seen - _BACK_MS:
            self.next = self._plan(now)
        self._seen = now
        late = self._silent_until is not None and self._clock.monotonic_ms() > self._silent_until
        return 0 if late else max(self.at_ms - now, 0)

    def beaten(self, announced_ms: int) -> None:
        """A beat has succeeded, which announced so long a wait for the next."""
        now = self._clock.wall_ms()
        self._silent_until = self._clock.monotonic_ms() + 2 * announced_ms
        if self._caught_up and self._seen - _BACK_MS <= now < self.next.at_ms:
            return
        self._caught_up, self._missed = True, ""
        done = self._home.state.text(SLOT) or ""
        newest = self._timetable.newest(now, done)
        if newest != done:
            with self._home.transaction(durable=False):
                self._home.state.put(SLOT, newest)
        self.next = self._plan(now)

    def miss(self, announced_ms: int) -> str:
        """The beat that is due cannot be; the next slot may. Returns the local time of this one."""
        self._silent_until = self._clock.monotonic_ms() + 2 * announced_ms
        self._caught_up, self._missed = False, self.next.local
        self.next = self._plan(self._clock.wall_ms())
        return self._missed

    def came_since(self, since_ms: int) -> bool:
        """Whether a beat fell due after an instant by the wall clock, up to now."""
        return came_since(self._timetable, since_ms, self._clock.wall_ms())

    def _plan(self, now: int) -> Slot:
        return self._timetable.next(now, max(self._home.state.text(SLOT) or "", self._missed))


def came_since(timetable: Timetable, since_ms: int, now_ms: int) -> bool:
    """Whether a beat fell due after one instant and by another one."""
    delay = timetable.delay_ms()
    slot = timetable.last(now_ms - delay)
    return slot is not None and slot.at_ms + delay > since_ms
