"""The worker's process: `python -m peer.run '{"folder": …, "share": …}'`, started by a supervisor.

Its pipes are those of `peer.run.signs`. It ends with 0 when asked to stop, `RENEW` to be begun anew
at once, 5 when the drive is frozen, and otherwise with the exit code of what went wrong.
"""

from __future__ import annotations

import signal
import sys
from dataclasses import replace

import orjson

from peer.clock import SystemClock
from peer.deadline import WatchedShare
from peer.drives import POLL_SECONDS, kind_of_drive
from peer.home.drive import kind_of, network_kind
from peer.home.places import read_identity
from peer.instance import Peer
from peer.run.beats import Beats
from peer.run.resident import LOOK_MS, Resident
from peer.run.signs import Signs, pipes
from peer.run.supervisor import RENEW
from peer.run.waiting import EventWaiter
from peer.run.watching import Hints, NativeHints, NoHints
from peer.wiring import open_peer
from protocol.errors import SomaError


def main(job: str) -> int:
    """Live as one resident peer; returns the exit code."""
    orders, out = pipes()
    clock, waiter = SystemClock(), EventWaiter()
    signs = Signs(out, waiter, clock)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells the supervisor, who tells us
    signal.signal(signal.SIGTERM, lambda *_: signs.stop())
    signs.listen(orders)
    try:
        given = orjson.loads(job)
        identity = replace(read_identity(given["folder"]), share=given["share"])
        peer = open_peer(given["folder"], identity, clock=clock)
        peer.share = share = WatchedShare(peer.share, clock)
        peer.goes_on = lambda: not signs.stopped()
        signs.watch(share)
        return RENEW if _live(peer, share, signs, waiter) else 0
    except SomaError as error:
        signs.tell("fault", error=str(error), code=error.exit_code)
        return error.exit_code


def _live(peer: Peer, share: WatchedShare, signs: Signs, waiter: EventWaiter) -> bool:
    """See `Resident.run`."""
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
    resident = Resident(
        peer, beats, waiter, hints, look_ms=look_ms, stopped=signs.stopped, tell=signs.tell
    )
    signs.tell("ready", watch=how, look_ms=look_ms, next_ms=beats.at_ms)
    try:
        return resident.run()
    finally:
        hints.close()


def _how(peer: Peer, share: WatchedShare) -> str:
    """How to notice letters: as the settings say, else as fits the drive."""
    watch, root = peer.settings.run.watch, peer.identity.share
    found = [watch]
    if watch == "auto":
        share.during("look", "", lambda: found.append(kind_of_drive(kind_of(root), root).watching))
    return found[-1]


def _poll_ms(peer: Peer, share: WatchedShare) -> int:
    """Between two looks; not below what network drives need to show what is new."""
    found = share.during("look", "", lambda: network_kind(peer.identity.share))
    return max(peer.settings.run.poll_s, POLL_SECONDS if found is not None else 1) * 1000


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
