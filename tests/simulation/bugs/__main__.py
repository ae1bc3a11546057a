"""Which checker catches which planted bug, and after how many seeds: see the package."""

from __future__ import annotations

import json
import os
import sys
from multiprocessing import Pool
from pathlib import Path

from peer.simulate.outcome import Outcome
from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import load
from tests.simulation.bugs import catalogue, planted

KEPT = Path(__file__).with_name("kept.json")
seeds_max = 40


def plan_of(seed: int, ticks: int | None = None) -> Plan:
    return Plan(load("any-weather"), seed, ticks=ticks)


def play(name: str | None, seed: int, ticks: int | None = None) -> Outcome:
    """A run with a bug in the product, or without one."""
    if name is None:
        return run(plan_of(seed, ticks))
    with planted(catalogue()[name]):
        return run(plan_of(seed, ticks))


def hunt(name: str) -> tuple[str, int, str, int, str]:
    """(bug, seed that catches it or −1, checker, round, what it says)."""
    for seed in range(seeds_max):
        violations = play(name, seed).violations
        if violations and not play(None, seed).violations:
            found = violations[0]
            return name, seed, found.checker, found.round, found.text
    return name, -1, "nobody", 0, ""


def main(arguments: list[str]) -> int:
    keep = "--keep" in arguments
    names = [name for name in arguments if name != "--keep"] or list(catalogue())
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    free = 0
    print(f"{'bug':30} {'caught by':14} {'seeds':>5}  what it says")
    with Pool(min(os.cpu_count() or 1, len(names))) as pool:
        for name, seed, checker, round_, text in pool.imap(hunt, names):
            print(f"{name:30} {checker:14} {seed + 1 or '–':>5}  {text[:90]}", flush=True)
            free += seed < 0
            kept[name] = {"seed": seed, "checker": checker, "round": round_}
    if keep:
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    print(f"{len(names) - free} of {len(names)} caught")
    return 1 if free else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
