"""Whatever a home takes was written by whom it names, for whoever took it, and by a member.

Every item of an honest author that a home holds stands in the ledger under that very author and
for that very reader; its bytes have its id; its stream's key is one that a steward admitted for
its author. Nothing is acted on that the home does not hold as received. Every receipt and every
heartbeat of somebody honest that a home believes is one that his key signed.
"""

from __future__ import annotations

import orjson

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.ledger import ALL
from peer.simulate.reading import (
    BEAT,
    RECEIPT,
    ROSTER,
    bare,
    document,
    item_id,
    signed_message,
)
from peer.simulate.world import World


class Check(Checker):
    """Looks at what a home holds for the first time."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._admitted: set[tuple[str, str]] = set()
        self._rosters = 0
        self._signed: set[tuple[str, str, int, str]] = set()

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        said = signed_message(message) if b" soma/page/1 " not in message[:40] else None
        if said is not None and said.type == BEAT:
            self._signed.add((instance.name, said.body["epoch"], said.body["seq"], ""))
        elif said is not None and said.type == RECEIPT:
            body = said.body
            self._signed.add((instance.name, body["reader_epoch"], body["n"], body["author"]))

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if not instance.honest:
            return
        db, me = instance.home.db, instance.identity.address
        for name, epoch, seq, _ in instance.believed.values():
            if (name, epoch, seq, "") not in self._signed and self._is_honest(name):
                self.fail(instance.name, f"believes beat {seq} of {name}, who never signed it")
        if not instance.news(self.name, "receipt"):
            return
        for reader, epoch, n in db.read("SELECT reader, epoch, n FROM receipt"):
            name = bare(reader)
            if (name, epoch, n, me) not in self._signed and self._is_honest(name):
                self.fail(instance.name, f"believes receipt {n} of {name}, who never signed it")

    def _is_honest(self, name: str) -> bool:
        one = self.world.instances.get(name)
        return one is None or one.honest

    def received(self, instance: Instance, items: list[tuple[str, str]]) -> None:
        """See `Checker.received`."""
        marks = ", ".join("?" * len(items))
        rows = instance.home.db.read(
            "SELECT item.id, item.author, item.audience, item.data, stream.author, stream.key,"
            " stream.audience FROM item LEFT JOIN stream ON item.stream = stream.n"
            f" WHERE item.mine = 0 AND item.id IN ({marks})",
            *(id_ for id_, _ in items),
        )
        for id_, author, audience, data, writer, key, line in rows:
            self._is_true(instance, id_, author, data)
            if (author, audience) != (writer, line):
                self.fail(instance.name, f"item {id_[:8]} of {author} came in a page of {writer}")
            if audience not in (ALL, instance.identity.address):
                self.fail(
                    instance.name, f"item {id_[:8]} of {author} was taken, but is {audience}'s"
                )
            if not self._member(bare(author), key):
                self.fail(instance.name, f"item {id_[:8]} under a key never admitted for {author}")

    def acted(self, instance: Instance, id_: str) -> None:
        """See `Checker.acted`."""
        row = instance.home.db.one("SELECT mine, state FROM item WHERE id = ?", id_)
        if row is None or row[0]:
            what = "its own item" if row else "an item that its home does not hold"
            self.fail(instance.name, f"acted on {what}, {id_[:8]}")

    def _is_true(self, instance: Instance, id_: str, author: str, data: bytes) -> None:
        if item_id(data) != id_ or orjson.loads(data)["author"] != author:
            self.fail(instance.name, f"item {id_[:8]} of {author} has bytes that are not its own")
        name = bare(author)
        letter = self.world.ledger.letters.get(id_)
        if letter is not None:
            if letter.author != name:
                self.fail(instance.name, f"item {id_[:8]} is {letter.author}'s, not {name}'s")
            if letter.to not in (ALL, instance.name):
                self.fail(instance.name, f"item {id_[:8]} of {name} was for {letter.to}")
            return
        writer = self.world.instances.get(name)
        if writer is None:
            self.fail(instance.name, f"item {id_[:8]} is of {author}, whom nobody knows")
        if writer.honest and not self._wrote(name, id_):
            self.fail(instance.name, f"item {id_[:8]} was never written by {author}")

    def _wrote(self, name: str, id_: str) -> bool:
        """Whether its home holds it: the ledger learns of it when its tick or send has ended."""
        homes = [self.world.instances[name], self.world.twins.get(name)]
        return any(
            one.home.db.one("SELECT 1 FROM item WHERE id = ? AND mine = 1", id_) is not None
            for one in homes
            if one is not None
        )

    def _member(self, name: str, key: str) -> bool:
        signed = self.world.ledger.signed
        if len(signed) != self._rosters:
            self._rosters = len(signed)
            for data in signed.values():
                roster = document(data)
                if roster is not None and roster.type == ROSTER:
                    self._admitted |= {
                        (member["name"], known["key"])
                        for member in roster.body["members"]
                        for known in member["keys"]
                    }
        return (name, key) in self._admitted
