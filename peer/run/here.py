"""A resident in the process of somebody else: for programs that have handlers of their own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from peer import lock
from peer.deadline import WatchedShare
from peer.instance import RunningPeer
from peer.run.living import live
from peer.run.resident import Tell
from peer.run.waiting import EventWaiter
from peer.tick.report import Report
from protocol.errors import SomaError


def stay(peer: RunningPeer, stop: Event, tell: Tell) -> bool:
    """Live in this thread until `stop` is set, which is noticed within two seconds.

    True: files of the identity changed; open it again and go on. SomaError where another resident
    of the identity lives.
    """
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


def teller(
    on_tick: Callable[[Report], object],
    on_away: Callable[[str], object],
    on_back: Callable[[], object],
) -> Tell:
    """What a resident tells, as a program wants to hear it: of an outage once, not of every try."""
    away = False

    def tell(what: str, **facts: object) -> None:
        nonlocal away
        if what == "away" and not away:
            away = True
            on_away(str(facts["error"]))
        said = facts.get("report")
        if what == "tick" and isinstance(said, dict):
            if away:
                away = False
                on_back()
            on_tick(Report.of_json(said))

    return tell
