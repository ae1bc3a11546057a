"""Waiting that somebody else can end: the resident's one way to let time pass."""

from __future__ import annotations

import threading
from typing import Protocol


class Waiter(Protocol):
    """Lets time pass."""

    def wait(self, ms: int) -> None:
        """Return after so long, or as soon as `wake` was called since the last return."""

    def wake(self) -> None:
        """End the wait, from whatever thread or signal handler."""


class EventWaiter:
    """By a lock that wakes are counted on: safe in threads and in signal handlers."""

    def __init__(self) -> None:
        self._awake = threading.Event()

    def wait(self, ms: int) -> None:
        """See `Waiter.wait`."""
        self._awake.wait(ms / 1000)
        self._awake.clear()

    def wake(self) -> None:
        """See `Waiter.wake`."""
        self._awake.set()
