"""The effects of an item are committed at most once in a home, and never without the mark "acted".

At every commit, by counting; at the end also by what each home holds: what is marked acted and
what had its effects are the same items, and no question has two automatic answers of one home.
"""

from __future__ import annotations

from collections import Counter

from peer.simulate.boxes import SEALED
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance


class Check(Checker):
    """Counts for each home: what was done in a home that is gone was done to another one."""

    def acted(self, instance: Instance, id_: str) -> None:
        """See `Checker.acted`."""
        times = instance.acted[id_]
        if times > 1:
            self.fail(instance.name, f"item {id_[:8]} had its effects {times} times in one home")

    def settled(self) -> None:
        """See `Checker.settled`."""
        for instance in self.world.honest():
            self._marks(instance)
            self._answers(instance)

    def _marks(self, instance: Instance) -> None:
        rows = instance.home.db.read(
            "SELECT id, kind, audience FROM item"
            " WHERE mine = 0 AND state = 'acted' AND understood = 1"
        )
        marked = {
            id_
            for id_, kind, audience in rows
            # What was sealed for the former holder of a name has no effects at the next one.
            if kind != SEALED or instance.said(id_, audience)["kind"] != SEALED
        }
        done = {id_ for id_, times in instance.acted.items() if times}
        for id_ in sorted(marked - done):
            self.fail(instance.name, f"item {id_[:8]} is marked acted and never had its effects")
        letters = self.world.ledger.letters
        old = {id_ for id_ in done if id_ in letters and self.is_old(letters[id_])}
        for id_ in sorted(done - marked - old):
            self.fail(instance.name, f"item {id_[:8]} had its effects and is not marked acted")

    def _answers(self, instance: Instance) -> None:
        rows = instance.home.db.read(
            "SELECT id, audience FROM item WHERE mine = 1 AND auto = 1 AND kind <> 'alert'"
        )
        answered = Counter(instance.said(*row).get("re") for row in rows)
        for question, times in answered.items():
            if times > 1 and question is not None:  # nothing caused what a home writes by itself
                self.fail(instance.name, f"question {question[:8]} has {times} automatic answers")
