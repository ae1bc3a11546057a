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
from peer.simulate.checkers._beats import Beats
from peer.simulate.instance import Instance
from peer.simulate.world import World

rounds_min, looks_min = 12, 12


@dataclass(slots=True)
class _Silence:
    """What an observer saw of somebody last, and how often on end it has looked in vain since."""

    home: Home
    boot: str
    beat: tuple[str, int]
    round: int
    looks: int = 0
    believed: tuple[str, int] | None = None


class Check(Checker):
    """Looks at what each peer could see before its tick, and at its verdicts after."""

    of_each_other = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._beats = Beats()
        self._silences: dict[tuple[Instance, str], _Silence] = {}

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        self._beats.wrote(instance, path, data, self.world.now_ms)

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what != "tick" or not instance.honest:
            return
        boot, round_ = instance.clock.boot(), self.world.round
        for name in self.world.instances:
            beat = self._beats.genuine(name, instance.view.sees(f"peers/{name}/heartbeat.json"))
            last = self._silences.get((instance, name))
            new = beat is not None and (
                last is None or last.beat[0] != beat.epoch or last.beat[1] < beat.seq
            )
            if beat is not None and new:
                seen = (beat.epoch, beat.seq)
                self._silences[instance, name] = _Silence(instance.home, boot, seen, round_)
            elif last is not None and (last.home is not instance.home or last.boot != boot):
                self._silences[instance, name] = _Silence(instance.home, boot, last.beat, round_)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if what != "tick" or not instance.honest:
            return
        report, believed = instance.report, self._believed(instance)
        looked = instance.failed is None and report is not None and report.human is None
        for name in self.world.instances:
            silence = self._silences.get((instance, name))
            if silence is None or name == instance.name or silence.home is not instance.home:
                continue
            if believed.get(name, silence.believed) != silence.believed:
                silence.believed, silence.round, silence.looks = believed[name], self.world.round, 0
            looking = looked and report is not None and report.state != "parked"
            silence.looks = silence.looks + 1 if looking else 0
            rounds = self.world.round - silence.round
            if silence.looks >= looks_min and rounds >= rounds_min:
                self._told(instance, name, rounds)

    def _believed(self, instance: Instance) -> dict[str, tuple[str, int]]:
        rows = instance.home.db.read("SELECT name, epoch, seq FROM neighbour")
        return {name: (epoch, seq) for name, epoch, seq in rows}

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
