"""The clock of a simulated machine: true time and an error, and how often it was booted."""

from __future__ import annotations

from collections.abc import Callable

START_MS = 1_790_000_000_000


class VirtualClock:
    """A `peer.clock.Clock`. `true` is the world's time in ms, which nobody in it can read."""

    def __init__(self, true: Callable[[], int]) -> None:
        self._true = true
        self._booted_ms = true() - 600_000
        self.offset_ms = 0
        self.boots = 1

    def wall_ms(self) -> int:
        """See `Clock.wall_ms`."""
        return START_MS + self._true() + self.offset_ms

    def monotonic_ms(self) -> int:
        """See `Clock.monotonic_ms`."""
        return self._true() - self._booted_ms

    def boot(self) -> str:
        """See `Clock.boot`."""
        return f"boot-{self.boots}"

    def reboot(self) -> None:
        """The machine begins anew: another boot, a monotonic clock from zero."""
        self._booted_ms = self._true()
        self.boots += 1
