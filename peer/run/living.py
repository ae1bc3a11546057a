"""A resident peer put together: its beats, how it notices letters, and its loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from peer.deadline import WatchedShare, nobody_hears
from peer.drives import POLL_SECONDS, kind_of_drive
from peer.home.drive import kind_of, network_kind
from peer.instance import RunningPeer
from peer.run.beats import Beats
from peer.run.outages import last_words
from peer.run.resident import LOOK_MS, Resident, Tell
from peer.run.waiting import Waiter
from peer.run.watching import Hints, NativeHints, NoHints


def live(
    peer: RunningPeer, share: WatchedShare, waiter: Waiter, stopped: Callable[[], bool], tell: Tell
) -> bool:
    """Until `stopped` says so; True: files of the identity changed, begin anew with them.

    `share` is the peer's; `tell(what, **facts)` hears what a person may want to know.
    """
    share.last_words = partial(last_words, peer)
    try:
        return _live(peer, share, waiter, stopped, tell)
    finally:
        share.last_words = nobody_hears


def _live(
    peer: RunningPeer, share: WatchedShare, waiter: Waiter, stopped: Callable[[], bool], tell: Tell
) -> bool:
    timetable = peer.settings.schedule.timetable(peer.address)
    beats = Beats(timetable, peer.home, peer.clock)
    how = _how(peer, share)
    poll_ms = _poll_ms(peer, share)
    look_ms = LOOK_MS if how == "native" else poll_ms

    def hint() -> None:
        resident.hinted = True
        waiter.wake()

    hints: Hints = NoHints()
    if how == "native":
        try:
            hints = NativeHints(peer.identity.share, hint, share.during)
        except OSError as error:
            how, look_ms = f"polling, because the system gives no watches ({error})", poll_ms
    resident = Resident(peer, beats, waiter, hints, look_ms=look_ms, stopped=stopped, tell=tell)
    tell("ready", watch=how, look_ms=look_ms, next_ms=beats.at_ms)
    try:
        return resident.run()
    finally:
        hints.close()


def _how(peer: RunningPeer, share: WatchedShare) -> str:
    """How to notice letters: as the settings say, else as fits the drive."""
    watch, root = peer.settings.run.watch, peer.identity.share
    found = [watch]
    if watch == "auto":
        share.during("look", "", lambda: found.append(kind_of_drive(kind_of(root), root).watching))
    return found[-1]


def _poll_ms(peer: RunningPeer, share: WatchedShare) -> int:
    """Between two looks; not below what network drives need to show what is new."""
    found = share.during("look", "", lambda: network_kind(peer.identity.share))
    return max(peer.settings.run.poll_s, POLL_SECONDS if found is not None else 1) * 1000
