"""A resident in the process of somebody else: for programs that have handlers of their own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from peer import lock
from peer.deadline import WatchedShare
from peer.instance import RunningPeer
from peer.run.living import live
from peer.run.waiting import EventWaiter
from peer.tick.report import Report
from protocol.errors import SomaError


def stay(peer: RunningPeer, stop: Event, on_tick: Callable[[Report], object]) -> bool:
    """Live in this thread until `stop` is set, which is noticed within two seconds.

    `on_tick` hears of every tick. True: files of the identity changed; open it again and go on.
    SomaError where another resident of the identity lives.
    """

    def tell(what: str, **facts: object) -> None:
        said = facts.get("report")
        if what == "tick" and isinstance(said, dict):
            on_tick(Report.of_json(said))

    if not isinstance(peer.share, WatchedShare):
        peer.share = WatchedShare(peer.share, peer.clock)
    goes_on = peer.goes_on
    with lock.held(peer.folder, lock.RUN) as mine:
        if not mine:
            raise SomaError(f"another `peer run` of {peer.name} is running; end that one first")
        peer.goes_on = lambda: not stop.is_set()
        try:
            return live(peer, peer.share, EventWaiter(), stop.is_set, tell)
        finally:
            peer.goes_on = goes_on
