"""A real network in a temporary folder: what the benchmarks work on, through the API of `peer`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from peer import keys
from peer.clock import SystemClock, SystemEntropy
from peer.home.places import choose
from peer.instance import RunningPeer
from peer.membership import join
from peer.send import send
from peer.stewards.admission import admit
from peer.stewards.desk import Desk
from peer.stewards.founding import create_network
from peer.stewards.shelf import FolderShelf
from peer.tick.session import tick
from peer.wiring import open_peer, open_share
from protocol.messages import Note

KIBIBYTE = 1024
MEMORY = "/dev/shm"  # where Linux keeps a folder in memory


class Network:
    """Homes and share below one folder; every peer and the steward live in one home."""

    def __init__(self, folder: str, names: Sequence[str], cluster: str = "lab") -> None:
        self.home = os.path.join(folder, "home")
        self.share = os.path.join(folder, "share")
        self.clock, self.entropy = SystemClock(), SystemEntropy()
        create_network(self.home, self.share, cluster, "kay", None, self.clock, self.entropy)
        where, identity = choose(self.home, "stewards", None, None)
        share = open_share(self.share, identity.name)
        self.desk = Desk(
            self.home,
            identity,
            FolderShelf(where),
            share,
            self.clock,
            lambda: keys.load_key(where),
            self.entropy,
        )
        for name in names:
            join(self.home, self.share, name, None, self.clock, self.entropy)
            admit(self.desk, name, None, reuse=False, confirm=lambda _: False)
        self.peers = {name: self._open(name) for name in names}
        for peer in [*self.peers.values()] * 2:  # the first to hear of all, the second to be heard
            tick(peer)

    def _open(self, name: str) -> RunningPeer:
        return open_peer(*choose(self.home, "peers", name, None))

    def close(self) -> None:
        """Let go of the databases."""
        for peer in self.peers.values():
            peer.home.close()


@contextmanager
def network(names: Sequence[str], within: str | None = None) -> Iterator[Network]:
    """A network that is gone afterwards; `within`: the folder to make its folder in."""
    with tempfile.TemporaryDirectory(prefix="soma-benchmark-", dir=within) as folder:
        made = Network(folder, names)
        try:
            yield made
        finally:
            made.close()


def memory() -> str | None:
    """A folder of a memory-backed disk, or None where the system has none."""
    return MEMORY if os.access(MEMORY, os.W_OK) else None


def letters(count: int, size: int = KIBIBYTE) -> list[Note]:
    """Notes of `size` ASCII characters, no two alike."""
    return [Note(text=f"{number:08} ".ljust(size, "x")) for number in range(count)]


def deliver(author: RunningPeer, reader: RunningPeer, bodies: Sequence[Note]) -> None:
    """Send letters and check that all of them left the home."""
    sent = send(author, [reader.name], bodies)
    if sent.state != "delivered":
        raise RuntimeError(f"{len(bodies)} letters were {sent.state}, not delivered")


def receive(reader: RunningPeer, count: int) -> None:
    """One tick, which must act on exactly `count` letters."""
    report = tick(reader)
    if (report.received, report.acted) != (count, count):
        raise RuntimeError(f"{count} letters: {report.received} received, {report.acted} acted on")
