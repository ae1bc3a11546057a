"""Whatever is marked acted had the effects that its kind asks for, in that very home.

A claim or a plan is found under its topics, an opinion stands as evidence, an alert is a concern
(or ends one, as the author's own all-clear). Who asks and can be answered gets one answer: from
each who was asked by name and knows claims of confidence among the newest 30, or, where all were
asked, from their author; and who knows nothing writes nothing. Beyond 20 automatic letters to one
reader, silence is as good: the hour's allowance may be used up.
"""

from __future__ import annotations

from typing import Any

import orjson

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import bare

confident, looked_at, deepest, allowance = 600, 30, 4, 20


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
        elif kind in ("endorsement", "dispute") and item.get("re"):
            self._holds(instance, id_, "evidence", "about = ? AND by = ?", item["re"], author)
        elif kind == "alert":
            self._alert(instance, id_, author, item)
        elif kind == "question":
            self._question(instance, id_, author, audience, item)

    def _claims(self, instance: Instance, id_: str, item: dict[str, Any]) -> None:
        for topic in item["body"].get("topics", ()):
            self._holds(instance, id_, "claim", "item = ? AND topic = ?", id_, topic)

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
        knows = any(
            who != author and me in (audience, who) and claim["body"]["confidence"] >= confident
            for who, claim in known[:looked_at]
        )
        answers = self._count(instance, "re", id_)
        if answers > knows:
            self.fail(instance.name, f"answers question {id_[:8]} and knows nothing about it")
        enough = self._count(instance, "audience", author) >= allowance
        if knows and not answers and not enough:
            self.fail(instance.name, f"knows what {bare(author)} asks in {id_[:8]}, and is silent")

    def _known(self, instance: Instance, topics: list[str]) -> list[tuple[str, dict[str, Any]]]:
        """(author, insight) of what it has published, or acted on before; newest first."""
        rows = instance.home.db.read(
            "SELECT id, mine, author, data FROM item WHERE kind = 'insight' ORDER BY n DESC"
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

    def _count(self, instance: Instance, what: str, value: str) -> int:
        rows = instance.home.db.read(
            "SELECT audience, id FROM item WHERE mine = 1 AND auto = 1 ORDER BY n DESC LIMIT 400"
        )
        if what == "audience":
            return sum(audience == value for audience, _ in rows)
        return sum(instance.said(id_, audience).get("re") == value for audience, id_ in rows)
