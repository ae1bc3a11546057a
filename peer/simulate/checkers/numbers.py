"""No two different things under one number of one key reach the share.

A page is numbered in (epoch, audience), a heartbeat in its epoch, a receipt in (epoch, author).
What was signed in a transaction that was rolled back has left nobody's memory and does not count.
Not demanded of hostile peers, nor in epochs that existed in two homes.
"""

from __future__ import annotations

from typing import Any

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import BEAT, PAGE, RECEIPT, document
from peer.simulate.world import World


class Check(Checker):
    """Reads every document that is placed."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._known: dict[tuple[Any, ...], str] = {}

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        said = document(data)
        number = None if said is None else _number(said.type, said.body)
        if said is None or number is None:
            return
        before = self._known.setdefault(number, said.digest)
        if before != said.digest and instance.honest and number[2] not in instance.doubled:
            what = " ".join(str(word)[:24] for word in number[:1] + number[2:])
            self.fail(instance.name, f"places two different documents as {what}")


def _number(type_: str, body: dict[str, Any]) -> tuple[Any, ...] | None:
    """What must be unique: the kind, the key, its epoch, and the rest."""
    if type_ == PAGE:
        return "page", body["key"], body["epoch"], body["audience"], body["seq"]
    if type_ == BEAT:
        return "heartbeat", body["key"], body["epoch"], body["seq"]
    if type_ == RECEIPT:
        return "receipt", body["key"], body["reader_epoch"], body["author"], body["n"]
    return None
