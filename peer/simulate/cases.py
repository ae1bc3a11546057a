"""Cases: plans that went wrong, kept as JSON files that can be played again, here or elsewhere.

A case holds the whole plan, its scenario included, so it stays what it is when a scenario changes.
What was found, and by which version, stands beside it for people; only the plan is read again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Sequence
from typing import Any

from peer.simulate import plan as plans
from peer.simulate.outcome import Violation
from peer.simulate.plan import Plan
from peer.simulate.scenario import read_file
from peer.software import NAME
from protocol.errors import UsageError

FOLDER = "failing-seeds"
_NEXT = "next-seeds.json"
case_bytes_max = 16 * 1024 * 1024


def keep(
    folder: str, plan: Plan, violations: Sequence[Violation], trace: str = "", mark: str = ""
) -> str:
    """Write a case below `folder`, over an older one of the same plan; returns its path."""
    story = os.path.basename(plan.scenario.name).removesuffix(".toml").lower()
    story = re.sub(r"[^a-z0-9-]+", "-", story)
    path = os.path.join(folder, f"{story}-{plan.seed}{mark}.json")
    found = [
        {"checker": v.checker, "round": v.round, "who": v.who, "text": v.text} for v in violations
    ]
    value = {"found": found, "trace": trace, "version": NAME, "plan": plan.as_json()}
    _write(path, value)
    return path


def load(path: str, known: Collection[str] | None = None) -> Plan:
    """The plan of a case; UsageError where the file is none."""
    value = _read(path)
    if not isinstance(value, dict) or "plan" not in value:
        raise UsageError(f"{path} is no case: take a file that `peer simulate soak` kept")
    try:
        return plans.from_json(value["plan"], known)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def next_seed(folder: str, scenario: str) -> int:
    """Where the last campaign over this scenario ended; 1 where there was none."""
    if not os.path.exists(path := os.path.join(folder, _NEXT)):
        return 1
    value = _read(path)
    seed = value.get(scenario, 1) if isinstance(value, dict) else None
    if not isinstance(seed, int):
        raise UsageError(f"{path} is damaged; remove it, or say where to begin with --from")
    return seed


def keep_next_seed(folder: str, scenario: str, seed: int) -> None:
    """Remember where the next campaign begins."""
    path = os.path.join(folder, _NEXT)
    value = _read(path) if os.path.exists(path) else {}
    _write(path, {**(value if isinstance(value, dict) else {}), scenario: seed})


def _write(path: str, value: Any) -> None:
    text = json.dumps(value, indent=1, sort_keys=True) + "\n"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); use --keep") from error


def _read(path: str) -> Any:
    try:
        return json.loads(read_file(path, case_bytes_max))
    except ValueError as error:
        raise UsageError(f"{path} is no JSON ({error})") from error
