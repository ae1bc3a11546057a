"""A share that stands still and one that is only slow are told apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from peer.deadline import WatchedShare, stalled_ms_max
from peer.simulate.machine import VirtualClock
from protocol.errors import MissingError, ShareError
from registry.memory import MemoryShare
from registry.share import digest

NAMES = [f"peers/{number:03}" for number in range(200)]


class SlowShare(MemoryShare):
    """Every file takes its time; what the deadline saw meanwhile is noted."""

    def __init__(self, ms: int) -> None:
        super().__init__()
        self.ms, self.now, self.asked = ms, 0, 0
        self.watched: WatchedShare | None = None
        self.stalled: list[tuple[int, str]] = []
        self.make_folder("peers")
        for name in NAMES:
            self.place(name, name.encode())

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        self.asked += 1
        self.now += self.ms * len(paths)
        assert self.watched is not None
        self.stalled.append((self.watched.stalled_ms(), self.watched.doing))
        return super().read_many(paths, bytes_max, known)


def slow(ms: int) -> SlowShare:
    share = SlowShare(ms)
    share.watched = WatchedShare(share, VirtualClock(lambda: share.now))
    return share


@pytest.mark.parametrize("ms", [0, 1, 700, 20_000, 59_000])
def test_a_slow_drive_is_not_frozen_however_many_files_are_read(ms: int) -> None:
    """TICK-6: the deadline is one of progress, and each file that was read is some."""
    share = slow(ms)
    assert share.watched is not None
    read = share.watched.read_many([*NAMES, "peers/none"], 100)
    assert read[:-1] == [name.encode() for name in NAMES]
    assert isinstance(read[-1], MissingError)
    assert max(stalled for stalled, _ in share.stalled) < stalled_ms_max
    assert share.watched.stalled_ms() == 0


def test_a_quick_drive_is_asked_for_many_at_one_go() -> None:
    share = slow(0)
    assert share.watched is not None
    share.watched.read_many(NAMES, 100)
    assert share.asked <= 12


def test_what_is_known_stays_with_its_path_in_every_part() -> None:
    share = slow(700)
    assert share.watched is not None
    known = [digest(name.encode()) if number % 2 else None for number, name in enumerate(NAMES)]
    read = share.watched.read_many(NAMES, 100, known)
    assert read == [None if number % 2 else name.encode() for number, name in enumerate(NAMES)]


def test_whoever_waits_says_what_for() -> None:
    """TICK-6: a person can see which file the drive did not give."""
    share = slow(1)
    assert share.watched is not None
    share.watched.read_many(NAMES[:1], 100)
    assert share.stalled[-1] == (1, "read peers/000")
