"""One peer on one simulated machine: its home, its view of the drive, its clock, and its end.

A process of it lives for one tick or one command, or goes on (`resident`). It passes steps: before
and after each call of the share, before and after each commit. Something can be armed to happen at
one of them: the process dies there, or somebody else does something first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from peer.handlers import HANDLERS, Handler, Received, View
from peer.home import Home
from peer.home.blobs import MemoryBlobs
from peer.home.database import Stamp
from peer.home.places import Identity
from peer.instance import Look, RunningPeer
from peer.simulate.beats import Beat, Beats
from peer.simulate.boxes import said
from peer.simulate.chance import Chance
from peer.simulate.drive import View as DriveView
from peer.simulate.home import WatchedDatabase, restore
from peer.simulate.machine import VirtualClock
from peer.tick.report import Report
from protocol.effect import Effect
from protocol.messages import KINDS
from protocol.signing import Signer
from registry.faulty import Killed

Action = Callable[[str, str, str, bytes], None]
Believed = tuple[str, str, int, str]  # name, epoch and seq of the newest heartbeat, state


class WatchedSigner(Signer):
    """A key that tells what it signs."""

    __slots__ = ("heard", "seed")

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed)
        self.seed = seed
        self.heard: Callable[[bytes], None] | None = None

    def sign(self, message: bytes) -> bytes:
        """See `Signer.sign`."""
        if self.heard is not None:
            self.heard(message)
        return super().sign(message)


@dataclass(slots=True)
class Backup:
    """A home as it was: its bytes, and what had been acted on in it."""

    image: bytes
    acted: Counter[str]
    round: int


@dataclass(slots=True, eq=False)
class Instance:
    """`name` is bare. `honest`: it does what the software does.

    `takes_over`: the name was another's before. `on`: its machine runs. `member`: it has not left.
    `acted` belongs to the home: how often the effects of each item were committed. `doubled`: the
    epochs that existed in two homes (a twin, a restored backup); a new epoch ends what comes of it.
    """

    name: str
    identity: Identity
    home: Home
    view: DriveView
    clock: VirtualClock
    signer: WatchedSigner
    entropy: Chance
    every_ms: int
    resident: bool = False
    one_of_many: bool = False  # what it knows of each of the others is not held for checkers
    honest: bool = True
    takes_over: bool = False
    on: bool = True
    member: bool = True
    slot: int = 0
    acted: Counter[str] = field(default_factory=Counter)
    doubled: set[str] = field(default_factory=set)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    checks: dict[str, Look] = field(default_factory=dict)  # for troubles of its own
    report: Report | None = None
    failed: str | None = None
    seen: dict[str, bytes] = field(default_factory=dict)  # heartbeats, when it began
    beats: dict[str, Beat] = field(default_factory=dict)  # the genuine ones of them
    unwell: int = 0  # slots for which its operator has seen it parked
    repairs: int = 0  # in the quiet phase
    steps: int = 0
    steps_before: int = 40
    depth: int = 0  # processes of it that are under way
    armed: list[tuple[int, Action]] = field(default_factory=list)
    own_seen: int = 0
    others_seen: int = 0
    on_acted: Callable[[Instance, str], None] | None = None
    durable: Backup | None = None  # kept while power may go
    power_may_go: bool = False  # in what it does next
    power_will_go: bool = False  # some time later
    _process: RunningPeer | None = None
    _pending: list[str] = field(default_factory=list)
    _handlers: dict[str, Handler] = field(default_factory=dict)
    _believed: dict[str, Believed] = field(default_factory=dict)
    _asked: dict[str, tuple[Home, Stamp]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._handlers = {kind: self._watched(HANDLERS.get(kind)) for kind in KINDS}
        self.view.step, self.view.skip = self.step, self.skip
        self.move_in(self.home)

    @property
    def database(self) -> WatchedDatabase:
        """The database of its home."""
        assert isinstance(self.home.db, WatchedDatabase)
        return self.home.db

    @property
    def believed(self) -> dict[str, Believed]:
        """What its home says of neighbours, by name; read again where that was written."""
        if not self.one_of_many and not self.news("believed", "neighbour"):
            return self._believed
        rows = self.home.db.read("SELECT name, epoch, seq, state FROM neighbour")
        found: dict[str, Believed] = {row[0]: row for row in rows}
        if not self.one_of_many:
            self._believed = found
        return found

    def news(self, who: str, *tables: str) -> bool:
        """Whether something was written to these tables of its home since `who` asked last."""
        found = self.home, self.home.db.stamp(*tables)
        before = self._asked.get(who)
        if before is not None and before[0] is found[0] and before[1] == found[1]:
            return False
        self._asked[who] = found
        return True

    def look(self, beats: Beats) -> None:
        """Note which heartbeats it can see as it begins."""
        self.seen = self.view.beats()
        self.beats = beats.genuine(self.seen)

    def look_away(self) -> None:
        """What it saw then is of no more use."""
        self.seen, self.beats = {}, {}

    def move_in(self, home: Home) -> None:
        """Live in another home from now on; every process of it is over."""
        self.home = home
        self.database.step = self.step
        self.database.done = self._done
        self.database.undone = self._pending.clear
        self.database.mark = self._pending.__len__
        self.database.undone_to = self._back_to
        self._process = None

    def process(self) -> RunningPeer:
        """The process that does what comes next: the one that goes on, or a new one."""
        if self._process is None or not self.resident or self.depth > 1:
            process = RunningPeer(
                identity=self.identity,
                home=self.home,
                share=self.view,
                signer=self.signer,
                clock=self.clock,
                entropy=self.entropy,
                next_beat_ms=self.every_ms,
                own_handlers=self._handlers,
                blobs=self.blobs,
                checks=self.checks,
            )
            if self.depth > 1:
                return process
            self._process = process
        return self._process

    def begin(self) -> None:
        """A process does something."""
        self.depth += 1
        if self.depth == 1:
            self.steps = 0
            self.view.troubles.unseen.clear()
            if self.power_may_go and not self.power_will_go:
                self.durable = self.backup(0)

    def end(self) -> None:
        """It has ended, or died; what was armed and not reached does not happen."""
        self.depth -= 1
        if self.depth == 0:
            # Of a tick rather than of the sends in between.
            self.steps_before = max(self.steps, self.steps_before * 3 // 4, 10)
            self.armed.clear()
            self.power_may_go = False
            if not self.power_will_go:
                self.durable = None

    def arm(self, at: int, action: Action) -> None:
        """Let something happen at the `at`-th step of what it does next."""
        self.armed.append((at, action))
        self.armed.sort(key=lambda armed: armed[0])

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Nothing that is armed for its next tick happens in what is done meanwhile."""
        armed, self.armed = self.armed, []
        power_may_go = self.power_may_go
        try:
            yield
        finally:
            self.armed, self.power_may_go = armed, power_may_go

    def step(self, when: str, op: str, path: str, data: bytes) -> None:
        """A step is passed."""
        self.steps += 1
        if self.armed and self.steps >= self.armed[0][0]:
            _, action = self.armed.pop(0)
            action(when, op, path, data)

    def skip(self, count: int) -> bool:
        """Pass so many steps at one go, unless something is armed to happen at one of them."""
        if self.armed and self.steps + count >= self.armed[0][0]:
            return False
        self.steps += count
        return True

    def die(self) -> None:
        """Every process of it is gone; what was not committed never happened."""
        self._process = None
        self._pending.clear()

    def lose_power(self) -> None:
        """Back to what had reached the disk for certain."""
        if self.durable is not None:
            self.go_back(self.durable)
        self.durable, self.power_will_go = None, False
        self.clock.reboot()

    def said(self, id_: str, audience: str) -> dict[str, Any]:
        """An item of its home as its author wrote it, opened if it is sealed."""
        return said(self.home, self.signer.seed, self.identity.network, id_, audience)

    def backup(self, round_: int) -> Backup:
        """The home as it is now."""
        return Backup(self.database.image(), self.acted.copy(), round_)

    def go_back(self, backup: Backup) -> None:
        """The home as it was."""
        self.acted = backup.acted.copy()
        self.durable = backup if self.power_will_go else None
        self.move_in(restore(backup.image))
        # What a process committed before it died has not been collected yet.
        self.own_seen = min(self.own_seen, self.newest(1))
        self.others_seen = min(self.others_seen, self.newest(0))

    def newest(self, mine: int) -> int:
        """The row of the newest item in the home, mine (1) or others' (0)."""
        row = self.home.db.one("SELECT max(n) FROM item WHERE mine = ?", mine)
        return 0 if row is None or row[0] is None else int(row[0])

    def _watched(self, handler: Handler | None) -> Handler:
        def watched(received: Received, view: View) -> list[Effect]:
            effects = [] if handler is None else handler(received, view)
            self._pending.append(received.item.id)
            return effects

        return watched

    def _back_to(self, mark: int) -> None:
        del self._pending[mark:]

    def _done(self, durable: bool) -> None:
        pending = self._pending[:]
        self._pending.clear()
        for item in pending:
            self.acted[item] += 1
            if self.on_acted is not None:
                self.on_acted(self, item)
        if durable and (self.power_will_go or (self.power_may_go and self.depth)):
            self.durable = self.backup(0)


__all__ = ["Action", "Backup", "Instance", "Killed", "WatchedSigner"]
