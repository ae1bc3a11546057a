"""Many peers in one process may remember together what they verified: nothing else changes."""

from __future__ import annotations

from typing import Any

from protocol.remembered import remembering
from tests.network import FIVE, Network


def lived() -> tuple[Any, ...]:
    """Five peers write, publish, forge and are repaired; what is on the share and in the homes."""
    network = Network(FIVE)
    network.round(2)
    for author, to in zip(FIVE, (*FIVE[1:], FIVE[0]), strict=True):
        network.send(author, [to, "all"], f"from {author}")
    name, data, _ = network.page("core", "scout", ["an honest text"], seq=9, prev="0" * 64)
    network.drop("scout", name, data.replace(b"honest", b"forged"))
    network.memory.place("peers/smith/heartbeat.json", b"{}")
    network.round(3)
    network.repair("warden")
    network.round(3)
    homes = [
        peer.home.db.read(f"SELECT * FROM {table} ORDER BY 1, 2")
        for peer in network.peers.values()
        for table in ("self", "item", "own_page", "page", "stream", "neighbour", "quarantine")
    ]
    return {path: network.data(path) for path in network.files()}, homes


def test_a_network_that_remembers_lives_the_same_life() -> None:
    plain = lived()
    with remembering(1_000):
        assert lived() == plain
    with remembering(2):
        assert lived() == plain
