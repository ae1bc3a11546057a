"""A task of Windows' Task Scheduler: an XML document ([MS-TSCH] 2.5) that `schtasks` is given.

A task has at most 48 triggers. One trigger stands for times of one hour that follow each other in
equal steps (a repetition), so that a change of clocks, which moves whole hours, moves none of
them; where these are too many, for such times of a whole day, which a change of clocks may shift.
A beat that was missed is caught up once (StartWhenAvailable).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

from peer.schedulers.calendar import Slots
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
from protocol.errors import UsageError

triggers_max = 48
NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
ENCODING = "utf-16"
START = "2026-01-01"  # days are counted from here; any day that is over will do
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class Beats(NamedTuple):
    """Minutes of the day in equal steps: `times` of them, from `first` on."""

    first: int
    step: int
    times: int


class TaskScheduler:
    """The tasks of a user."""

    name = "windows"

    def __init__(self, machine: Machine, folder: str) -> None:
        """`folder`: the identity's, where the document that was given is kept."""
        self._machine = machine
        self._folder = folder

    def trouble(self) -> str | None:
        """See `Scheduler.trouble`."""
        if not self._machine.has("schtasks"):
            return "no `schtasks` here: this is no Windows; --with systemd or --with cron"
        return None

    def can(self, slots: tuple[Slots, ...]) -> bool:
        """See `Scheduler.can`."""
        return triggers(slots) is not None

    def units(self, plan: Plan) -> dict[str, str]:
        """See `Scheduler.units`."""
        if plan.environment:
            raise UsageError(
                "Task Scheduler gives a task no environment, and this one needs"
                f" {plan.environment[0][0]}; install the package with pip first"
            )
        if not plan.resident:
            refuse_zone(plan, "Task Scheduler")
            refuse_times(plan, self, f"a task has at most {triggers_max} triggers")
        return {self._path(): document(plan)}

    def installing(self, plan: Plan) -> list[Step]:
        """See `Scheduler.installing`."""
        ((path, text),) = self.units(plan).items()
        if self._machine.read(path, ENCODING) == text and self._there(plan.label):
            return []
        create = ("schtasks", "/Create", "/TN", plan.label, "/XML", path, "/F")
        return [Write(path, text, ENCODING), Run(create)]

    def removing(self, label: str) -> list[Step]:
        """See `Scheduler.removing`."""
        steps: list[Step] = []
        if self._there(label):
            steps.append(Run(("schtasks", "/Delete", "/TN", label, "/F")))
        if self._machine.read(self._path(), ENCODING) is not None:
            steps.append(Remove(self._path()))
        return steps

    def installed(self, label: str) -> Installed | None:
        """See `Scheduler.installed`."""
        done = self._machine.ask(["schtasks", "/Query", "/TN", label, "/FO", "LIST"])
        if done.code:
            return None
        lines = dict(line.split(":", 1) for line in done.out.splitlines() if ":" in line)
        next_run = lines.get("Next Run Time", "").strip()
        return Installed(files=(self._path(),), next_run=next_run or None)

    def advice(self, plan: Plan) -> Advice:
        """See `Scheduler.advice`."""
        return Advice(
            log=f"`peer log --as {plan.name}`; that it was called: Event Viewer,"
            f" TaskScheduler/Operational, task {plan.label}",
            test=subprocess.list2cmdline(plan.trial),
            notes=("beats only while you are logged in",),
        )

    def _path(self) -> str:
        return f"{self._folder}/schedule.xml"

    def _there(self, label: str) -> bool:
        return self._machine.ask(["schtasks", "/Query", "/TN", label]).code == 0


def triggers(slots: tuple[Slots, ...]) -> list[tuple[Beats, Slots]] | None:
    """The times and days of each trigger; None where they are too many."""
    by_hour = [
        [Beats(hour * 60 + b.first, b.step, b.times) for hour in one.hours for b in _steps(one)]
        for one in slots
    ]
    whole = [
        _in_steps(sorted(hour * 60 + minute for hour in one.hours for minute in one.minutes))
        for one in slots
    ]
    for way in (by_hour, whole):
        found = [(b, one) for one, beats in zip(slots, way, strict=True) for b in beats]
        if sum(_kinds(one) for _, one in found) <= triggers_max:
            return found
    return None


def document(plan: Plan) -> str:
    """The XML of a task, elements in the order of the schema."""
    task = ElementTree.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    about = ElementTree.SubElement(task, "RegistrationInfo")
    _add(about, "Description", plan.words)
    _triggers(ElementTree.SubElement(task, "Triggers"), plan)
    principal = ElementTree.SubElement(
        ElementTree.SubElement(task, "Principals"), "Principal", {"id": "Author"}
    )
    _add(principal, "LogonType", "InteractiveToken")
    _add(principal, "RunLevel", "LeastPrivilege")
    _settings(ElementTree.SubElement(task, "Settings"), plan)
    actions = ElementTree.SubElement(task, "Actions", {"Context": "Author"})
    action = ElementTree.SubElement(actions, "Exec")
    _add(action, "Command", _windowless(plan.command[0]))
    _add(action, "Arguments", subprocess.list2cmdline(plan.command[1:]))
    ElementTree.indent(task)
    head = '<?xml version="1.0" encoding="UTF-16"?>\n'
    return head + ElementTree.tostring(task, encoding="unicode") + "\n"


def _settings(parent: ElementTree.Element, plan: Plan) -> None:
    if plan.resident:
        restart = ElementTree.SubElement(parent, "RestartOnFailure")
        _add(restart, "Interval", "PT1M")
        _add(restart, "Count", "255")
    _add(parent, "MultipleInstancesPolicy", "IgnoreNew")
    _add(parent, "DisallowStartIfOnBatteries", "false")
    _add(parent, "StopIfGoingOnBatteries", "false")
    _add(parent, "StartWhenAvailable", "true")
    _add(parent, "ExecutionTimeLimit", "PT0S" if plan.resident else "PT12H")


def _triggers(parent: ElementTree.Element, plan: Plan) -> None:
    if plan.resident:
        _add(ElementTree.SubElement(parent, "LogonTrigger"), "Enabled", "true")
        return
    for beats, slots in triggers(plan.slots()) or []:
        if slots.days is None and slots.weekdays is None and slots.months is None:
            day = ElementTree.SubElement(_trigger(parent, beats), "ScheduleByDay")
            _add(day, "DaysInterval", "1")
            continue
        if slots.days is not None or slots.weekdays is None:
            month = ElementTree.SubElement(_trigger(parent, beats), "ScheduleByMonth")
            _days_of_month(month, slots)
            _months(month, slots)
        if slots.weekdays is not None:
            _weekdays(_trigger(parent, beats), slots)


def _trigger(parent: ElementTree.Element, beats: Beats) -> ElementTree.Element:
    """What all triggers have: the first beat of a day, and how it is repeated."""
    trigger = ElementTree.SubElement(parent, "CalendarTrigger")
    _add(trigger, "Enabled", "true")
    _add(trigger, "StartBoundary", f"{START}T{beats.first // 60:02}:{beats.first % 60:02}:00")
    if beats.times > 1:
        repetition = ElementTree.SubElement(trigger, "Repetition")
        _add(repetition, "Interval", f"PT{beats.step}M")
        # Half a minute more than up to the last: at an end of its own nothing is promised.
        _add(repetition, "Duration", f"PT{beats.step * (beats.times - 1)}M30S")
        _add(repetition, "StopAtDurationEnd", "false")
    return trigger


def _days_of_month(parent: ElementTree.Element, slots: Slots) -> None:
    days = ElementTree.SubElement(parent, "DaysOfMonth")
    for day in slots.days or range(1, 32):
        _add(days, "Day", str(day))


def _months(parent: ElementTree.Element, slots: Slots) -> None:
    months = ElementTree.SubElement(parent, "Months")
    for month in slots.months or range(1, 13):
        ElementTree.SubElement(months, MONTHS[month - 1])


def _weekdays(trigger: ElementTree.Element, slots: Slots) -> None:
    if slots.months is None:
        week = ElementTree.SubElement(trigger, "ScheduleByWeek")
        _add(week, "WeeksInterval", "1")
    else:
        week = ElementTree.SubElement(trigger, "ScheduleByMonthDayOfWeek")
        weeks = ElementTree.SubElement(week, "Weeks")
        for number in ("1", "2", "3", "4", "Last"):
            _add(weeks, "Week", number)
    days = ElementTree.SubElement(week, "DaysOfWeek")
    for day in slots.weekdays or ():
        ElementTree.SubElement(days, DAYS[day])
    if slots.months is not None:
        _months(week, slots)


def _windowless(program: str) -> str:
    """The Python that opens no console, where it stands beside the other one.

    A task of a user who is logged in runs on his screen, where each beat would show a window.
    """
    folder, name = os.path.split(program)
    other = os.path.join(folder, "pythonw.exe")
    return other if name.lower() == "python.exe" and os.path.exists(other) else program


def _kinds(slots: Slots) -> int:
    """How many triggers each time needs: two where cron means either day."""
    return 2 if slots.days is not None and slots.weekdays is not None else 1


def _steps(slots: Slots) -> list[Beats]:
    return _in_steps(slots.minutes)


def _in_steps(minutes: Sequence[int]) -> list[Beats]:
    """Ascending minutes as few runs of equal steps, each as long as it can be."""
    found, rest = list[Beats](), list(minutes)
    while rest:
        step = rest[1] - rest[0] if len(rest) > 1 else 1
        count = 1
        while count < len(rest) and rest[count] - rest[count - 1] == step:
            count += 1
        found.append(Beats(rest[0], step, count))
        del rest[:count]
    return found


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
