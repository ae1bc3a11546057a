"""A share that stands still and one that is only slow are told apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from peer.deadline import WatchedShare, stalled_ms_max
from peer.simulate.machine import VirtualClock
from protocol.errors import MissingError, ShareError
from registry.folder import FolderShare
from registry.memory import MemoryShare
from registry.share import Entry, Share, digest
from tests.network import FakeClock

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


class SlowFolder:
    """A drive that takes half a minute for every name of a listing."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.seen = clock, list[int]()
        self.moved: Callable[[], object] = list
        self.watched = WatchedShare(cast(Share, self), clock)

    def names(self, folder: str, names_max: int, rank: Any = None) -> list[str]:
        for _ in "abcd":
            self.clock.go(30_000)
            self.seen.append(self.watched.stalled_ms())
            self.moved()
        return []

    def entries(self, folder: str, names_max: int, rank: Any = None) -> list[Entry]:
        self.names(folder, names_max, rank)
        return []


def test_every_name_of_a_listing_is_progress() -> None:
    """TICK-6: a folder of 200,000 names on a slow drive ends no tick; a frozen drive does."""
    clock = FakeClock()
    slow = SlowFolder(clock)
    slow.watched.names("", 9)
    slow.watched.entries("", 9, lambda name: None)
    assert slow.seen == [30_000] * 8
    assert sum(slow.seen) > stalled_ms_max
    assert slow.watched.stalled_ms() == 0


def test_a_watched_listing_is_that_of_the_share() -> None:
    share = MemoryShare()
    for name in ("b", "a", "c"):
        share.place(name, b"x")
    watched = WatchedShare(share, FakeClock())
    assert watched.names("", 2) == ["a", "b"]
    assert watched.names("", 2, lambda name: None if name == "a" else name) == ["b", "c"]
    assert watched.entries("", 1) == [Entry("a", 1)]


def test_hidden_names_and_sizes_are_progress(tmp_path: Path) -> None:
    """TICK-6: 20,000 names that no listing shows end no tick; each size asked for counts."""
    clock = FakeClock()
    share = FolderShare(str(tmp_path), "core", lambda: "2")
    for name in (".a", ".b", "c d", "e", "f"):
        (tmp_path / name).write_bytes(b"x")
    watched, stalled = WatchedShare(share, clock), list[int]()

    def slowly(moved: Callable[[], object]) -> None:
        clock.go(50_000)
        stalled.append(watched.stalled_ms())
        moved()

    share.moved = partial(slowly, share.moved)
    assert watched.names("", 9) == ["e", "f"]
    assert watched.entries("", 9) == [Entry("e", 1), Entry("f", 1)]
    assert stalled == [50_000] * (5 + 5 + 2)
    assert watched.stalled_ms() == 0


def test_every_part_of_a_file_is_progress() -> None:
    """TICK-6: a large file on a slow drive ends no tick."""
    clock, share = FakeClock(), MemoryShare()
    watched, stalled = WatchedShare(share, clock), list[int]()

    def parts() -> Iterator[bytes]:
        for part in (b"ab", b"cd", b"ef"):
            clock.go(50_000)
            stalled.append(watched.stalled_ms())
            yield part

    watched.place_file("a", parts())
    assert stalled == [50_000] * 3
    assert watched.stalled_ms() == 0
    assert [watched.read_part("a", at, 4) for at in (0, 4)] == [b"abcd", b"ef"]


def test_every_open_of_a_file_is_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TICK-6: a server that waits for another client holds each open up for half a minute."""
    clock = FakeClock()
    share = FolderShare(str(tmp_path), "core", lambda: "2")
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"new")
    watched, stalled = WatchedShare(share, clock), list[int]()
    real = os.open

    def slowly(path: Any, *rest: Any, **more: Any) -> int:
        clock.go(35_000)
        stalled.append(watched.stalled_ms())
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", slowly)
    known = [digest(b"old"), digest(b"old")]
    assert watched.read_many(["a", "b"], 9, known) == [b"new", b"new"]
    assert len(stalled) >= 4
    assert max(stalled) < stalled_ms_max
