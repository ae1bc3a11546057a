"""Only stewards rule, and nothing automatic happens that no person asked for.

Every steward document in a home, and every one that it believes hidden, is one that the steward
signed. Every automatic item of a home answers, to its author and one deeper, a question or a plan
that is not automatic, not four deep, and that this very home acted on; or it is a certificate of a
vote, of which `agreed` asks whether members voted so; or an alert to all of a peer that checks
itself, which answers nothing, or goes on with such an alert of its own.
"""

from __future__ import annotations

from typing import Any

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import document
from peer.simulate.world import World

depth_max = 4  # of what may be answered automatically (AUTO-4)


class Check(Checker):
    """Looks at what is new in a home after each tick."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._seen: dict[Instance, tuple[Home, int]] = {}
        self._true: set[bytes] = set()

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if not instance.honest:
            return
        if instance.news(self.name, "document", "hidden"):
            self._documents(instance)
        home, newest = self._seen.get(instance, (instance.home, 0))
        newest = newest if home is instance.home else 0
        if not instance.news(f"{self.name} items", "item"):
            return
        rows = instance.home.db.read(
            "SELECT n, id, audience FROM item WHERE mine = 1 AND auto = 1 AND n > ? ORDER BY n",
            newest,
        )
        for n, id_, audience in rows:
            newest = n
            self._answer(instance, id_, audience)
        self._seen[instance] = (instance.home, newest)

    def _documents(self, instance: Instance) -> None:
        signed = self.world.ledger.signed
        for digest, data in instance.home.db.read("SELECT digest, data FROM document"):
            if data in self._true:
                continue
            read = document(data)
            if read is None or read.digest != digest or digest not in signed:
                what = "a broken document" if read is None else f"a {read.type}"
                self.fail(instance.name, f"believes {what}, {digest[:8]}, that nobody signed")
            self._true.add(data)
        for (digest,) in instance.home.db.read("SELECT digest FROM hidden"):
            if digest not in signed:
                self.fail(instance.name, f"misses a document {digest[:8]} that nobody signed")

    def _answer(self, instance: Instance, id_: str, audience: str) -> None:
        item = instance.said(id_, audience)
        if item["kind"] in ("certificate", "mentoring"):
            return  # `agreed` and `guided` ask about those
        said = f"sent {item['kind']} {id_[:8]} by itself"
        if self._tells_of_itself(instance, item, audience):
            return
        row = instance.home.db.one(
            "SELECT kind, auto, state, author, depth FROM item WHERE id = ? AND mine = 0",
            item.get("re") or "",
        )
        if row is None:
            self.fail(instance.name, f"{said}, and it answers nothing that it holds")
        kind, auto, state, author, depth = row
        if kind == "sealed":
            kind = instance.said(item["re"], instance.identity.address)["kind"]
        if auto:
            self.fail(instance.name, f"{said}, in answer to something automatic of {author}")
        if kind not in ("question", "announcement") or state != "acted":
            self.fail(instance.name, f"{said}, in answer to a {kind} that is {state}")
        if not item.get("auto") or item.get("depth") != depth + 1 or depth >= depth_max:
            self.fail(instance.name, f"{said}, {item.get('depth')} deep in answer to {depth}")
        if audience != author:
            self.fail(instance.name, f"{said}, to {audience} and not to {author}")

    def _tells_of_itself(self, instance: Instance, item: dict[str, Any], audience: str) -> bool:
        if (item["kind"], audience, item.get("depth", 0)) != ("alert", "all", 0):
            return False
        row = instance.home.db.one(
            "SELECT auto, kind FROM item WHERE id = ? AND mine = 1", item.get("re") or ""
        )
        return bool(instance.checks) and (item.get("re") is None or row == (1, "alert"))
