"""Nobody is declared dead who showed life, nor many at once by somebody who is cut off himself.

Life is a genuine heartbeat that the observer could see before its tick and that was written, by
true time, within twice the interval which it announces (the detector says dead at 2.4). When more
than half of four or more others become suspect or dead for an observer in one tick, it does not
call one of them dead in that tick or the next two, unless it has seen nothing new of them for
four ticks: it was patient before it said anything. Whom it had shown as halted may have fallen
silent at any time before, so he does not count. Ticks are those in which it came to look; what
a trouble of its drive kept it from reading, it could not see. A heartbeat of an epoch that existed
in two homes is no sign of life: the other home may have ended that epoch.
"""

from __future__ import annotations

from peer.home import Home
from peer.simulate.beats import Beat
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.world import World

intervals = 2
patience_ticks = 3
SILENT = ("suspect", "dead")


class _Observer:
    """What one home knew, and what its peer could see of each other's heartbeat."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.states: dict[str, str] = {}
        self.fell: dict[str, int] = {}  # with too many others, so many ticks ago
        self.seen: dict[str, Beat] = {}
        self.heard: dict[str, Beat] = {}
        self.unseen_ticks: dict[str, int] = {}
        self.looked_at: object = None


class Check(Checker):
    """Compares the verdicts of each tick with those of the tick before."""

    of_each_other = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._observers: dict[Instance, _Observer] = {}

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        if what != "tick" or not instance.honest:
            return
        mine = self._observers.get(instance)
        if mine is None or mine.home is not instance.home:
            before, mine = mine, _Observer(instance.home)
            if before is not None:  # whoever goes back to a backup has looked no less for that
                mine.heard, mine.unseen_ticks = before.heard, before.unseen_ticks
            self._observers[instance] = mine
            mine.states, mine.looked_at = self._states(instance), self._looked_at(instance)
        mine.seen = instance.beats

    def _listen(self, instance: Instance, mine: _Observer, *, looked: bool) -> None:
        """What it heard, of whom it came to look at; where it may have heard, that is no news."""
        seen, heard, troubled = mine.seen, mine.heard, bool(instance.view.troubles.unseen)
        for name in self.world.instances:
            if name == instance.name:
                continue
            beat, last, new = seen.get(name), heard.get(name), False
            if beat is not None and beat is not last:
                new = last is None or last.epoch != beat.epoch or last.seq < beat.seq
                if new:
                    heard[name] = beat
            if not looked:
                continue
            if new and not (troubled and self._hid(instance, name)):
                mine.unseen_ticks[name] = 0
            else:  # nothing, or something old put back, is no news
                mine.unseen_ticks[name] = mine.unseen_ticks.get(name, 0) + 1

    def _hid(self, instance: Instance, name: str) -> bool:
        return instance.view.troubles.hid(f"peers/{name}/heartbeat.json")

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        mine = self._observers.get(instance)
        hostile = not instance.honest
        if what != "tick" or hostile or mine is None or mine.home is not instance.home:
            return
        before, mine.states = mine.states, self._states(instance)
        looked_at, mine.looked_at = mine.looked_at, self._looked_at(instance)
        looked = mine.states != before or mine.looked_at != looked_at
        self._listen(instance, mine, looked=looked)
        if not looked:
            return
        changed = [(n, s) for n, s in mine.states.items() if s != before.get(n)]
        fresh = [name for name, state in changed if state == "dead"]
        for name in sorted(fresh):
            self._lived(instance, mine, name)
        self._many(mine, before, changed)
        for name in sorted(fresh):
            if name in mine.fell:
                self.fail(
                    instance.name,
                    f"declares {name} dead {mine.fell[name]} ticks after it fell silent together"
                    f" with {', '.join(sorted(mine.fell.keys() - {name}))}",
                )

    def _states(self, instance: Instance) -> dict[str, str]:
        return {name: state for name, _, _, state in instance.believed.values()}

    def _looked_at(self, instance: Instance) -> object:
        """When it last looked, by its own clock."""
        return instance.home.db.one("SELECT value FROM self WHERE name = 'last_mono'")

    def _lived(self, instance: Instance, mine: _Observer, name: str) -> None:
        other = self.world.instances.get(name)
        if other is None or not other.honest or self._hid(instance, name):
            return
        beat = mine.seen.get(name)
        if beat is None or beat.epoch in other.doubled:
            return
        if other.signer.key.encode() not in beat.data:
            return
        roster = instance.home.db.one(
            "SELECT data FROM document WHERE type = 'soma/roster/1' ORDER BY number DESC LIMIT 1"
        )
        if roster is None or other.signer.key.encode() not in roster[0]:
            return  # who has not heard that the name has another holder knows the old one only
        age = self.world.now_ms - beat.at_ms
        if age <= intervals * beat.next_ms:
            self.fail(
                instance.name,
                f"declares {name} dead, whose beat {beat.seq}, {age // 60_000} min old, lay there;"
                f" {beat.next_ms // 60_000} min were announced",
            )

    def _many(
        self, mine: _Observer, before: dict[str, str], changed: list[tuple[str, str]]
    ) -> None:
        """Note who falls silent together."""
        mine.fell = {n: ticks + 1 for n, ticks in mine.fell.items() if ticks < patience_ticks - 1}
        fallen = [
            name
            for name, state in changed
            if state in SILENT
            and before.get(name) not in (*SILENT, "halted")
            and mine.unseen_ticks.get(name, 0) <= patience_ticks
        ]
        if len(mine.states) >= 4 and 2 * len(fallen) > len(mine.states):
            mine.fell |= dict.fromkeys(fallen, 0)
