"""What counts as progress on a share that is slow, and what as none."""

from __future__ import annotations

from typing import Any, cast

from peer.deadline import WatchedShare, stalled_ms_max
from registry.memory import MemoryShare
from registry.share import Entry, Share
from tests.network import FakeClock


class Slow:
    """A drive that takes half a minute for every name of a listing."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.seen = clock, list[int]()
        self.watched = WatchedShare(cast(Share, self), clock)

    def names(self, folder: str, names_max: int, rank: Any = None) -> list[str]:
        for name in "abcd":
            self.clock.go(30_000)
            self.seen.append(self.watched.stalled_ms())
            assert rank(name) in (name, None)
        return []

    def entries(self, folder: str, names_max: int, rank: Any = None) -> list[Entry]:
        self.names(folder, names_max, rank)
        return []


def test_every_name_of_a_listing_is_progress() -> None:
    """TICK-6: a folder of 200,000 names on a slow drive ends no tick; a frozen drive does."""
    clock = FakeClock()
    slow = Slow(clock)
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
