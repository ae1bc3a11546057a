"""The worker's side of its pipes: facts and signs of life out, the order to stop in.

Out, on stdout, one JSON object a line: `{"what": "sign"}` every few seconds while there is
progress, and whatever the resident tells. In, on stdin: any line, or its end, means stop. A worker
that the drive holds fast gives no sign; it ends itself if it still can, and is killed otherwise.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import BinaryIO

import orjson

from peer import deadline
from peer.clock import Clock
from peer.deadline import WatchedShare
from peer.run.waiting import Waiter

SIGN_SECONDS = 5.0
STUCK_MS_MAX = 600_000  # without a call of the share, an item, or a turn of the loop
FROZEN = 5
LINGER_SECONDS = 10.0


class Signs:
    """What a worker and its supervisor say to each other."""

    def __init__(self, out: BinaryIO, waiter: Waiter, clock: Clock) -> None:
        self._out = out
        self._waiter = waiter
        self._clock = clock
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._moved_ms = clock.monotonic_ms()
        self._done = 0

    def tell(self, what: str, **facts: object) -> None:
        """Say something to the supervisor; where it is gone, the worker is to end, too."""
        line = orjson.dumps({"what": what, **facts}) + b"\n"
        try:
            with self._lock:
                self._out.write(line)
                self._out.flush()
        except (OSError, ValueError):
            self.stop()

    def stop(self) -> None:
        """The worker is to end after the current item; safe in a signal handler."""
        self._stop.set()
        self._waiter.wake()

    def stopped(self) -> bool:
        """Whether it is to end; that somebody asks is a sign of life, too."""
        self._moved_ms = self._clock.monotonic_ms()
        return self._stop.is_set()

    def listen(self, orders: BinaryIO) -> None:
        """Stop at the first line, or when the supervisor is gone."""

        def wait() -> None:
            orders.readline()
            self.stop()

        threading.Thread(target=wait, name="orders", daemon=True).start()

    def watch(self, share: WatchedShare) -> None:
        """Give signs of life from now on, while there is progress."""
        threading.Thread(target=self._watch, args=(share,), name="signs", daemon=True).start()

    def _watch(self, share: WatchedShare) -> None:
        pause = threading.Event()
        while not self._stop.is_set():
            if not self.look(share):
                return
            pause.wait(SIGN_SECONDS)
        pause.wait(LINGER_SECONDS)
        os._exit(0)  # the loop had its time; whatever it hangs in, all that counts is committed

    def look(self, share: WatchedShare, end: Callable[[int], object] = os._exit) -> bool:
        """One look at whether there is progress, and the sign; False: the drive is frozen."""
        if share.stalled_ms() >= deadline.stalled_ms_max:
            seconds = deadline.stalled_ms_max // 1000
            self.tell("frozen", doing=share.doing, seconds=seconds)
            share.last_words(f"the share has not answered for {seconds} s ({share.doing})")
            end(FROZEN)
            return False
        if share.done != self._done:
            self._done, self._moved_ms = share.done, self._clock.monotonic_ms()
        if self._clock.monotonic_ms() - self._moved_ms < STUCK_MS_MAX:
            self.tell("sign")
        return True


def pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout of this process for `Signs`; what else is printed goes to stderr."""
    orders, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return orders, out
