"""Every heartbeat that was really written, and when: what is genuine among what somebody sees."""

from __future__ import annotations

from typing import NamedTuple

from peer.simulate.checkers._bytes import document, is_beat
from peer.simulate.instance import Instance

kept_max = 64


class Beat(NamedTuple):
    """One heartbeat: when it was written (true time, ms), and what it says."""

    at_ms: int
    epoch: str
    seq: int
    next_ms: int
    data: bytes


class Beats:
    """The newest heartbeats of each peer."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[bytes, Beat]] = {}

    def wrote(self, instance: Instance, path: str, data: bytes, at_ms: int) -> None:
        """A peer placed a file."""
        if not is_beat(path):
            return
        read = document(data)
        if read is None:
            return
        body, mine = read.body, self._by_name.setdefault(instance.name, {})
        mine[data] = Beat(at_ms, body["epoch"], body["seq"], body["next_beat_ms"], data)
        if len(mine) > kept_max:
            del mine[next(iter(mine))]

    def genuine(self, name: str, data: bytes | None) -> Beat | None:
        """The heartbeat of a peer that these bytes are, where it wrote them (lately)."""
        return None if data is None else self._by_name.get(name, {}).get(data)
