"""Every heartbeat that was really written, and when: what is genuine among what somebody sees."""

from __future__ import annotations

from typing import NamedTuple

from peer.simulate.reading import document, is_beat

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

    def wrote(self, name: str, path: str, data: bytes, at_ms: int) -> None:
        """A peer placed a file."""
        if not is_beat(path):
            return
        read = document(data)
        if read is None:
            return
        body, mine = read.body, self._by_name.setdefault(name, {})
        mine[data] = Beat(at_ms, body["epoch"], body["seq"], body["next_beat_ms"], data)
        if len(mine) > kept_max:
            del mine[next(iter(mine))]

    def genuine(self, seen: dict[str, bytes]) -> dict[str, Beat]:
        """The heartbeats that these bytes are, by name, where he wrote them (lately)."""
        found = {}
        for name, data in seen.items():
            beat = self._by_name.get(name, _nothing).get(data)
            if beat is not None:
                found[name] = beat
        return found


_nothing: dict[bytes, Beat] = {}
