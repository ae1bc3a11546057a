"""No letter is in a home before all its files are, whole.

Asked of every letter of others at the moment it is there. Feeds bring no files.
"""

from __future__ import annotations

from hashlib import sha256

import orjson

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance


class Check(Checker):
    """Looks for the bytes."""

    def received(self, instance: Instance, items: list[tuple[str, str]]) -> None:
        """See `Checker.received`."""
        for id_, author in items if instance.honest else ():
            row = instance.home.db.one("SELECT data, audience FROM item WHERE id = ?", id_)
            if row is None or row[1] == "all":
                continue
            for file in orjson.loads(row[0]).get("attachments", ()):
                data = instance.blobs.files.get(file["sha256"])
                if data is None or sha256(data).hexdigest() != file["sha256"]:
                    name = f"{file['sha256'][:8]} of {id_[:8]} by {author}"
                    self.fail(instance.name, f"holds a letter without its file {name}")
