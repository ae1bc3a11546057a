"""A share that notices when it stands still: a frozen server must not hang a peer for ever.

A process inside a dead network mount cannot be interrupted, only ended. `watch` starts a thread
that ends the process (exit 5) when one operation on the share has not returned in time; whatever
was committed stays, and the next tick goes on from there.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TextIO, TypeVar

from peer.clock import Clock
from protocol.errors import ShareError
from registry.share import Entry, Moving, Rank, Share

T = TypeVar("T")
stalled_ms_max = 60_000
NEXT_TICK = "the next tick goes on from here"  # what is true of most work
quick_ms, files_max = 1_000, 32  # what took less may be asked for twice as much at one go


def nobody_hears(text: str) -> None:
    """Nobody wants to hear it."""


class WatchedShare:
    """A share whose operations leave a trace of progress."""

    def __init__(self, inner: Share, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._began: int | None = None
        self.done = 0  # operations that returned, in whatever way
        self.then = NEXT_TICK
        self.doing = ""  # the newest operation, for whoever asks what it waits for
        self.last_words: Callable[[str], None] = (
            nobody_hears  # called with what happened before the process ends itself
        )
        if isinstance(inner, Moving):
            inner.moved = self.moved

    def stalled_ms(self) -> int:
        """How long the operation under way has been going on; 0 where there is none."""
        began = self._began
        return 0 if began is None else self._clock.monotonic_ms() - began

    def foresee(self, text: str) -> None:
        """What is true, should the process be ended from now on."""
        self.then = text

    def during(self, what: str, path: str, work: Callable[[], T]) -> T:
        """Do something that may hang in the drive; that it returned is progress."""
        self.doing = f"{what} {path}".rstrip()
        self._began = self._clock.monotonic_ms()
        try:
            return work()
        finally:
            self._began = None
            self.done += 1

    def read(self, path: str, bytes_max: int) -> bytes:
        """See `Share.read`."""
        return self.during("read", path, lambda: self._inner.read(path, bytes_max))

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        """See `Share.read_many`: in parts, because a drive that answers slowly is not frozen."""
        results: list[bytes | ShareError | None] = []
        size = 1
        while len(results) < len(paths):
            part = slice(len(results), len(results) + size)
            some, knew = paths[part], None if known is None else known[part]
            began = self._clock.monotonic_ms()
            results += self.during("read", some[0], partial(self._read, some, bytes_max, knew))
            quick = self._clock.monotonic_ms() - began < quick_ms
            size = min(2 * size, files_max) if quick else 1
        return results

    def _read(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None
    ) -> list[bytes | ShareError | None]:
        return self._inner.read_many(paths, bytes_max, known)

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        """See `Share.read_part`."""
        return self.during("read", path, lambda: self._inner.read_part(path, offset, bytes_max))

    def entries(self, folder: str, names_max: int, rank: Rank | None = None) -> list[Entry]:
        """See `Share.entries`."""
        return self.during("list", folder, lambda: self._inner.entries(folder, names_max, rank))

    def names(self, folder: str, names_max: int, rank: Rank | None = None) -> list[str]:
        """See `Share.names`."""
        return self.during("list", folder, lambda: self._inner.names(folder, names_max, rank))

    def moved(self) -> None:
        """The operation under way goes on: every name of a listing is progress."""
        if self._began is not None:  # the share may also be used by somebody else than me
            self._began = self._clock.monotonic_ms()

    def place(self, path: str, data: bytes) -> None:
        """See `Share.place`."""
        self.during("write", path, lambda: self._inner.place(path, data))

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Share.place_file`: every part is progress."""
        self.during("write", path, lambda: self._inner.place_file(path, self._each(parts)))

    def _each(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            self.moved()
            yield part

    def remove(self, path: str) -> None:
        """See `Share.remove`."""
        self.during("remove", path, lambda: self._inner.remove(path))

    def clear(self, folder: str, names: Sequence[str]) -> int:
        """See `Share.clear`."""
        return self.during("clear", folder, lambda: self._inner.clear(folder, names))

    def make_folder(self, path: str, shared: bool = False) -> None:
        """See `Share.make_folder`."""
        self.during("make", path, lambda: self._inner.make_folder(path, shared))


def watch(share: Share, clock: Clock) -> WatchedShare:
    """The same share, in a process that ends itself when the share freezes."""
    watched = WatchedShare(share, clock)
    thread = threading.Thread(target=_guard, args=(watched,), name="share-deadline", daemon=True)
    thread.start()
    return watched


def _guard(share: WatchedShare) -> None:
    pause = threading.Event()
    while share.stalled_ms() < stalled_ms_max:
        pause.wait(1.0)
    text = (
        f"the share has not answered for {stalled_ms_max // 1000} s ({share.doing}); {share.then}"
    )
    stderr: TextIO | None = sys.stderr  # None where no console is, as under pythonw
    if stderr is not None:
        stderr.write(f"peer: {text}\n")
        stderr.flush()
    share.last_words(text)
    # Nothing gentler works: a thread inside a frozen mount never returns.
    os._exit(5)
