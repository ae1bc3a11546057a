"""Nothing reaches the share that its writer's home had not committed before.

A page stands byte for byte among the home's pages, a heartbeat's and a receipt's number is not
beyond the home's counter of its epoch, a steward document is one that the home remembers; and
nothing at all is placed while a transaction is open, because that may yet be rolled back.
"""

from __future__ import annotations

from typing import Any

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import document, is_beat, page_file, receipt_file


class Check(Checker):
    """Looks into the home at the moment a file is placed."""

    def wrote(self, instance: Instance, path: str, data: bytes) -> None:
        """See `Checker.wrote`."""
        if not instance.honest:
            return
        if instance.database.busy:
            self.fail(instance.name, f"placed {path} within a transaction")
        if page_file(path) is not None:
            self._page(instance, path, data)
        elif is_beat(path):
            self._beat(instance, path, data)
        elif receipt_file(path) is not None:
            self._receipt(instance, path, data)
        elif path.startswith(("charter/", "orders/")):
            self._document(instance, path, data)

    def _page(self, instance: Instance, path: str, data: bytes) -> None:
        page = document(data)
        row = page and instance.home.db.one(
            "SELECT data FROM own_page WHERE epoch = ? AND audience = ? AND seq = ?",
            *(page.body["epoch"], page.body["audience"], page.body["seq"]),
        )
        if not row or bytes(row[0]) != data:
            self.fail(instance.name, f"placed {path}, which is no page of its home")

    def _beat(self, instance: Instance, path: str, data: bytes) -> None:
        beat, own = document(data), self._own(instance)
        epoch, seq = own.get("epoch"), own.get("beat_seq")
        if beat is None or beat.body["epoch"] != epoch or beat.body["seq"] > (seq or 0):
            said = None if beat is None else f"beat {beat.body['seq']}"
            self.fail(instance.name, f"placed {said}, and its home counts {seq}")

    def _receipt(self, instance: Instance, path: str, data: bytes) -> None:
        receipt = document(data)
        row = receipt and instance.home.db.one(
            "SELECT n FROM own_receipt WHERE author = ?", receipt.body["author"]
        )
        count = row[0] if row else 0
        if receipt is None or receipt.body["n"] > count:
            self.fail(instance.name, f"placed {path} beyond receipt {count} of its home")
        if receipt.body["reader_epoch"] != self._own(instance).get("epoch"):
            self.fail(instance.name, f"placed {path} in another epoch than that of its home")

    def _document(self, instance: Instance, path: str, data: bytes) -> None:
        read = document(data)
        row = read and instance.home.db.one(
            "SELECT data FROM document WHERE digest = ?", read.digest
        )
        if not row or bytes(row[0]) != data:
            self.fail(instance.name, f"placed {path}, which is no document of its home")

    def _own(self, instance: Instance) -> dict[str, Any]:
        names = "('epoch', 'beat_seq')"
        return dict(instance.home.db.read(f"SELECT name, value FROM self WHERE name IN {names}"))
