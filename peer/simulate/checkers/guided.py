"""Newcomers ask few, once each, and hear one answer; what two are to each other, both wrote.

A home writes by itself at most three `ask`, each to somebody else; an `offer` or
`decline` only to who asked it, one for each `ask`, and of mentoring nothing else. Who has a mentor
asked him and acted on his offer; nobody has two, nor more than three mentees.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from peer.instance import DAY_MS
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import bare

asked_max, mentees_max, term_days = 3, 3, 30


class Check(Checker):
    """Looks at what is new in a home after each tick."""

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if instance.honest and instance.news(self.name, "mentoring", "item"):
            self._letters(instance)
            self._ties(instance)

    def _letters(self, instance: Instance) -> None:
        mine = self._written(instance, "mine = 1 AND auto = 1")
        asked = Counter(audience for audience, step, _ in mine if step == "ask")
        if len(asked) > asked_max or any(times > 1 for times in asked.values()):
            self.fail(instance.name, f"asks for a mentor by itself too often: {dict(asked)}")
        heard = self._written(instance, "mine = 0 AND state = 'acted'")
        asks = {id_ for _, step, id_ in heard if step == "ask"}
        answered = Counter[str]()
        for audience, step, id_ in mine:
            if step == "ask":
                continue
            item = instance.said(id_, audience)
            if step not in ("offer", "decline") or item.get("re") not in asks:
                self.fail(instance.name, f"sends {step} to {bare(audience)}, who did not ask")
            answered[item["re"]] += 1
        if any(times > 1 for times in answered.values()):
            self.fail(instance.name, "answers one ask twice")

    def _ties(self, instance: Instance) -> None:
        rows = instance.home.db.read(
            "SELECT peer, role, since_ms FROM mentoring WHERE state = 'active'"
        )
        oldest = self._lived(instance) - term_days * DAY_MS
        now = [(peer, role) for peer, role, since in rows if since > oldest]
        mentors = [peer for peer, role in now if role == "mentor"]
        if len(mentors) > 1 or len(now) - len(mentors) > mentees_max:
            self.fail(instance.name, f"is guided and guides too much: {now}")
        for mentor in mentors:
            offers = self._written(instance, "mine = 0 AND state = 'acted' AND author = ?", mentor)
            asked = self._written(instance, "mine = 1 AND audience = ?", mentor)
            if not any(step == "offer" for _, step, _ in offers):
                self.fail(instance.name, f"is guided by {bare(mentor)}, who did not offer it")
            if not any(step == "ask" for _, step, _ in asked):
                self.fail(instance.name, f"is guided by {bare(mentor)}, whom it did not ask")

    def _written(self, instance: Instance, where: str, *values: str) -> list[tuple[str, str, str]]:
        """(audience, step, id) of the letters of mentoring of which this is true."""
        rows = instance.home.db.read(
            "SELECT audience, json_extract(CAST(data AS TEXT), '$.body.step'), id FROM item"
            f" WHERE kind = 'mentoring' AND {where} ORDER BY n",
            *values,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def _lived(self, instance: Instance) -> int:
        row: tuple[Any, ...] | None = instance.home.db.one(
            "SELECT value FROM self WHERE name = 'lived_ms'"
        )
        return 0 if row is None else int(row[0])
