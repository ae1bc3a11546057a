"""From a steward's halt to five parked residents, and from his resume to five that go on."""

from __future__ import annotations

import os
import time
from statistics import median

from benchmarks.measure import verdict
from benchmarks.network import Network, network
from benchmarks.waking import residents
from peer.stewards.orders import halt, resume
from protocol import canonical

ROUNDS = 20
NAMES = ("core", "librarian", "scout", "smith", "warden")
SECONDS_MAX = 2.0
PATIENCE_SECONDS = 30
TARGETS = (f"halt to all five parked, `peer run` on a local disk: at most {SECONDS_MAX:g} s",)


def run(rounds: int) -> None:
    """Print how long five residents take to hear that they are halted, and that they are not."""
    with network(NAMES) as made:
        for peer in made.peers.values():
            peer.home.close()
        with residents(made, NAMES):
            stopped, went_on = [], []
            for n in range(rounds):
                time.sleep(1.1 + n / rounds)  # at every moment of what a resident rests
                halt(made.desk, "*", "drill")
                stopped.append(_until(made, halted=True))
                resume(made.desk, "*")
                went_on.append(_until(made, halted=False))
    print(f"\nFive residents, {rounds} halts of the whole network, until the last one says so\n")
    for what, found in (("parked", stopped), ("going on", went_on)):
        print(f"  {what:10}  median {median(found):.2f} s, slowest {max(found):.2f} s")
    print()
    slowest = max(stopped)
    verdict("the slowest", f"at most {SECONDS_MAX:g} s", f"{slowest:.2f} s", slowest <= SECONDS_MAX)


def _until(made: Network, *, halted: bool) -> float:
    """The seconds until the heartbeats of all say it."""
    began, left = time.perf_counter(), list(NAMES)
    while left:
        if time.perf_counter() - began > PATIENCE_SECONDS:
            raise RuntimeError(f"{left} did not hear of it within {PATIENCE_SECONDS} s")
        time.sleep(0.005)
        left = [name for name in left if _says(made, name) is not halted]
    return time.perf_counter() - began


def _says(made: Network, name: str) -> bool:
    with open(os.path.join(made.share, "peers", name, "heartbeat.json"), "rb") as file:
        return bool(canonical.decode(file.read())["signed"].get("halted", False))
