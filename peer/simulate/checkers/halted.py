"""Whoever is halted, or told of an order that is hidden, acts on nothing and sends nothing.

Covered is whom a halt covers that its home remembers, or that it could see before its tick or
send and sees still, until its home holds a resume that lifts it. Parked is who remembers a signed
head of an order that it cannot find, or hears one from an honest neighbour in this tick. What a
trouble of its drive kept it from reading, it could not see; a heartbeat of an epoch that existed
in two homes may be over for it. The covered form no page, place none, act on no item and write no
letter; the parked, besides, write nothing at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.checkers._orders import Orders
from peer.simulate.instance import Instance
from peer.simulate.reading import ORDER, PAGE, document, page_file, signed_message
from peer.simulate.world import World

# Orders are read again at most once a second.
lately_ms = 1_500


@dataclass(slots=True)
class _Bound:
    """What binds somebody in one tick or send: digests of orders."""

    home: Home
    newest: int
    remembered: set[str] = field(default_factory=set)
    visible: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    told: dict[str, set[str]] = field(default_factory=dict)  # by which heartbeats


class Check(Checker):
    """Does nothing until there is an order."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._orders = Orders(world)
        self._under_way: dict[Instance, list[_Bound]] = {}
        self._ended: dict[Instance, int] = {}
        self._ever: dict[Instance, tuple[Home, set[str]]] = {}

    def before(self, instance: Instance, what: str) -> None:
        """See `Checker.before`."""
        stack = self._under_way.setdefault(instance, [])
        bound = _Bound(instance.home, -1)
        stack.append(bound)
        orders = self._orders.all()
        if not orders or not instance.honest:
            return
        bound.newest = instance.newest(1)
        held = self._held(instance)
        bound.remembered = self._orders.halting(instance.identity.address, held)
        bound.hidden = self._hidden(instance)
        if self._can_look(instance):
            seen = held | {d for d in orders if self._sees(instance, d)}
            bound.visible = self._orders.halting(instance.identity.address, seen) - held
            if what == "tick":
                bound.told = self._told(instance, orders.keys() - seen)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        bound = self._under_way[instance][-1]
        if bound.newest >= 0 and instance.home is bound.home:
            rows = instance.home.db.read(
                "SELECT id FROM item WHERE mine = 1 AND n > ?", bound.newest
            )
            if rows:
                self._demand(instance, f"wrote item {rows[0][0][:8]} in a {what}")
        self._under_way[instance].pop()
        for outer in self._under_way[instance][-1:]:
            if outer.newest >= 0:  # what a second process sent is none of what the first one wrote
                outer.newest = instance.newest(1)
        self._ended[instance] = self.world.now_ms

    def acted(self, instance: Instance, id_: str) -> None:
        """See `Checker.acted`."""
        self._demand(instance, f"acted on item {id_[:8]}")

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        if b" soma/page/1 " in message[:40] and self._is_bound(instance):
            page = signed_message(message)
            if page is not None and page.type == PAGE:
                what = f"formed page {page.body['seq']} to {page.body['audience']}"
                self._demand(instance, what)

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        if self._is_bound(instance):
            if page_file(path) is not None:
                self._demand(instance, f"placed {path}")
            bound = self._under_way[instance][-1]
            for digest in self._still_hidden(instance, bound.hidden):
                self.fail(instance.name, f"wrote {path} although order {digest[:8]} is hidden")

    def _is_bound(self, instance: Instance) -> bool:
        stack = self._under_way.get(instance) or []
        return bool(stack) and stack[-1].newest >= 0

    def _demand(self, instance: Instance, what: str) -> None:
        if not self._is_bound(instance):
            return
        bound = self._under_way[instance][-1]
        if bound.remembered or bound.visible:
            held = self._held(instance)
            known = held | {d for d in bound.visible if self._sees(instance, d)}
            holding = self._orders.halting(instance.identity.address, known)
            for digest in sorted(holding & (bound.remembered | bound.visible)):
                scope = self._orders.all()[digest].body["scope"]
                how = "remembered" if digest in bound.remembered else "visible"
                self.fail(instance.name, f"{what} under halt {digest[:8]} of {scope} ({how})")
        hid = instance.view.troubles.hid
        told = {d for d, beats in bound.told.items() if not all(map(hid, beats))}
        for digest in self._still_hidden(instance, bound.hidden | told):
            how = "remembered" if digest in bound.hidden else "told by a neighbour"
            self.fail(instance.name, f"{what} although order {digest[:8]} is hidden ({how})")

    def _still_hidden(self, instance: Instance, digests: Iterable[str]) -> list[str]:
        digests = sorted(digests)
        return [d for d in digests if d not in self._held(instance)] if digests else []

    def _held(self, instance: Instance) -> set[str]:
        """The orders that its home holds, or ever held: what was verified once stays in force."""
        rows = instance.home.db.read("SELECT digest FROM document WHERE type = ?", ORDER)
        home, held = self._ever.get(instance, (instance.home, set()))
        if home is not instance.home:
            held = set()
        held.update(row[0] for row in rows)
        self._ever[instance] = (instance.home, held)
        return held

    def _hidden(self, instance: Instance) -> set[str]:
        rows = instance.home.db.read("SELECT digest FROM hidden WHERE type = ?", ORDER)
        return {row[0] for row in rows}

    def _can_look(self, instance: Instance) -> bool:
        """Whether it reads the orders anew, on a drive that is there."""
        view = instance.view
        long_ago = self.world.now_ms - self._ended.get(instance, -lately_ms) >= lately_ms
        whole = view.sees("NETWORK.json") is not None and bool(view.lists("charter"))
        return long_ago and whole

    def _sees(self, instance: Instance, digest: str) -> bool:
        order = self._orders.all()[digest]
        view = instance.view
        # Without the marker, or a listing of the charter, it did not come to look for orders.
        if any(map(view.troubles.hid, ("NETWORK.json", "charter", order.path))):
            return False
        if view.sees(order.path) != order.data:
            return False
        return order.path.partition("/")[2] in view.lists("orders")

    def _told(self, instance: Instance, unseen: Collection[str]) -> dict[str, set[str]]:
        """Orders that it can find nowhere, and the new beats of honest ones that tell of them."""
        told: dict[str, set[str]] = {}
        if not unseen:
            return told
        for name, epoch, seq, _ in instance.believed.values():
            other = self.world.instances.get(name)
            if other is None or not other.honest:
                continue
            path = f"peers/{name}/heartbeat.json"
            beat = instance.beats.get(name)
            if beat is None or beat.epoch != epoch or beat.seq <= seq:
                continue
            if beat.epoch in other.doubled:
                continue
            read = document(beat.data)
            for head in () if read is None else read.body.get("heads", ()):
                if head["signed"]["hash"] in unseen:
                    told.setdefault(head["signed"]["hash"], set()).add(path)
        return told
