"""A receipt covers only pages that its reader's home holds, with every item of theirs.

Of each page of an honest author that a receipt newly covers the home holds a row under a digest
which that author signed, and every item that its header lists; the head is the digest of the last
page, and nothing waits below what it says was acted on. Pages below the floor are nobody's duty,
and of a refused page the items are not taken.
"""

from __future__ import annotations

from typing import Any

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import (
    PAGE,
    bare,
    document,
    page_ids,
    receipt_file,
    signed_message,
)
from peer.simulate.world import World

# (author, epoch, audience, seq) of a page.
Place = tuple[str, str, str, int]


class Check(Checker):
    """Knows the headers of all pages that were ever signed."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._pages: dict[Place, dict[str, tuple[str, ...]]] = {}
        self._looked: dict[Instance, tuple[Home, set[Place]]] = {}

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        if b" soma/page/1 " not in message[:40]:
            return
        said = signed_message(message)
        if said is not None and said.type == PAGE:
            body = said.body
            place = (body["author"], body["epoch"], body["audience"], body["seq"])
            self._pages.setdefault(place, {})[said.digest] = page_ids(body)

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        if not instance.honest or receipt_file(path) is None:
            return
        receipt = document(data)
        if receipt is None:
            self.fail(instance.name, f"wrote {path}, which is no receipt")
        author = receipt.body["author"]
        for line in receipt.body["streams"]:
            if line["audience"] == instance.identity.address:
                self._line(instance, author, line)

    def _line(self, instance: Instance, author: str, line: dict[str, Any]) -> None:
        home, looked = self._looked.get(instance, (None, set()))
        if home is not instance.home:
            looked = set()
            self._looked[instance] = (instance.home, looked)
        said = f"its receipt for {bare(author)} (epoch {line['epoch'][:8]})"
        stream = instance.home.db.one(
            "SELECT n, max(floor, kept) FROM stream"
            " WHERE author = ? AND key = ? AND epoch = ? AND audience = ?",
            *(author, line["key"], line["epoch"], line["audience"]),
        )
        if stream is None:
            self.fail(instance.name, f"{said} is of a stream that it never saw")
        n, floor = stream
        rows = instance.home.db.read("SELECT seq, digest, refused FROM page WHERE stream = ?", n)
        pages = {row[0]: (row[1], row[2]) for row in rows}
        covered = list(range(max(floor, 1), line["received"] + 1))
        for low, high in line.get("have", ()):
            covered += range(low, high + 1)
        for seq in covered:
            place = (author, line["epoch"], line["audience"], seq)
            if place in looked:
                continue
            if seq not in pages:
                self.fail(instance.name, f"{said} covers page {seq}, which it does not hold")
            self._items(instance, place, *pages[seq], said)
            looked.add(place)
        row = instance.home.db.one(
            "SELECT min(seq) FROM item WHERE stream = ? AND state = 'new' AND seq <= ?",
            *(n, line["acted"]),
        )
        if row is not None and row[0] is not None:
            self.fail(instance.name, f"{said} says acted to {line['acted']}, and {row[0]} waits")
        head, last = line.get("head"), line["received"]
        if head is not None and last in pages and pages[last][0] != head:
            self.fail(instance.name, f"{said} names another page {last} than it holds")

    def _items(
        self, instance: Instance, place: Place, digest: str, refused: str | None, said: str
    ) -> None:
        author = self.world.instances.get(bare(place[0]))
        if refused is not None or author is None or not author.honest:
            return
        ids = self._pages.get(place, {}).get(digest)
        if ids is None:
            self.fail(instance.name, f"{said} covers a page {place[3]} that nobody signed")
        for id_ in ids:
            row = instance.home.db.one("SELECT 1 FROM item WHERE id = ? AND mine = 0", id_)
            if row is None:
                self.fail(
                    instance.name, f"{said} covers page {place[3]} without its item {id_[:8]}"
                )
