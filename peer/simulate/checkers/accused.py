"""Nobody honest is accused of using a key twice, not by himself either, and no stream is frozen.

Only of whom the home existed twice (a twin, a restored backup) may somebody say so: another by
evidence, or his own home by parking itself.
"""

from __future__ import annotations

from peer.simulate.checkers import Checker
from peer.simulate.checkers._bytes import bare
from peer.simulate.instance import Instance


class Check(Checker):
    """Asks each home after each tick."""

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if what != "tick" or not instance.honest:
            return
        db = instance.home.db
        parked = db.one("SELECT value FROM self WHERE name = 'parked'")
        if parked is not None and not instance.copied:
            self.fail(instance.name, f"parks itself, who never existed twice: {parked[0]}")
        for about, kind, key in db.read(
            "SELECT about, kind, by FROM evidence WHERE kind IN ('double-use', 'false-head')"
        ):
            self._may_be(instance, about, key, f"holds evidence of {kind}")
        for author, key, seq, rule in db.read(
            "SELECT author, key, received, frozen FROM stream WHERE frozen IS NOT NULL"
        ):
            self._may_be(instance, author, key, f"froze a stream at page {seq} by {rule}")
        for (key,) in db.read(
            "SELECT key FROM concern WHERE resolved IS NULL AND key LIKE 'returned:%'"
        ):
            author = key.partition(":")[2]
            other = self.world.instances.get(bare(author))
            if other is not None and other.honest and not other.copied:
                self.fail(instance.name, f"tells that {author} lost a later life, who has one only")

    def _may_be(self, instance: Instance, author: str, key: str, what: str) -> None:
        other = self.world.instances.get(bare(author))
        if other is None or other.signer.key != key:
            return  # a former holder of the name
        if other.honest and not other.copied:
            self.fail(instance.name, f"{what} against {other.name}, who did nothing wrong")
