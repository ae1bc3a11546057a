"""What schedulers make of the times they are given, evaluated by their own rules and not by ours.

Each function reads what a scheduler would be handed and says, for a day, which minutes of it are
meant. `by_croniter` says which ones cron means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

Minutes = frozenset[int]
OfDay = Callable[[date], Minutes]
FIRST = date(2027, 1, 1)  # two years with a leap day in them
DAYS = [FIRST + timedelta(days=n) for n in range(731)]
NOTHING: Minutes = frozenset()
WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def weekday(day: date) -> int:
    """0 is Sunday."""
    return day.isoweekday() % 7


def by_croniter(cron: str) -> OfDay:
    """The minutes of each of `DAYS`: croniter is asked for the days and the times of a day."""
    minute, hour, rest = cron.split(None, 2)
    days = {at.date() for at in beats(f"0 0 {rest}", FIRST, DAYS[-1])}
    times = frozenset(
        at.hour * 60 + at.minute for at in beats(f"{minute} {hour} * * *", FIRST, FIRST)
    )
    return lambda day: times if day in days else NOTHING


def beats(cron: str, first: date, last: date) -> Iterator[datetime]:
    """Every beat from the first to the last day, as croniter says."""
    from croniter import croniter

    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(seconds=1)
    for at in croniter(cron, begin, ret_type=datetime):
        if at.date() > last:
            return
        yield at


def by_crontab(lines: Iterable[str]) -> OfDay:
    """crontab(5) of Vixie's cron: a day field that begins with `*` makes the other one decide."""
    parts = [line.split(None, 5)[:5] for line in lines]

    def of(day: date) -> Minutes:
        found: set[int] = set()
        for minute, hour, mday, month, wday in parts:
            dom = day.day in _cron_field(mday, 1, 31)
            dow = weekday(day) in _cron_field(wday, 0, 6)
            both = mday.startswith("*") or wday.startswith("*")
            if (dom and dow if both else dom or dow) and day.month in _cron_field(month, 1, 12):
                found |= _times(_cron_field(hour, 0, 23), _cron_field(minute, 0, 59))
        return frozenset(found)

    return of


def by_systemd(lines: Iterable[str]) -> OfDay:
    """systemd.time(7): every part of a line must match; the lines of a timer are alternatives."""
    form = re.compile(r"(?:([A-Z]\S+) )?\*-(\S+)-(\S+) (\S+):(\S+):00(?: \S+)?").fullmatch
    parts = []
    for line in lines:
        found = form(line)
        assert found is not None, line
        wday, month, mday, hour, minute = found.groups()
        names = WEEKDAYS if wday is None else wday.split(",")
        parts.append(
            (
                {WEEKDAYS.index(name) for name in names},
                _systemd_field(month, 1, 12),
                _systemd_field(mday, 1, 31),
                _times(_systemd_field(hour, 0, 23), _systemd_field(minute, 0, 59)),
            )
        )

    def of(day: date) -> Minutes:
        return NOTHING.union(
            *(
                times
                for wdays, months, mdays, times in parts
                if weekday(day) in wdays and day.month in months and day.day in mdays
            )
        )

    return of


def by_launchd(entries: Sequence[Mapping[str, int]]) -> OfDay:
    """launchd-842, core.c, calendarinterval_setalarm.

    A weekday without a day makes launchd forget the month; with a day either of them counts.
    """
    groups: dict[tuple[int | None, int | None, int | None], set[int]] = {}
    for entry in entries:
        assert entry.keys() <= {"Month", "Day", "Weekday", "Hour", "Minute"}
        hours = [entry["Hour"]] if "Hour" in entry else range(24)
        minutes = [entry["Minute"]] if "Minute" in entry else range(60)
        key = entry.get("Month"), entry.get("Day"), entry.get("Weekday")
        groups.setdefault(key, set()).update(_times(hours, minutes))

    def fits(day: date, month: int | None, mday: int | None, wday: int | None) -> bool:
        by_date = month in (None, day.month) and mday in (None, day.day)
        if wday is None:
            return by_date
        by_week = wday % 7 == weekday(day)
        return by_week if mday is None else by_week or by_date

    def of(day: date) -> Minutes:
        return NOTHING.union(*(times for key, times in groups.items() if fits(day, *key)))

    return of


def by_windows(document: str) -> OfDay:
    """[MS-TSCH] 2.5.3: each trigger begins at a time of its days and is repeated for a while."""
    root = ElementTree.fromstring(document.partition("\n")[2])
    parts = []
    for trigger in root.iterfind(f".//{NAMESPACE}CalendarTrigger"):
        start = datetime.fromisoformat(_text(trigger, "StartBoundary"))
        assert start.date() < FIRST
        step, until = 1, 0.0
        if trigger.find(f"{NAMESPACE}Repetition") is not None:
            step = int(_duration(_text(trigger, "Repetition/Interval")))
            until = _duration(_text(trigger, "Repetition/Duration"))
            assert until >= step
            assert until % step  # at the end of its duration nobody knows whether it beats
        first = start.hour * 60 + start.minute
        times = frozenset(range(first, first + int(until) + 1, step))
        assert max(times) < 24 * 60
        parts.append((_windows_days(trigger), times))
    return lambda day: NOTHING.union(*(times for fits, times in parts if fits(day)))


def _windows_days(trigger: Any) -> Callable[[date], bool]:
    day = trigger[-1]
    kind = day.tag.removeprefix(NAMESPACE)
    if kind == "ScheduleByDay":
        assert _text(day, "DaysInterval") == "1"
        return lambda at: True
    months = {e.tag.removeprefix(NAMESPACE) for e in day.iterfind(f"{NAMESPACE}Months/*")}
    wdays = {e.tag.removeprefix(NAMESPACE) for e in day.iterfind(f"{NAMESPACE}DaysOfWeek/*")}
    if kind == "ScheduleByWeek":
        assert _text(day, "WeeksInterval") == "1"
        return lambda at: f"{at:%A}" in wdays
    if kind == "ScheduleByMonth":
        days = {int(e.text) for e in day.iterfind(f"{NAMESPACE}DaysOfMonth/{NAMESPACE}Day")}
        return lambda at: f"{at:%B}" in months and at.day in days
    assert kind == "ScheduleByMonthDayOfWeek"
    weeks = {e.text for e in day.iterfind(f"{NAMESPACE}Weeks/{NAMESPACE}Week")}

    def fits(at: date) -> bool:
        last = (at + timedelta(days=7)).month != at.month
        week = str((at.day - 1) // 7 + 1)
        in_week = week in weeks or (last and "Last" in weeks)
        return in_week and f"{at:%B}" in months and f"{at:%A}" in wdays

    return fits


def _text(parent: Any, path: str) -> str:
    found = parent.find("/".join(NAMESPACE + part for part in path.split("/")))
    assert found is not None
    assert found.text
    return str(found.text)


def _duration(text: str) -> float:
    """Minutes."""
    found = re.fullmatch(r"PT(\d+)M(?:(\d+)S)?", text)
    assert found is not None, text
    return int(found[1]) + int(found[2] or 0) / 60


@lru_cache
def _cron_field(text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        begin, _, end = (f"{low}-{high}" if span == "*" else span).partition("-")
        assert low <= int(begin) <= int(end or begin) <= high
        assert end or not step
        found.update(range(int(begin), int(end or begin) + 1, int(step or 1)))
    return frozenset(found)


@lru_cache
def _systemd_field(text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        begin, _, end = (f"{low}..{high}" if span == "*" else span).partition("..")
        assert low <= int(begin) <= int(end or begin) <= high
        assert end or not step
        found.update(range(int(begin), int(end or begin) + 1, int(step or 1)))
    return frozenset(found)


def _times(hours: Iterable[int], minutes: Iterable[int]) -> Minutes:
    each = list(minutes)
    return frozenset(hour * 60 + minute for hour in hours for minute in each)
