"""A schedule means the same minutes to every scheduler as it does to cron, or is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given, settings

from peer.schedulers import calendar, crontab, launchd, systemd, windows
from peer.schedulers.launchd import Launchd
from peer.schedulers.machine import Machine
from peer.schedulers.plan import Plan, Scheduler
from peer.schedulers.windows import TaskScheduler
from peer.timetable import hours
from protocol.errors import UsageError
from tests import calendars, strategies
from tests.calendars import DAYS, OfDay

MACHINE = Machine({"HOME": "/home/kim", "PATH": ""})
PLAN = Plan(
    name="core", address="core@lab", network="46e1a798" * 8, command=("/usr/bin/python3", "-m"),
    trial=("/usr/bin/python3", "-m"), environment=(), cron="0 */6 * * *", zone="",
    active_hours="", resident=False,
    folder="/home/kim/core", log="/home/kim/core/schedule.log",
)  # fmt: skip
KNOWN = [
    "0 */6 * * *", "*/5 * * * *", "* * * * *", "17 4 * * *", "0 9-17 * * 1-5", "0 0 1,15 * 1",
    "0 0 */2 * 1", "30 6 29 2 *", "0 12 * 6-8 sun", "5,20,50 22-2 31 1,3 *", "1-59/7 3 8-14 * 7",
    "0 0 1-31 * 1", "1-1 0 * * *",
]  # fmt: skip


def plan(cron: str, active_hours: str = "") -> Plan:
    """The plan of an expression that has any minute at all."""
    made = replace(PLAN, cron=cron, active_hours=active_hours)
    try:
        made.slots()
    except UsageError:
        assume(False)
    return made


def same(made: Plan, told: OfDay) -> None:
    """On every day of two years the very minutes that croniter names, inside the active hours."""
    meant = calendars.by_croniter(made.cron)
    begin, end = hours(made.active_hours) or (0, 24 * 60)
    span = range(begin, end) if begin < end else [*range(begin, 1440), *range(end)]
    active = frozenset(span)
    for day in DAYS:
        assert told(day) == meant(day) & active, (made.cron, day)


def on_calendar(made: Plan) -> list[str]:
    lines = systemd.timer_text(made).splitlines()
    return [line.removeprefix("OnCalendar=") for line in lines if line.startswith("OnCalendar=")]


def cron_lines(made: Plan) -> list[str]:
    return [line for line in crontab.block(made).splitlines() if not line.startswith("#")]


def expressible(made: Plan, scheduler: Scheduler) -> Plan:
    """The plan, or the one that the refusal offers instead."""
    if scheduler.can(made.slots()):
        return made
    with pytest.raises(UsageError, match="the nearest that can: --cron"):
        scheduler.units(made)
    other = replace(made, cron=made.nearest(scheduler), active_hours="")
    scheduler.units(other)
    return other


@pytest.mark.slow
@given(strategies.crons(), strategies.active_hours())
@settings(max_examples=60)
def test_a_timer_of_systemd_means_the_minutes_of_cron(cron: str, active: str) -> None:
    made = plan(cron, active)
    same(made, calendars.by_systemd(on_calendar(made)))


@pytest.mark.slow
@given(strategies.crons(), strategies.active_hours())
@settings(max_examples=60)
def test_our_lines_in_a_crontab_mean_the_same_to_the_cron_of_vixie(cron: str, active: str) -> None:
    """croniter reads `0 0 */2 * 1` as either day, Vixie's cron as both: the lines say which."""
    made = plan(cron, active)
    same(made, calendars.by_crontab(cron_lines(made)))


@pytest.mark.slow
@given(strategies.crons(), strategies.active_hours())
@settings(max_examples=60)
def test_an_agent_of_launchd_means_the_minutes_of_cron(cron: str, active: str) -> None:
    made = expressible(plan(cron, active), Launchd(MACHINE))
    entries = launchd.agent(made)["StartCalendarInterval"]
    assert len(entries) <= launchd.entries_max
    same(made, calendars.by_launchd(entries))


@pytest.mark.slow
@given(strategies.crons(), strategies.active_hours())
@settings(max_examples=60)
def test_a_task_of_windows_means_the_minutes_of_cron(cron: str, active: str) -> None:
    made = expressible(plan(cron, active), TaskScheduler(MACHINE, "/home/kim/core"))
    document = windows.document(made)
    assert document.count("<CalendarTrigger>") <= windows.triggers_max
    same(made, calendars.by_windows(document))


@pytest.mark.parametrize("cron", KNOWN)
def test_known_expressions_mean_the_same_everywhere(cron: str) -> None:
    made = plan(cron)
    same(made, calendars.by_systemd(on_calendar(made)))
    same(made, calendars.by_crontab(cron_lines(made)))
    agent = expressible(made, Launchd(MACHINE))
    same(agent, calendars.by_launchd(launchd.agent(agent)["StartCalendarInterval"]))
    task = expressible(made, TaskScheduler(MACHINE, "/home/kim/core"))
    same(task, calendars.by_windows(windows.document(task)))


@pytest.mark.parametrize("active", ["08:00-10:00", "22:30-06:00", "00:00-24:00", "09:05-09:06"])
def test_hours_begin_with_their_first_minute_and_end_before_their_last(active: str) -> None:
    made = plan("*/5 * * * *", active)
    same(made, calendars.by_systemd(on_calendar(made)))
    same(made, calendars.by_crontab(cron_lines(made)))
    same(made, calendars.by_windows(windows.document(made)))


@given(strategies.crons())
@settings(max_examples=30)
def test_days_and_times_of_an_expression_are_independent(cron: str) -> None:
    """What `by_croniter` relies on: here croniter is asked for every beat of some days."""
    whole = calendars.by_croniter(plan(cron).cron)
    some = [day for day in DAYS if whole(day)][:2]
    for day in some:
        seen = {at.hour * 60 + at.minute for at in calendars.beats(cron, day, day)}
        assert seen == whole(day)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("cron", [cron for cron in KNOWN if cron != "30 6 29 2 *"])
def test_systemd_itself_agrees_with_croniter(cron: str) -> None:
    made = plan(cron)
    told: set[str] = set()
    for line in on_calendar(made):
        done = subprocess.run(
            ["systemd-analyze", "calendar", "--iterations=30",
             "--base-time=2027-01-01 00:00:00 UTC", f"{line} UTC"],
            capture_output=True, text=True, check=True, timeout=30,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        told |= {
            " ".join(row.split()[-3:-1])
            for row in done.stdout.splitlines()
            if "Next elapse" in row or "Iter." in row
        }
    begin = datetime(2027, 1, 1, tzinfo=UTC)
    meant = calendars.beats(cron, begin.date(), (begin + timedelta(days=3000)).date())
    first = [f"{at:%Y-%m-%d %H:%M:%S}" for at in islice(meant, 31) if at > begin][:30]
    assert sorted(told)[: len(first)] == first


@pytest.mark.parametrize(
    ("cron", "nearest"),
    [
        ("0 0 L * *", "0 0 28 * *"),
        ("0 0 1,L * *", "0 0 1,28 * *"),
        ("0 0 * * 5#2", "0 0 * * 5"),
        ("0 0 * jul L5", "0 0 * jul 5"),
        ("0 0 * * wed#1,fri#1", "0 0 * * wed,fri"),
        ("0 0 15W * *", "0 0 15 * *"),
    ],
)
def test_more_than_plain_cron_is_refused_with_the_nearest(cron: str, nearest: str) -> None:
    """croniter knows last days and nth weekdays; no scheduler is told them exactly by us."""
    with pytest.raises(UsageError, match=f'the nearest that can: --cron "{re.escape(nearest)}"'):
        calendar.read(cron)
    assert calendar.read(nearest)


def test_a_day_that_never_comes_is_refused() -> None:
    with pytest.raises(UsageError, match="no month has"):
        calendar.read("0 0 30 2 *")
    with pytest.raises(UsageError, match="within active_hours"):
        calendar.read("0 3 * * *", "08:00-20:00")
