"""Time and chance, as two small ports: the only module that asks the machine for either.

Rules: everything else is handed a `Clock` and an `Entropy`, so the simulator can run the very same
code under a time and a chance of its own. Wall time is shown and stored; elapsed time is measured
on the monotonic clock, which means nothing across a reboot: compare `boot` first.
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """What time it is, in ms."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, UTC, as this machine believes; may jump."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some instant of this boot; never goes back within one boot."""

    def boot(self) -> str:
        """A word that changes with every boot of this machine."""


class Moment(NamedTuple):
    """One reading of a clock."""

    monotonic_ms: int
    wall_ms: int
    boot: str


def read(clock: Clock) -> Moment:
    """What a clock says now, all at once."""
    return Moment(clock.monotonic_ms(), clock.wall_ms(), clock.boot())


class Entropy(Protocol):
    """Where random bytes come from."""

    def draw(self, size: int) -> bytes:
        """`size` unpredictable bytes."""


class SystemClock:
    """The clock of this machine."""

    def __init__(self) -> None:
        self._boot: str | None = None

    def wall_ms(self) -> int:
        """See `Clock.wall_ms`."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """See `Clock.monotonic_ms`."""
        return time.monotonic_ns() // 1_000_000

    def boot(self) -> str:
        """See `Clock.boot`."""
        if self._boot is None:
            self._boot = self._ask_boot()
        return self._boot

    def _ask_boot(self) -> str:
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            # Where the kernel has no boot id, the instant of boot to the minute serves: a wrong
            # "rebooted" costs nothing but one round of patience.
            return f"booted-{(self.wall_ms() - self.monotonic_ms()) // 60_000}"


class SystemEntropy:
    """The operating system's random numbers."""

    def draw(self, size: int) -> bytes:
        """See `Entropy.draw`."""
        return os.urandom(size)


def pause(ms: int) -> None:
    """Let this process wait."""
    time.sleep(ms / 1000)
