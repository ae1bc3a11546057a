"""Nobody honest is accused of using a key twice, not by himself either, and no stream is frozen.

Only of an epoch that existed in two homes (a twin, a restored backup) may somebody say so: another
by evidence, or his own home by parking itself in that epoch.
"""

from __future__ import annotations

from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.reading import bare, document


class Check(Checker):
    """Asks each home after each tick."""

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if what != "tick" or not instance.honest:
            return
        db = instance.home.db
        parked = db.one("SELECT value FROM self WHERE name = 'parked'")
        if parked is not None and instance.home.state.epoch not in instance.doubled:
            self.fail(instance.name, f"parks itself in an epoch of one home: {parked[0]}")
        if not instance.news(self.name, "evidence", "stream", "concern"):
            return
        for about, kind, key, proof in db.read(
            "SELECT about, kind, by, data FROM evidence WHERE kind IN ('double-use', 'false-head')"
        ):
            page = document(proof.partition(b"\n")[0])  # the first is a page in either proof
            epoch = "" if page is None else page.body.get("epoch", "")
            self._may_be(instance, about, key, epoch, f"holds evidence of {kind}")
        for author, key, epoch, seq, rule in db.read(
            "SELECT author, key, epoch, received, frozen FROM stream WHERE frozen IS NOT NULL"
        ):
            self._may_be(instance, author, key, epoch, f"froze a stream at page {seq} by {rule}")
        for (key,) in db.read(
            "SELECT key FROM concern WHERE resolved IS NULL AND key LIKE 'returned:%'"
        ):
            author = key.partition(":")[2]
            other = self.world.instances.get(bare(author))
            if other is not None and other.honest and not other.doubled:
                self.fail(instance.name, f"tells that {author} lost a later life, who has one only")

    def _may_be(self, instance: Instance, author: str, key: str, epoch: str, what: str) -> None:
        other = self.world.instances.get(bare(author))
        if other is None or other.signer.key != key:
            return  # a former holder of the name
        if other.honest and epoch not in other.doubled:
            self.fail(instance.name, f"{what} against {other.name}, who did nothing wrong")
