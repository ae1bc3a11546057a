"""Nobody is declared dead who showed life, nor many at once by somebody who is cut off himself.

Life is a genuine heartbeat that the observer could see before its tick and that was written, by
true time, within twice the interval which it announces (the detector says dead at 2.4). When more
than half of four or more others die for an observer in one tick, it has gone on seeing nothing
new of them for at least four ticks: the one that told, and three of patience.
"""

from __future__ import annotations

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.checkers._beats import Beats
from peer.simulate.instance import Instance
from peer.simulate.world import World

intervals = 2
patience_ticks = 4


class _Observer:
    """What one home knew, and what its peer could see of each other's heartbeat."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.dead: set[str] = set()
        self.seen: dict[str, bytes | None] = {}
        self.unseen_ticks: dict[str, int] = {}
        self.began_ms = 0


class Check(Checker):
    """Compares the verdicts of each tick with those of the tick before."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._beats = Beats()
        self._observers: dict[Instance, _Observer] = {}

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        self._beats.wrote(instance, path, data, self.world.now_ms)

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what != "tick" or not instance.honest:
            return
        mine = self._observers.get(instance)
        if mine is None or mine.home is not instance.home:
            mine = self._observers[instance] = _Observer(instance.home)
            mine.dead = self._dead(instance)
        mine.began_ms = self.world.now_ms
        for name in self.world.instances:
            if name == instance.name:
                continue
            data = instance.view.sees(f"peers/{name}/heartbeat.json")
            same = mine.seen.get(name) == data
            mine.unseen_ticks[name] = mine.unseen_ticks.get(name, 0) + 1 if same else 0
            mine.seen[name] = data

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        mine = self._observers.get(instance)
        if what != "tick" or mine is None or mine.home is not instance.home:
            return
        dead = self._dead(instance)
        fresh = dead - mine.dead
        mine.dead = dead
        if fresh and not instance.view.troubles:
            for name in sorted(fresh):
                self._lived(instance, mine, name)
            self._many(instance, mine, sorted(fresh))

    def _dead(self, instance: Instance) -> set[str]:
        rows = instance.home.db.read("SELECT name FROM neighbour WHERE state = 'dead'")
        return {row[0] for row in rows}

    def _lived(self, instance: Instance, mine: _Observer, name: str) -> None:
        other = self.world.instances.get(name)
        if other is None or not other.honest or other.copied:
            return
        beat = self._beats.genuine(name, mine.seen.get(name))
        if beat is None or other.signer.key.encode() not in beat.data:
            return
        age = mine.began_ms - beat.at_ms
        if age <= intervals * beat.next_ms:
            self.fail(
                instance.name,
                f"declares {name} dead, whose beat {beat.seq}, {age // 60_000} min old, lay there;"
                f" {beat.next_ms // 60_000} min were announced",
            )

    def _many(self, instance: Instance, mine: _Observer, fresh: list[str]) -> None:
        row = instance.home.db.one("SELECT count(*) FROM neighbour WHERE name <> ?", instance.name)
        watched = 0 if row is None else int(row[0])
        sudden = [name for name in fresh if mine.unseen_ticks.get(name, 0) < patience_ticks]
        if watched >= 4 and 2 * len(sudden) > watched:
            self.fail(
                instance.name,
                f"declares {', '.join(sudden)} of {watched} dead in one tick, after"
                f" {min(mine.unseen_ticks[name] for name in sudden)} ticks without a beat",
            )
