"""The same plan gives the same run: on every machine and every Python, whatever else differs.

`digests.json` says what runs gave when the product last changed what a tick does. Where that was
meant, `python -m tests.simulation.test_determinism` writes it anew; where only the machine or
the Python is another one, the digests must stay.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import load

REPOSITORY = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("digests.json")
SEEDS = (1, 2)
PROGRAM = """
from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import load
for seed in (1, 2):
    print(run(Plan(load("any-weather"), seed, ticks=12)).digest)
"""


def digests() -> list[str]:
    return [run(Plan(load("any-weather"), seed, ticks=12)).digest for seed in SEEDS]


def whole_runs() -> dict[str, str]:
    return {
        f"{name} {seed}": run(Plan(load(name), seed)).digest
        for name, seed in (("any-weather", 3), ("any-weather", 4), ("flaky-drive", 1))
    }


def test_every_machine_and_every_python_plays_the_same() -> None:
    assert whole_runs() == json.loads(KEPT.read_text()), (
        "if the change was meant to change what a tick does, run `python -m"
        " tests.simulation.test_determinism`"
    )


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_with_another_order_of_sets_plays_the_same(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == digests()


def test_seeds_differ() -> None:
    assert len(set(digests())) == len(SEEDS)


def test_remembering_what_verified_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with_memo = digests()
    monkeypatch.setattr("peer.simulate.run.remembered_max", 1)
    monkeypatch.setattr("peer.simulate.run.remembered_a_peer", 0)
    assert digests() == with_memo


if __name__ == "__main__":
    KEPT.write_text(json.dumps(whole_runs(), indent=1) + "\n")
