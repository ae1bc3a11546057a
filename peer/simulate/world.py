"""One simulated network: true time, a drive, a steward, peers on machines, and who watches.

`World` does what happens: a peer ticks or writes, a machine dies, an operator mends. What happens
when is `run`; what goes wrong is one file each in `faults`; what must hold is one file each in
`checkers`. Everything follows from the plan: no clock, no chance and no order of the machine that
runs the simulation gets in.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson

from peer import membership
from peer.home import Home
from peer.home.places import Identity
from peer.lives import begin_epoch, told
from peer.simulate.beats import Beats
from peer.simulate.chance import Chance
from peer.simulate.drive import Drive
from peer.simulate.home import WatchedDatabase, restore
from peer.simulate.instance import Backup, Instance, WatchedSigner
from peer.simulate.ledger import Ledger
from peer.simulate.machine import VirtualClock
from peer.simulate.outcome import Strike, Violation
from peer.simulate.parcels import post
from peer.simulate.steward import Steward
from peer.simulate.told import Told, count, described
from peer.tick.session import tick
from protocol.errors import HumanNeededError, NotFoundError, ShareError
from protocol.messages import Body
from registry.faulty import Killed

if TYPE_CHECKING:
    from peer.simulate.checkers import Checker
    from peer.simulate.plan import Plan

CLUSTER = "lab"
crowd = 200  # from here on homes prepare statements anew: each one kept takes 7 KB


class Broken(BaseException):
    """A promise was not kept; the run ends here. No code under test may catch it."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.text)
        self.violation = violation


class World:
    """The state of a run. Names of instances are bare; `twins` are second copies of an instance."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.seed = plan.seed
        self.every_ms = plan.scenario.every_ms
        self.now_ms = 0
        self.round = 0
        self.quiet = False
        self.ledger = Ledger()
        self.drive = Drive(lambda: self.now_ms, self.spend)
        self.instances: dict[str, Instance] = {}
        self.twins: dict[str, Instance] = {}
        self.checkers: Sequence[Checker] = ()
        self.strikes: list[Strike] = []
        self.totals: Counter[str] = Counter()
        self.tally: Counter[str] = Counter()  # of this round
        self.answers: dict[int, Counter[str]] = {}
        self.told: dict[Instance, Told] = {}
        self.beats = Beats()
        self._later: list[tuple[int, int, Callable[[], object]]] = []
        self._undo: dict[int, Callable[[], object]] = {}
        self._numbers = 0
        self._trace = blake2b(digest_size=32)
        self._until_ms: int | None = None
        view = self.drive.mount("the steward", Chance(self.seed, "steward"))
        self.steward = Steward(view, VirtualClock(self.true_ms), self.ledger, CLUSTER, self.seed)

    # ---------------------------------------------------------------------------- time and chance

    def true_ms(self) -> int:
        """What time it is, in ms since the world began."""
        return self.now_ms

    def spend(self, ms: int) -> None:
        """Something takes this long."""
        self.now_ms += ms

    def chance(self, *words: str | int) -> Chance:
        """The chance of these words in this run."""
        return Chance(self.seed, *words)

    def later(self, ms: int, do: Callable[[], object]) -> None:
        """Do something in a while; when the quiet phase begins it is called off."""
        self._numbers += 1
        heapq.heappush(self._later, (self.now_ms + ms, self._numbers, do))

    def until(self, ms: int, undo: Callable[[], object]) -> None:
        """What a strike began ends in a while, when the quiet phase begins at the latest.

        An `undo` that returns False could not be done yet; it is tried again.
        """
        self.later(ms, partial(self._end, self._numbers + 1))
        self._undo[self._numbers] = undo
        self._until_ms = self.now_ms + ms

    def forget_until(self) -> None:
        """What begins now has no end yet."""
        self._until_ms = None

    def _end(self, number: int) -> None:
        undo = self._undo.pop(number, None)
        if undo is not None and undo() is False:
            told = self._until_ms
            self.until(self.every_ms // 2, undo)
            self._until_ms = told

    def next_event_ms(self) -> int | None:
        """When the next thing that was put off is due."""
        return self._later[0][0] if self._later else None

    def do_next_event(self) -> None:
        """Let time come to it, and do it."""
        at, _, do = heapq.heappop(self._later)
        self.now_ms = max(self.now_ms, at)
        do()

    def calm(self) -> None:
        """Faults are over: what they began ends, what they were about to do does not happen."""
        self.quiet = True
        self.strikes = [
            replace(one, until_ms=self.now_ms) if (one.until_ms or 0) > self.now_ms else one
            for one in self.strikes
        ]
        for view in self.drive.views.values():
            view.catch_up()
            view.troubles.clear()
        for _ in range(3):  # a person may need what another one mends
            for number in sorted(self._undo):
                self._end(number)
        self._later.clear()

    # ---------------------------------------------------------------------------- who is there

    def make(self, name: str, *words: str | int, home: Home | None = None) -> Instance:
        """One more instance: a machine, a view, a key and a home, unless it takes over one."""
        chance = self.chance("instance", name, *words)
        signer = WatchedSigner(chance.draw(32))
        clock = VirtualClock(self.true_ms)
        identity = Identity(
            name=name, cluster=CLUSTER, network=self.steward.network, share="memory", key=signer.key
        )
        entropy, many = chance.fork("entropy"), len(self.instances) > crowd
        if home is None:
            home = Home(WatchedDatabase(12 if many else 128))
            with home.transaction():
                home.state.begin_epoch(entropy.draw)
        instance = Instance(
            name=name,
            identity=identity,
            home=home,
            view=self.drive.mount(" ".join([name, *map(str, words)]), chance.fork("view")),
            clock=clock,
            signer=signer,
            entropy=entropy,
            every_ms=self.every_ms,
            resident=chance.hits(500),
            one_of_many=many,
        )
        self._watch(instance)
        return instance

    def _watch(self, instance: Instance) -> None:
        instance.on_acted = self._acted
        instance.view.wrote = lambda path, data: self._wrote(instance, path, data)
        instance.signer.heard = lambda message: self._signed(instance, message)
        self.told[instance] = Told()

    def enter(self, instance: Instance) -> bool:
        """Its card and its folders are put on the share; whether the drive let it."""
        one = instance
        self.live(
            one,
            "enter",
            lambda: membership.enter(one.identity, one.home, one.view, one.signer, one.clock),
        )
        one.member |= one.failed is None
        return one.failed is None

    def twin(self, original: Instance) -> Instance:
        """A second machine with a copy of the home begins to run beside the first."""
        twin = Instance(
            name=original.name,
            identity=original.identity,
            home=restore(original.database.image()),
            view=self.drive.mount(
                f"{original.name} twin {self.round}", self.chance("twin", original.name, self.round)
            ),
            clock=VirtualClock(self.true_ms),
            signer=WatchedSigner(original.signer.seed),
            entropy=self.chance("twin entropy", original.name, self.round),
            every_ms=self.every_ms,
            acted=original.acted.copy(),
            doubled=original.doubled,
            blobs=original.blobs.copy(),
        )
        twin.own_seen, twin.others_seen = original.own_seen, original.others_seen
        original.doubled.add(original.home.state.epoch)
        self._watch(twin)
        self.twins[original.name] = twin
        return twin

    def stop_twin(self, name: str) -> None:
        """Somebody finds the second copy and switches it off; the first needs a new epoch."""
        twin = self.twins.pop(name, None)
        if twin is None:
            return
        self.drive.views.pop(twin.view.who, None)
        original = self.instances[name]
        self.ledger.take_back(name, self.held(original))
        if twin.slot and original.member:
            self.repair(original)

    def held(self, instance: Instance) -> list[str]:
        """The ids of what a home holds of its own letters."""
        return [row[0] for row in instance.home.db.read("SELECT id FROM item WHERE mine = 1")]

    def active(self) -> list[Instance]:
        """Whoever is a member now, honest or not, by name."""
        return [one for _, one in sorted(self.instances.items()) if one.member]

    def honest(self) -> list[Instance]:
        """The members who do what the software does, by name."""
        return [one for one in self.active() if one.honest]

    # ---------------------------------------------------------------------------- what they do

    def tick(self, instance: Instance) -> None:
        """One tick, whatever becomes of it."""
        instance.look(self.beats)
        for checker in self.checkers:
            checker.before(instance, "tick")
        calls, read, written = self._work(instance)
        instance.report, instance.failed = None, None
        self.live(instance, "tick", lambda: setattr(instance, "report", tick(instance.process())))
        after = self._work(instance)
        self.tally["ticks"] += 1
        self.tally["calls"] += after[0] - calls
        self.tally["read_bytes"] += after[1] - read
        self.tally["written_bytes"] += after[2] - written
        self.tally.update(count(instance.report))
        for word in self.told[instance].news(instance):
            self.answer(word)
        for checker in self.checkers:
            checker.after(instance, "tick", after[0] - calls)
        instance.look_away()
        self._until_ms = None  # of something that struck meanwhile

    def write(self, instance: Instance, to: Sequence[str], body: Body) -> None:
        """One `peer send`, in a process of its own."""
        instance.look(self.beats)
        for checker in self.checkers:
            checker.before(instance, "send")
        chance = self.chance("parcel", instance.name, self.now_ms)
        # What is sealed for the former holder of a name is of no use to the next one.
        may_seal = not any(one.takes_over for one in self.instances.values() if one.name in to)
        self.live(instance, "send", lambda: post(instance.process(), to, body, chance, may_seal))
        self.tally["sends"] += 1
        for checker in self.checkers:
            checker.after(instance, "send", 0)
        instance.look_away()

    def _work(self, instance: Instance) -> tuple[int, int, int]:
        view = instance.view
        return view.calls, view.read_bytes, view.written_bytes

    def live(self, instance: Instance, what: str, act: Callable[[], object]) -> None:
        """What a process of it does, whatever becomes of it."""
        instance.begin()
        instance.failed = None
        try:
            act()
        except Killed:
            instance.die()
            instance.failed = "killed"
            self.tally["killed"] += 1
        except ShareError as error:
            instance.failed = type(error).__name__
        except Exception as error:
            if what == "tick" or not isinstance(error, HumanNeededError | NotFoundError):
                # What others wrote, or a drive did, must not raise out of a tick or a send.
                found = self.violation("crash", instance.name, described(error, what))
                raise Broken(found) from error
            instance.failed = type(error).__name__
        finally:
            instance.end()
        report = instance.report
        if instance.failed not in (None, "killed"):
            self.answer(f"ended with {instance.failed}")
        self.trace(orjson.dumps((what, instance.name, instance.failed, report and report.kept())))
        self._collect(instance)

    def repair(self, instance: Instance) -> None:
        """Its operator runs `peer repair`."""

        def begin() -> None:
            lives = told(instance.view, instance.identity)
            begin_epoch(instance.home, lives, instance.clock, instance.entropy)

        self.live(instance, "repair", begin)
        if instance.failed is not None:  # tried again when it says so again
            return
        instance.die()
        instance.unwell = 0
        instance.repairs += self.quiet
        self.totals["repairs"] += 1
        self.answer("repaired")

    def go_back(self, instance: Instance, backup: Backup) -> None:
        """Its home is restored from a backup; what only the later one held is lost."""
        instance.die()
        instance.doubled.add(instance.home.state.epoch)
        instance.go_back(backup)
        instance.doubled.add(instance.home.state.epoch)
        self.ledger.take_back(instance.name, self.held(instance))

    def lose_power(self, instance: Instance) -> None:
        """A machine goes dark: what was not durable is lost with it.

        What somebody sent was durable, so it stays promised; an answer that was not is made anew.
        """
        instance.lose_power()
        self.ledger.take_back(instance.name, self.held(instance), automatic=True)

    def turn(self, instance: Instance) -> None:
        """An instance turns hostile: nothing is promised any more about its letters, or to it."""
        instance.honest = False
        self.ledger.take_back(instance.name, ())
        self.ledger.give_up(instance.name)

    # ---------------------------------------------------------------------------- who watches

    def violation(self, checker: str, who: str, text: str) -> Violation:
        """What a checker found, at this moment."""
        return Violation(checker, self.now_ms, self.round, who, text)

    def answer(self, word: str) -> None:
        """Something that a peer or a person did because something was wrong."""
        self.answers.setdefault(self.round, Counter())[word] += 1

    def struck(self, key: str, fault: str, who: str, text: str) -> None:
        """A fault happened."""
        self.strikes.append(Strike(key, fault, self.round, self.now_ms, who, text, self._until_ms))
        self._until_ms = None
        self.trace(f"{key} {text}".encode())

    def trace(self, data: bytes) -> None:
        """One more thing that happened, for the digest."""
        self._trace.update(b"%d %d " % (self.now_ms, len(data)))
        self._trace.update(data)

    def digest(self) -> str:
        """Of all that happened so far, and of what every home holds now."""
        trace = self._trace.copy()
        for name, instance in sorted(self.instances.items()):
            rows = instance.home.db.read("SELECT id, state, seq, place FROM item ORDER BY n")
            trace.update(f"{name} {rows}".encode())
        return trace.hexdigest()

    def _wrote(self, instance: Instance, path: str, data: bytes) -> None:
        self.trace(path.encode())
        self.trace(data)
        self.beats.wrote(instance.name, path, data, self.now_ms)
        for checker in self.checkers:
            checker.wrote(instance, path, data)

    def _signed(self, instance: Instance, message: bytes) -> None:
        for checker in self.checkers:
            checker.signed(instance, message)

    def _acted(self, instance: Instance, id_: str) -> None:
        self.ledger.act(instance.name, id_, self.round)
        for checker in self.checkers:
            checker.acted(instance, id_)

    def _collect(self, instance: Instance) -> None:
        """What is new in its home: its own letters are promised, others' were received."""
        items = self.ledger.collect(instance, self.active, self.round)
        for checker in self.checkers if items else ():
            checker.received(instance, items)
