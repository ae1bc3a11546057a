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
        for name, epoch, seq, _ in instance.believed.values():
            last = known.beats.get(name)
            if last is not None and last[0] == epoch:
                if seq < last[1]:
                    self.fail(instance.name, f"believes beat {seq} of {name} after {last[1]}")
            elif last is not None:
                known.left.add((name, last[0]))
            if known.left and (name, epoch) in known.left:
                self.fail(instance.name, f"believes a beat of {name} of an epoch that is over")
            known.beats[name] = (epoch, seq)
        if not instance.news(self.name, "receipt"):
            return
        for reader, epoch, n in instance.home.db.read("SELECT reader, epoch, n FROM receipt"):
            newest = known.receipts.get((reader, epoch), 0)
            if n < newest:
                self.fail(instance.name, f"believes receipt {n} of {reader} after {newest}")
            known.receipts[reader, epoch] = n
