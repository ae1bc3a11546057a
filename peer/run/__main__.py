"""The worker's process: `python -m peer.run '{"folder": …, "share": …}'`, started by a supervisor.

`died` in that says why the worker before was killed, which nobody else can note in log and home.

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
from peer.home.places import read_identity
from peer.operations import told
from peer.run.living import live
from peer.run.outages import note_death
from peer.run.signs import Signs, pipes
from peer.run.supervisor import RENEW
from peer.run.waiting import EventWaiter
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
        with told(given["folder"], identity.name, clock):
            peer = open_peer(given["folder"], identity, clock=clock, checked=True)
            peer.settings.schedule.timetable(peer.address)
        peer.share = share = WatchedShare(peer.share, clock)
        peer.goes_on = lambda: not signs.stopped()
        if given.get("died"):
            note_death(peer, given["died"])
        signs.watch(share)
        return RENEW if live(peer, share, waiter, signs.stopped, signs.tell) else 0
    except SomaError as error:
        signs.tell("fault", error=str(error), code=error.exit_code)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
