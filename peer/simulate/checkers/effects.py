"""Whatever is marked acted had the effects that its kind asks for, in that very home.

A claim or a plan is known under its topics, an opinion of what it is about, an alert is a concern
(or ends one, as the author's own all-clear). Who asks and can be answered gets one answer: from
each who was asked by name and knows a claim that is as likely as not among the 30 that stand best,
or, where all were asked, from their author; and who knows nothing writes nothing. Who announces
what somebody works on already is told so once. Beyond 20 automatic letters to one reader, or 20
questions of one author, silence is as good: the hour's allowance may be used up.
"""

from __future__ import annotations

from typing import Any

import orjson

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import bare

confident, looked_at, deepest, allowance = 500, 30, 4, 20
working_days = 25  # for so long a plan certainly stands; after 30 it does not


class Check(Checker):
    """Asks the home each time that it says to have acted."""

    def acted(self, instance: Instance, id_: str) -> None:
        """See `Checker.acted`."""
        if not instance.honest:
            return
        row = instance.home.db.one(
            "SELECT kind, author, audience FROM item WHERE id = ? AND mine = 0", id_
        )
        if row is None:
            self.fail(instance.name, f"acted on {id_[:8]}, which its home does not hold")
        kind, author, audience = row
        item = instance.said(id_, audience)
        if kind == "sealed" and item["kind"] in ("alert", "question"):
            kind = item["kind"]  # nothing else that came sealed has an effect
        if kind in ("insight", "announcement"):
            self._claims(instance, id_, item)
            if kind == "announcement":
                self._overlap(instance, id_, author, audience, item)
        elif kind in ("endorsement", "dispute") and item.get("re"):
            from_it = "target = ? AND source = (SELECT n FROM node WHERE id = ?)"
            self._holds(instance, id_, "edge", from_it, item["re"], id_)
        elif kind == "alert":
            self._alert(instance, id_, author, item)
        elif kind == "question":
            self._question(instance, id_, author, audience, item)

    def _claims(self, instance: Instance, id_: str, item: dict[str, Any]) -> None:
        self._holds(instance, id_, "node", "id = ?", id_)
        for topic in item["body"].get("topics", ()):
            of_it = "topic = ? AND node = (SELECT n FROM node WHERE id = ?)"
            self._holds(instance, id_, "about", of_it, topic, id_)

    def _alert(self, instance: Instance, id_: str, author: str, item: dict[str, Any]) -> None:
        if item["body"].get("severity") != "info" or not item.get("re"):
            # What is told again stands under the name of what its author told first.
            by = instance.home.db.one("SELECT author FROM item WHERE id = ?", item.get("re"))
            first = item["re"] if item.get("re") and by in (None, (author,)) else id_
            self._holds(instance, id_, "concern", "key = ?", f"item:{author}:{first}")
            return
        open_, key = "key = ? AND resolved IS NULL", f"item:{author}:{item['re']}"
        if instance.home.db.one(f"SELECT 1 FROM concern WHERE {open_}", key) is not None:
            self.fail(instance.name, f"acted on the all-clear {id_[:8]}, and its concern is open")

    def _question(
        self, instance: Instance, id_: str, author: str, audience: str, item: dict[str, Any]
    ) -> None:
        me = instance.identity.address
        may = not item.get("auto") and item.get("depth", 0) < deepest
        known = self._known(instance, item["body"].get("topics", ())) if may else []
        may_tell = [one for one in known if one[0] != author and me in (audience, one[0])]
        best = sorted(may_tell, key=lambda one: _standing(one[1], mine=one[0] == me), reverse=True)
        knows = any(claim["body"]["confidence"] >= confident for _, claim in best[:looked_at])
        answers = self._count(instance, "re", id_)
        if answers > knows:
            self.fail(instance.name, f"answers question {id_[:8]} and knows nothing about it")
        enough = max(self._count(instance, "audience", author), self._asked(instance, author))
        if knows and not answers and enough < allowance:
            self.fail(instance.name, f"knows what {bare(author)} asks in {id_[:8]}, and is silent")

    def _overlap(
        self, instance: Instance, id_: str, author: str, audience: str, item: dict[str, Any]
    ) -> None:
        """Agents announce in words that are nearly the same: whoever has a plan overlaps."""
        plans = instance.home.db.read(
            "SELECT node.seen FROM node JOIN item ON item.id = node.id WHERE item.mine = 1"
            " AND item.kind = 'announcement' AND item.audience = 'all'"
            " AND item.state NOT IN ('asked', 'dropped') ORDER BY node.seen"
        )
        may = not item.get("auto") and audience == "all" and item.get("depth", 0) < deepest
        told = self._count(instance, "re", id_)
        if told > (bool(plans) and may):
            self.fail(instance.name, f"answers the plan {id_[:8]} and has none like it")
        stands = any(seen >= instance.home.state.days_lived - working_days for (seen,) in plans)
        enough = self._count(instance, "audience", author) >= allowance
        if may and stands and not told and not enough:
            self.fail(instance.name, f"has a plan like {id_[:8]} of {bare(author)}, and is silent")

    def _known(self, instance: Instance, topics: list[str]) -> list[tuple[str, dict[str, Any]]]:
        """(author, insight) of what everybody may know that it published, or acted on before.

        What waits for a steward's yes, or got a no, is not published.
        """
        rows = instance.home.db.read(
            "SELECT id, mine, author, data FROM item WHERE kind = 'insight'"
            " AND audience = 'all' AND state NOT IN ('asked', 'dropped')"
        )
        found = [
            (author, orjson.loads(data))
            for id_, mine, author, data in rows
            if mine or instance.acted[id_]
        ]
        return [one for one in found if {*topics} & {*one[1]["body"].get("topics", ())}]

    def _holds(self, instance: Instance, id_: str, table: str, where: str, *values: str) -> None:
        if instance.home.db.one(f"SELECT 1 FROM {table} WHERE {where}", *values) is None:
            self.fail(instance.name, f"acted on {id_[:8]} without its effect, a {table}")

    def _asked(self, instance: Instance, author: str) -> int:
        """How many of the last items acted on were questions of his."""
        rows = instance.home.db.read(
            "SELECT author, kind FROM item WHERE mine = 0 AND state = 'acted' ORDER BY n DESC"
            " LIMIT 400"
        )
        return sum(by == author and kind in ("question", "sealed") for by, kind in rows)

    def _count(self, instance: Instance, what: str, value: str) -> int:
        rows = instance.home.db.read(
            "SELECT audience, id FROM item WHERE mine = 1 AND auto = 1 ORDER BY n DESC LIMIT 400"
        )
        if what == "audience":
            return sum(audience == value for audience, _ in rows)
        return sum(instance.said(id_, audience).get("re") == value for audience, id_ in rows)


def _standing(insight: dict[str, Any], *, mine: bool) -> tuple[float, int]:
    """What a claim of which nobody says anything is ranked by: support as far as it is certain."""
    stance, worth = insight["body"]["confidence"] / 1000, 1.0 if mine else 0.4
    support = worth * stance
    return support * (support + 1) / (worth + 2), insight["at"]
