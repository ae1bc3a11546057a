"""A launch agent of macOS: one property list in the user's LaunchAgents; launchd.plist(5).

launchd leaves out the month wherever a weekday is named without a day (launchd-842, core.c,
`calendarinterval_setalarm`), so weekdays in some months only are refused. Where cron means either
day, there are entries for both. A beat that was slept through is caught up once.
"""

from __future__ import annotations

import plistlib
from itertools import product
from typing import Any

from peer.schedulers.calendar import RANGES, Slots
from peer.schedulers.machine import Machine
from peer.schedulers.plan import (
    Advice,
    Installed,
    Plan,
    Remove,
    Run,
    Step,
    Write,
    refuse_times,
    refuse_zone,
)  # fmt: skip

entries_max = 1_440
Entry = dict[str, int]


class Launchd:
    """The launch agents of a user who has a screen."""

    name = "launchd"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._domain = f"gui/{machine.user}"

    def trouble(self) -> str | None:
        """See `Scheduler.trouble`."""
        if not self._machine.has("launchctl"):
            return "no `launchctl` here: this is no macOS; --with systemd or --with cron"
        return None

    def can(self, slots: tuple[Slots, ...]) -> bool:
        """See `Scheduler.can`."""
        if any(one.weekdays and one.months for one in slots):
            return False
        return sum(_count(one) for one in slots) <= entries_max

    def units(self, plan: Plan) -> dict[str, str]:
        """See `Scheduler.units`."""
        if not plan.resident:
            refuse_zone(plan, "launchd")
            refuse_times(
                plan,
                self,
                f"launchd takes weekdays in all months only, and {entries_max:,} entries",
            )
        return {self._path(plan.label): plistlib.dumps(agent(plan), sort_keys=False).decode()}

    def installing(self, plan: Plan) -> list[Step]:
        """See `Scheduler.installing`."""
        ((path, text),) = self.units(plan).items()
        loaded, same = self._loaded(plan.label), self._machine.read(path) == text
        steps: list[Step] = []
        if loaded and same:
            return steps
        if loaded:
            steps.append(self._run("bootout", f"{self._domain}/{plan.label}", may_fail=True))
        if not same:
            steps.append(Write(path, text))
        return [*steps, self._run("bootstrap", self._domain, path)]

    def removing(self, label: str) -> list[Step]:
        """See `Scheduler.removing`."""
        steps: list[Step] = []
        if self._loaded(label):
            steps.append(self._run("bootout", f"{self._domain}/{label}", may_fail=True))
        if self._machine.read(self._path(label)) is not None:
            steps.append(Remove(self._path(label)))
        return steps

    def installed(self, label: str) -> Installed | None:
        """See `Scheduler.installed`."""
        if self._machine.read(self._path(label)) is None:
            return None
        return Installed(files=(self._path(label),), running=self._loaded(label))

    def advice(self, plan: Plan) -> Advice:
        """See `Scheduler.advice`."""
        return Advice(log=plan.log, test=plan.typed)

    def _path(self, label: str) -> str:
        return f"{self._machine.home}/Library/LaunchAgents/{label}.plist"

    def _loaded(self, label: str) -> bool:
        return self._machine.ask(["launchctl", "print", f"{self._domain}/{label}"]).code == 0

    def _run(self, *words: str, may_fail: bool = False) -> Run:
        return Run(("launchctl", *words), may_fail=may_fail)


def agent(plan: Plan) -> dict[str, Any]:
    """The property list as Python values."""
    found: dict[str, Any] = {
        "Label": plan.label,
        "ProgramArguments": list(plan.command),
        "StandardOutPath": plan.log,
        "StandardErrorPath": plan.log,
        "ProcessType": "Background",
    }
    if plan.environment:
        found["EnvironmentVariables"] = dict(plan.environment)
    if plan.resident:
        return found | {"RunAtLoad": True, "KeepAlive": {"SuccessfulExit": False}}
    times = [entry for slots in plan.slots() for entry in entries(slots)]
    return found | {"StartCalendarInterval": times}


def entries(slots: Slots) -> list[Entry]:
    """The dictionaries that together mean some slots; a key that is missing means every one."""
    found = []
    for times in product(*_times(slots)):
        time = {key: n for part in times for key, n in part.items()}
        found += [{**day, **time} for day in _days(slots)]
    return found


def _times(slots: Slots) -> list[list[Entry]]:
    return [_each("Hour", slots.hours, RANGES[1]), _each("Minute", slots.minutes, RANGES[0])]


def _days(slots: Slots) -> list[Entry]:
    months = _each("Month", slots.months, RANGES[3])
    if slots.days is None and slots.weekdays is None:
        return months
    days = [
        {**month, "Day": day} for month, day in product(months, slots.days or ())
    ]  # fmt: skip
    return days + [{**month, "Weekday": n} for month, n in product(months, slots.weekdays or ())]


def _each(key: str, numbers: tuple[int, ...] | None, span: tuple[int, int]) -> list[Entry]:
    if numbers is None or len(numbers) == span[1] - span[0] + 1:
        return [{}]
    return [{key: number} for number in numbers]


def _count(slots: Slots) -> int:
    hours, minutes = _times(slots)
    return len(hours) * len(minutes) * len(_days(slots))
