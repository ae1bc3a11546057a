"""No key signs two different things under one number: pages, heartbeats, receipts.

A page is numbered in (epoch, audience), a heartbeat in its epoch, a receipt in (epoch, author).
Not demanded of hostile peers, nor of homes that existed twice.
"""

from __future__ import annotations

from typing import Any

from peer.simulate.checkers import Checker
from peer.simulate.checkers._bytes import BEAT, PAGE, RECEIPT, signed_message
from peer.simulate.instance import Instance
from peer.simulate.world import World


class Check(Checker):
    """Hears every signature."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._known: dict[tuple[Any, ...], str] = {}

    def signed(self, instance: Instance, message: bytes) -> None:
        """See `Checker.signed`."""
        said = signed_message(message)
        number = None if said is None else _number(said.type, said.body)
        if said is None or number is None:
            return
        key = (instance.signer.key, *number)
        before = self._known.setdefault(key, said.digest)
        if before != said.digest and instance.honest and not instance.copied:
            what = " ".join(str(word)[:24] for word in number)
            self.fail(instance.name, f"signs two different documents as {what}")


def _number(type_: str, body: dict[str, Any]) -> tuple[Any, ...] | None:
    if type_ == PAGE:
        return "page", body["epoch"], body["audience"], body["seq"]
    if type_ == BEAT:
        return "heartbeat", body["epoch"], body["seq"]
    if type_ == RECEIPT:
        return "receipt", body["reader_epoch"], body["author"], body["n"]
    return None
