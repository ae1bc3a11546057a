"""Living: ticks, handlers of a program, and how everybody is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from peer.api.opened import Opened
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.handlers import Handler
    from peer.results.restarts import Restart
    from peer.results.states import Approval, Concern, Goal, Neighbour, Status
    from peer.tick.report import Report
    from protocol.trouble import Trouble

C = TypeVar("C", bound="Callable[[], Iterable[Trouble]]")
H = TypeVar("H", bound="Handler")


def _to_nobody(*said: object) -> None:
    """Nobody listens."""


class Living(Opened):
    """What a peer does, and how it and its neighbours are."""

    def tick(self, progress: Callable[[int, int, str], None] | None = None) -> Report:
        """One heartbeat session: receive, act, look after the neighbours, deliver, beat.

        Safe to repeat and to kill. The report's `state` is "busy" where another tick of this peer
        runs and "parked" where it may not act; `human` then says what a person must do. ShareError
        where the share cannot be used. `progress` hears of long work: done, of how many, of what.
        """
        from peer.clock import SystemClock
        from peer.operations import announce, tick_with_care, told

        with told(self.folder, self.name, SystemClock()):
            peer = self.running
            announce(peer)
        if progress is not None:
            peer.progress = progress
        return tick_with_care(peer)

    def run(
        self,
        stop: Event | None = None,
        on_tick: Callable[[Report], object] = _to_nobody,
        on_away: Callable[[str], object] = _to_nobody,
        on_back: Callable[[], object] = _to_nobody,
    ) -> None:
        """Beat on schedule, and at once when a letter or an order arrives, until `stop` is set.

        In this thread, with the handlers of `on`; that `stop` is set is noticed within two seconds,
        and after the current item. `on_tick` hears of every tick. A share that is away, and a
        person who must act, are waited for: `on_away` hears once why the share cannot be used,
        `on_back` once that it can be again. SomaError where another resident of this identity
        lives. The command `peer run` does so in a process that no frozen share can hold.
        """
        from peer.run.here import stay, teller

        stop = stop or Event()
        tell = teller(on_tick, on_away, on_back)
        while stay(self.running, stop, tell):
            handlers = self.running.handlers  # key, settings or database are others now
            self.close()
            self.running.handlers = handlers

    def on(self, kind: str) -> Callable[[H], H]:
        """A decorator: this handler, too, sees items of a kind, inside `tick`.

        It is called with the received item and a view, and returns a list of effects (`Send`,
        `Publish`, `Remember`, `Escalate` …), which are applied in one transaction with the mark
        "acted". It may see one item twice (after a crash), so whatever it does outside needs the
        item's id as a key. If it raises, nothing of the item happens; after three ticks of that the
        item goes to quarantine. Nothing automatic answers a note, or what is automatic itself.
        """
        from protocol.messages import KINDS

        if kind not in KINDS:
            raise UsageError(f"no item is of the kind {kind!r}; they are {', '.join(KINDS)}")

        def register(handler: H) -> H:
            from peer.handlers import both

            handlers = self.running.handlers
            first = handlers.get(kind)
            own = handler if first is None else both(first, handler)
            self.running.handlers = {**handlers, kind: own}
            return handler

        return register

    def check(self, name: str) -> Callable[[C], C]:
        """A decorator: at each tick of this `Peer` the function looks for troubles of its own.

        It takes nothing and returns `Trouble`s, or none; each is told to everybody once, again when
        it became worse or lasts, and once that it is over. That it raises is a trouble, too. It
        runs in the thread that ticks, once a minute at most. Troubles of a check that only some of
        the programs of this identity know last until such a one finds them no more, or for 3 days.
        """
        from peer.given import check_name
        from peer.wiring import CHECKS

        if check_name(name) in CHECKS:
            raise UsageError(f"the check {name} is there already; choose another name")

        def register(look: C) -> C:
            self._checks[name] = look
            self.running.checks = {**self.running.checks, name: look}
            return look

        return register

    def goals(self) -> list[Goal]:
        """What the stewards want of this peer: the goals in force, as its home knows them."""
        from peer.results import states
        from peer.stewards.aims import goal_rows
        from peer.stewards.standing import standing

        return [states.goal(row) for row in goal_rows(standing(self.running).policy.charters)]

    def peers(self) -> list[Neighbour]:
        """The other members, and how they seemed at the last tick."""
        from peer.results import states
        from peer.stewards.standing import standing
        from peer.tick.look import table

        return [states.neighbour(row) for row in table(self.running, standing(self.running))]

    def status(self) -> Status:
        """How the peer is, as its home knows it; the share is not touched."""
        from peer.approvals import status
        from peer.results import states

        return states.status(status(self.running))

    def approvals(self) -> list[Approval]:
        """What this peer asked stewards for; of a steward's mailbox: what peers ask of it."""
        from peer.approvals import approvals
        from peer.results import states

        return [states.approval(row) for row in approvals(self.running)]

    def for_restart(
        self,
        budget: int = 2000,
        *,
        since: str | None = None,
        size: Callable[[Restart], int] | None = None,
    ) -> Restart:
        """For an agent that lost its context, in at most `budget` tokens of 3 UTF-8 bytes each.

        Who it is, what it was doing, what is open, and what changed since the last time this was
        asked for, or since the `cursor` of an earlier answer; the most urgent first. What others
        wrote is data, with its author. The budget is that of `as_text()`, or of the bytes that
        `size` says. UsageError for what is no budget (400 to 100,000) or cursor.
        """
        from peer.restarting import for_restart
        from peer.results.restarts import text_bytes

        return for_restart(self.running, budget, since, size or text_bytes)

    def concerns(self) -> list[Concern]:
        """What waits for a human, then what should only be known."""
        from peer.approvals import questions
        from peer.overview import concerns
        from peer.results import states

        return [states.concern(row) for row in (*questions(self.running), *concerns(self.running))]
