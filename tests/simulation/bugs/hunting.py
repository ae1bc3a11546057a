"""Running with a bug in the product: full runs for the table, short ones for pytest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from peer.simulate.outcome import Violation
from peer.simulate.plan import Plan
from peer.simulate.run import run
from peer.simulate.scenario import Scenario, load
from tests.simulation.bugs import catalogue, planted

KEPT = Path(__file__).with_name("kept.json")
seeds_max = 40
# Where a bug that any weather shows, shows sooner: for short runs.
SOONER = {
    "litter": ("item-hash-not-checked", "bad-file-ends-inbox", "audience-not-checked"),
    "strikers": (
        "struck-out-taken",
        "receipt-not-owed-again",
        "hole-breaks-chain",
        "holes-skipped",
    ),
    "islands": ("no-doubt-in-itself",),
    "mortal": ("dead-too-soon", "batch-left-behind"),
    "hiders": ("hidden-order-ignored", "orders-read-once"),
    "restorers": (
        "receipted-for-ever",
        "own-work-not-looked-at",
        "covers-all-epochs",
        "repair-queues-nothing",
        "new-epoch-not-heard",
    ),
}
# Rounds with faults, of short runs that are tried in turn for pytest; the longest is a full run.
TICKS = (8, 16, 26, 40, 84)
short_seeds_max = 12


# Any weather, but for this: what there is of a fault, or of letters, may be too little for a bug.
WEATHERS: dict[str, dict[str, Any]] = {
    "any": {},
    "busy": {"traffic": {"note": 900, "question": 40}},
    "mortal": {"faults": {"kill": 300}, "traffic": {"note": 90, "question": 20, "insight": 20}},
    "litter": {"faults": {"damaged": 100, "junk": 80, "duplicated": 60, "swap": 60, "torn": 40}},
    "strikers": {"faults": {"struck-out": 150, "deleted": 60, "delete-receipts": 60}},
    "islands": {"peers": (5, 5), "faults": {"partition": 60}},
    "dark": {"faults": {"power-cut": 200, "kill": 20}},
    "clocks": {"faults": {"clock-jump": 150, "clock-skew": 60, "kill": 150, "reboot": 60}},
    "hiders": {"faults": {"halt": 60, "hide-orders": 100, "deleted": 40}},
    "restorers": {"faults": {"restored": 50, "replay": 150, "resurrected": 50}},
    "flooders": {"peers": (5, 5), "faults": {"flood-letters": 60}},
    "twins": {"peers": (5, 5), "faults": {"twin": 40, "double-use": 60, "restored": 20}},
    "tight": {"faults": {"halt": 60, "full": 100, "read-only": 100}},
    "rotten": {"faults": {"unreadable": 150, "vanished": 60, "frozen": 60}},
    "signers": {"faults": {"half-signed": 60, "join": 40}},
    "menders": {
        "faults": {"half-done": 100, "full": 150, "read-only": 60},
        "traffic": {"note": 300, "insight": 60},
    },
    "forgers": {"faults": {"forge": 250, "kill": 20}},
    "receipt-forgers": {"faults": {"forge": 600}, "traffic": {"note": 120}},
    "asking": {
        "faults": {"asked": 100, "vanished": 150},
        "traffic": {"note": 60, "question": 60, "insight": 60},
    },
    "votes": {"peers": (5, 5), "faults": {"vote": 100, "kill": 20}},
    "usurpers": {
        "faults": {"usurp": 250, "asked": 60},
        "traffic": {"note": 60, "question": 20, "insight": 30},
    },
    "unwell": {"faults": {"unwell": 150, "kill": 60}, "traffic": {"note": 20}},
    "liars": {"faults": {"false-heads": 150}, "traffic": {"insight": 90, "note": 20}},
}


@cache
def weather(name: str) -> Scenario:
    """The scenario of a weather."""
    return replace(load("any-weather"), **WEATHERS[name])


@cache
def is_clean(weather_name: str, seed: int, ticks: int) -> bool:
    """Whether a run without a bug has nothing to tell."""
    return not run(Plan(weather(weather_name), seed, ticks=ticks)).violations


def caught(name: str, seed: int, ticks: int, scenario: str | None = None) -> Violation | None:
    """What a run with a bug has to tell."""
    bug = catalogue()[name]
    with planted(bug):
        violations = run(Plan(weather(scenario or bug.weather), seed, ticks=ticks)).violations
    return violations[0] if violations else None


def hunt(name: str) -> tuple[str, int, Violation | None]:
    """(bug, how many seeds it took, what was told) in full runs that are clean without it."""
    for seed in range(seeds_max):
        found = caught(name, seed, TICKS[-1])
        if found is not None and is_clean(catalogue()[name].weather, seed, TICKS[-1]):
            return name, seed + 1, found
    return name, seeds_max, None


def shorten(name: str) -> tuple[str, dict[str, Any] | None]:
    """The shortest run among the first seeds that catches a bug, as it is kept for pytest."""
    named = (sooner for sooner, bugs in SOONER.items() if name in bugs)
    scenario = next(named, catalogue()[name].weather)
    for ticks, seed in _short_runs():
        found = caught(name, seed, ticks, scenario)
        if found is not None and is_clean(scenario, seed, ticks):
            kept = {"weather": scenario, "seed": seed, "ticks": ticks, "checker": found.checker}
            return name, kept
    return name, None


def caught_shortly(name: str, kept: dict[str, Any]) -> Violation | None:
    """What the kept run has to tell; where the simulator changed since, one of a few others."""
    ticks, scenario = kept["ticks"], kept["weather"]
    tries = [(kept["seed"], ticks), *((seed, ticks) for seed in range(8))]
    tries += [(seed, TICKS[-1]) for seed in range(20)]
    return next(filter(None, (caught(name, *one, scenario) for one in tries)), None)


def _short_runs() -> Iterable[tuple[int, int]]:
    for ticks in TICKS:
        for seed in range(short_seeds_max if ticks < TICKS[-1] else seeds_max):
            yield ticks, seed


def kept() -> dict[str, dict[str, Any]]:
    """The run that catches each bug: seed, ticks, checker."""
    found: dict[str, dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return found
