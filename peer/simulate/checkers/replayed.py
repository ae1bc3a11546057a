"""Nobody believes an older heartbeat or receipt once he believed a newer one.

In each home the number of a neighbour's heartbeat, and of a reader's receipt, never goes back
within an epoch, and an epoch that a neighbour was seen to leave never returns; whoever it is.
"""

from __future__ import annotations

from peer.home import Home
from peer.simulate.checkers import Checker
from peer.simulate.instance import Instance
from peer.simulate.world import World


class _Known:
    """What one home believed so far."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.beats: dict[str, tuple[str, int]] = {}
        self.left: set[tuple[str, str]] = set()
        self.receipts: dict[tuple[str, str], int] = {}


class Check(Checker):
    """Compares each home with what it was after its tick before."""

    of_each_other = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._known: dict[Instance, _Known] = {}

    def after(self, instance: Instance, what: str, calls: int) -> None:
        """See `Checker.after`."""
        if not instance.honest:
            return
        known = self._known.get(instance)
        if known is None or known.home is not instance.home:
            known = self._known[instance] = _Known(instance.home)
        db = instance.home.db
        for name, epoch, seq in db.read("SELECT name, epoch, seq FROM neighbour"):
            before = known.beats.get(name)
            if before == (epoch, seq):
                continue
            if before is not None:
                self._beat(instance, known, name, epoch, seq)
            known.beats[name] = (epoch, seq)
        for reader, epoch, n in db.read("SELECT reader, epoch, n FROM receipt"):
            newest = known.receipts.get((reader, epoch), 0)
            if n < newest:
                self.fail(instance.name, f"believes receipt {n} of {reader} after {newest}")
            known.receipts[reader, epoch] = n

    def _beat(self, instance: Instance, known: _Known, name: str, epoch: str, seq: int) -> None:
        last_epoch, last_seq = known.beats[name]
        if last_epoch == epoch and seq < last_seq:
            self.fail(instance.name, f"believes beat {seq} of {name} after {last_seq}")
        if last_epoch != epoch:
            known.left.add((name, last_epoch))
        if (name, epoch) in known.left:
            self.fail(instance.name, f"believes a beat of {name} of an epoch that is over")
