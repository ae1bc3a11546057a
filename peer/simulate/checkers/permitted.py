"""What needs a steward's yes stands in no page before he said yes to exactly that, or after his no.

Asked of each item at the moment in which its author's key signs the first page that lists it. It
needs a yes where its home has asked for one, or where the newest charter that it remembers says so;
charters of this world speak for everybody, and of two with one number both have to ask for it. A
home that went back in time may sign again what it signed before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import (
    CHARTER,
    DECISION,
    PAGE,
    asked_hash,
    document,
    page_ids,
    signed_message,
)
from peer.simulate.world import World

# A human can always be reached, and peers can always decide what they may decide (SPEC 16).
FREE = ("escalation", "request", "digest", "erasure", "vote", "certificate")


@dataclass(frozen=True, slots=True)
class _Paged:
    """An item as it went into a page: what its home knew of charters and decisions then."""

    id: str
    digest: str
    audience: str
    policies: list[list[dict[str, Any]]]
    denied: bool


class Check(Checker):
    """Remembers what stood in a page, and what stewards said of what."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._ever: set[tuple[str, str]] = set()
        self._new: dict[Instance, list[_Paged]] = {}
        self._read = 0
        self._yes: set[tuple[str, str]] = set()  # (hash, who asked)
        self._no: dict[tuple[str, str], list[str]] = {}  # the digests of what says so

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        page = signed_message(message) if b" soma/page/1 " in message[:40] else None
        if page is None or page.type != PAGE:
            return
        for id_, digest in zip(page_ids(page.body), page.body["items"], strict=True):
            if (instance.name, id_) in self._ever:
                continue
            self._ever.add((instance.name, id_))
            if instance.honest and self.world.steward.asked:
                one = self._paged(instance, id_, digest, page.body["audience"])
                self._new.setdefault(instance, []).append(one)

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        for one in self._new.pop(instance, ()):  # its home holds it by now, or it was undone
            if instance.home.db.one("SELECT 1 FROM item WHERE id = ?", one.id) is None:
                self._ever.discard((instance.name, one.id))
            elif one.denied:
                self.fail(instance.name, f"lets {one.id[:8]} go although a steward said no to it")
            elif self._named(instance, one) not in self._yes and self._needs_yes(instance, one):
                self.fail(instance.name, f"lets {one.id[:8]} go without a steward's yes to it")

    def _paged(self, instance: Instance, id_: str, digest: str, audience: str) -> _Paged:
        one = _Paged(id_, digest, audience, self._charters(instance), denied=False)
        self._decisions()
        no = self._no.get(self._named(instance, one), ())
        return replace(one, denied=any(self._holds(instance, decision) for decision in no))

    def _named(self, instance: Instance, one: _Paged) -> tuple[str, str]:
        """What a decision on it names: the hash of what is asked for, and who asks."""
        address, network = instance.identity.address, self.world.steward.network
        return asked_hash(network, address, one.audience, one.digest), address

    def _needs_yes(self, instance: Instance, one: _Paged) -> bool:
        if instance.home.db.one("SELECT 1 FROM ask WHERE item = ?", one.id) is not None:
            return True
        effect = "publish" if one.audience == "all" else "send"
        # Of what is sealed both the seal and what is in it are asked about.
        row = instance.home.db.one("SELECT kind FROM item WHERE id = ?", one.id)
        kinds = {instance.said(one.id, one.audience)["kind"], *(row or ())}
        return bool(one.policies) and all(
            any(_verdict(policy, effect, kind) == "approve" for kind in sorted(kinds))
            for policy in one.policies
        )

    def _charters(self, instance: Instance) -> list[list[dict[str, Any]]]:
        """The policies of the charters with the highest number that its home remembers."""
        rows = instance.home.db.read(
            "SELECT data FROM document WHERE type = ?1 AND number ="
            " (SELECT max(number) FROM document WHERE type = ?1)",
            CHARTER,
        )
        read = [document(row[0]) for row in rows]
        return [one.body.get("policy", []) for one in read if one is not None]

    def _holds(self, instance: Instance, digest: str) -> bool:
        row = instance.home.db.one("SELECT 1 FROM document WHERE digest = ?", digest)
        return row is not None

    def _decisions(self) -> None:
        signed = self.world.ledger.signed
        for data in [*signed.values()][self._read :] if len(signed) > self._read else ():
            read = document(data)
            if read is not None and read.type == DECISION:
                named = (read.body["of"], read.body["scope"])
                if read.body["decision"] == "approve":
                    self._yes.add(named)
                else:
                    self._no.setdefault(named, []).append(read.digest)
        self._read = len(signed)


def _verdict(policy: list[dict[str, Any]], effect: str, kind: str) -> str:
    """What the first rule that fits says; what none fits is free."""
    if kind in FREE:
        return "free"
    for rule in policy:
        if rule["effect"] in ("*", effect) and rule.get("kind", "*") in ("*", kind):
            return str(rule["verdict"])
    return "free"
