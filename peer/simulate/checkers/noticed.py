"""Whoever has gone silent for long is told dead by everybody who goes on looking.

Silent is of whom an observer could see, and believed, no newer heartbeat in twelve rounds, in whose
ticks it looked, with no boot of the observer in between: the detector says dead at 2.4 intervals,
or later where beats came slowly before, and whoever doubts himself, maybe several times, says so
three looks later.
Halted is said instead of dead while a halt covers it. Not demanded about hostile members (who may
have been heard in what a fault wrote), about who left, nor about whom the observer's roster does
not name.
"""

from __future__ import annotations

from dataclasses import dataclass

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.world import World

rounds_min, looks_min = 12, 12


@dataclass(slots=True)
class _Silence:
    """What an observer saw of somebody last, and since when it heard nothing newer."""

    beat: tuple[str, int]
    round: int
    looks: int  # of the observer, when it began
    believed: tuple[str, int] | None = None


@dataclass(slots=True)
class _Observer:
    """One home on one boot; `looks` are its ticks, `broken` the last that did not look."""

    home: Home
    boot: str
    silences: dict[str, _Silence]
    looks: int = 0
    broken: int = 0


class Check(Checker):
    """Looks at what each peer could see before its tick, and at its verdicts after."""

    of_each_other = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._observers: dict[Instance, _Observer] = {}

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what != "tick" or not instance.honest:
            return
        mine, round_ = self._observer(instance), self.world.round
        for name, beat in instance.beats.items():
            last, seen = mine.silences.get(name), (beat.epoch, beat.seq)
            if last is None:
                mine.silences[name] = _Silence(seen, round_, mine.looks)
            elif last.beat[0] != beat.epoch or last.beat[1] < beat.seq:
                last.beat, last.round, last.looks = seen, round_, mine.looks

    def _observer(self, instance: Instance) -> _Observer:
        """The one of before, unless its home or its machine began anew: then all silences did."""
        mine, boot, round_ = self._observers.get(instance), instance.clock.boot(), self.world.round
        if mine is None or mine.home is not instance.home or mine.boot != boot:
            known = {} if mine is None else mine.silences
            silences = {name: _Silence(one.beat, round_, 0) for name, one in known.items()}
            mine = self._observers[instance] = _Observer(instance.home, boot, silences)
        return mine

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        mine = self._observers.get(instance)
        if what != "tick" or not instance.honest or mine is None:
            return
        if mine.home is not instance.home:
            return
        report, round_ = instance.report, self.world.round
        mine.looks += 1
        ended = instance.failed is None and report is not None and report.human is None
        if report is None or not ended or report.state == "parked":
            mine.broken = mine.looks
        believed, broken = instance.believed, mine.broken
        for name, silence in mine.silences.items():
            row, last = believed.get(name), silence.believed
            if row is not None and (last is None or last[1] != row[2] or last[0] != row[1]):
                silence.believed = row[1:3]
                silence.round, silence.looks = round_, mine.looks - 1
            rounds = round_ - silence.round
            if rounds < rounds_min or name == instance.name:
                continue
            if mine.looks - max(silence.looks, broken) >= looks_min:
                self._told(instance, name, rounds)

    def _told(self, instance: Instance, name: str, rounds: int) -> None:
        other, db = self.world.instances[name], instance.home.db
        row = db.one("SELECT state, lifecycle FROM neighbour WHERE name = ?", name)
        roster = db.one(
            "SELECT data FROM document WHERE type = 'soma/roster/1' ORDER BY number DESC LIMIT 1"
        )
        if row is None or row[1] == "left" or not other.honest:
            return
        if roster is None or other.signer.key.encode() not in roster[0]:
            return
        if row[0] not in ("dead", "halted"):
            self.fail(
                instance.name,
                f"still calls {name} {row[0]}, of whom it saw nothing in {rounds} rounds",
            )
        told = db.one("SELECT 1 FROM concern WHERE key = ? AND resolved IS NULL", f"dead:{name}")
        if row[0] == "dead" and told is None:
            self.fail(instance.name, f"has {name} down as dead, and tells nobody")
