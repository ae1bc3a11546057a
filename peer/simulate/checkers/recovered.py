"""At the end whoever was unwell is well, and all know it; nobody was told more than was due.

Of one trouble a peer publishes an alert, its end, and one for each day that it lasted or became
worse: eight times each at most. What a home forgot because it went back to a backup is not counted.
"""

from __future__ import annotations

from collections import Counter

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from protocol import canonical
from protocol.trouble import times_max


class Check(Checker):
    """Asks every home at the end."""

    def settled(self) -> None:
        """See `Checker.settled`."""
        members = [one for one in self.world.honest() if one.on and one.checks]
        for one in members:
            if not one.doubled:
                self._told(one)
                self._heard(one)

    def _told(self, one: Instance) -> None:
        if self.world.quiet and (rows := one.home.troubles.all()):
            self.fail(one.name, f"still has the trouble {rows[0].key}")
        told: Counter[str] = Counter()
        for id_, data in one.home.db.read(
            "SELECT id, data FROM item WHERE mine = 1 AND auto = 1 AND kind = 'alert'"
        ):
            told[canonical.decode(data).get("re") or id_] += 1
        for id_, times in told.items():
            if times > 2 * times_max + 1:
                self.fail(one.name, f"told {times} times of the trouble {id_[:8]}")

    def _heard(self, one: Instance) -> None:
        mine = f"item:{one.identity.address}:"
        for other in self.world.honest() if self.world.quiet else ():
            for concern in other.home.concerns.all():
                about = concern.key.removeprefix(mine)
                if about != concern.key and self._is_automatic(one, about):
                    self.fail(other.name, f"believes that {one.name} is unwell: {about[:8]}")

    def _is_automatic(self, one: Instance, id_: str) -> bool:
        row = one.home.db.one("SELECT auto FROM item WHERE id = ? AND mine = 1", id_)
        return row is not None and bool(row[0])
