"""Simulated ticks a second on one core, and what a thousand peers take."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time

from benchmarks.measure import Turn, contest, verdict
from peer.simulate import run as running
from peer.simulate.outcome import Round
from peer.simulate.plan import Plan
from peer.simulate.scenario import Scenario, parse

ROUNDS = 5
WARM_ROUNDS, TIMED_ROUNDS = 3, 6  # until everybody knows everybody; what is measured
IDLE_MIN, TRAFFIC_MIN = 1_000, 200  # ticks of a peer a second
PEERS, MANY_PEERS = 50, 1_000
MEMORY_MAX_MIB = 1_024
TARGETS = (
    f"an idle cluster of {PEERS}: at least {IDLE_MIN:,} ticks a second",
    f"{PEERS} peers with traffic: at least {TRAFFIC_MIN} ticks a second",
    f"{MANY_PEERS:,} peers in at most {MEMORY_MAX_MIB} MiB",
)
_TRAFFIC = "[traffic]\nnote = 30\nquestion = 5\ninsight = 5\n"


def run(rounds: int) -> None:
    """Print the table and the targets."""
    idle, busy = _scenario(PEERS, ""), _scenario(PEERS, _TRAFFIC)

    def forgetful() -> float:
        before = running.remembered_max, running.remembered_a_peer
        running.remembered_max, running.remembered_a_peer = 1, 0
        try:
            return _seconds(idle)
        finally:
            running.remembered_max, running.remembered_a_peer = before

    turns: dict[str, Turn] = {
        "idle": lambda: _seconds(idle),
        "idle, every peer verifies for itself": forgetful,
        "with traffic": lambda: _seconds(busy),
    }
    ticks = PEERS * TIMED_ROUNDS
    medians = contest(f"{ticks} ticks of {PEERS} peers", "idle", turns, [], rounds)
    for row, least in (("idle", IDLE_MIN), ("with traffic", TRAFFIC_MIN)):
        speed = ticks / medians[row]
        verdict(f"{row}, ticks a second", f"at least {least:,}", f"{speed:,.0f}", speed >= least)
    mib = _memory()
    bound, found = f"at most {MEMORY_MAX_MIB} MiB", f"{mib:,.0f} MiB"
    verdict(f"{MANY_PEERS:,} peers", bound, found, mib <= MEMORY_MAX_MIB)


def _scenario(peers: int, traffic: str) -> Scenario:
    rounds = WARM_ROUNDS + TIMED_ROUNDS
    return parse(
        f'about = "A benchmark."\npeers = {peers}\nticks = {rounds}\nquiet = 0\n{traffic}', "b"
    )


def _seconds(scenario: Scenario) -> float:
    """The seconds that the timed rounds take; what the first ones cost does not count."""
    ended: list[float] = []
    gc.collect()

    def note(round_: Round, rounds: int) -> None:
        ended.append(time.perf_counter())

    running.run(Plan(scenario, 1), note)
    return ended[-1] - ended[WARM_ROUNDS - 1]


def _memory() -> float:
    """MiB that a process takes in which many peers have ticked three times and know each other."""
    program = f"from benchmarks.simulation import many; many({MANY_PEERS})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return float(done.stdout) / 1024


def many(peers: int) -> None:
    """Let many peers tick; print the most memory this process ever held, in KiB."""
    running.run(Plan(_scenario(peers, ""), 1, ticks=3))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
