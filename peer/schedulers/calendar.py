"""Which minutes a cron expression means, as sets that every scheduler can be told in its words.

Pure. croniter decides what an expression means; nothing here reads its syntax. Local times, like
cron's: no time zones, no clocks. Where cron restricts the day of the month *and* the weekday, a day
counts that is either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from peer.timetable import check_cron, hours
from protocol.errors import UsageError

# Low and high of minute, hour, day of the month, month, weekday (0 is Sunday), as in cron.
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_DAYS_MAX = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """Every one of `minutes` in every one of `hours` on the days that fit; None: all there are.

    A day fits that is in `months` and, where both are given, in `days` or in `weekdays`.
    """

    minutes: Numbers
    hours: Numbers
    days: Numbers | None
    months: Numbers | None
    weekdays: Numbers | None


def read(cron: str, active_hours: str = "") -> tuple[Slots, ...]:
    """The minutes of an expression that lie in a span of hours; UsageError where there are none.

    Several where the span begins or ends inside an hour.
    """
    whole = _whole(cron)
    if whole.days is not None and whole.weekdays is None and not _ever(whole):
        raise UsageError(f"{cron} names a day that no month has; peer config set schedule.cron")
    begin, end = hours(active_hours) or (0, 24 * 60)
    found: dict[Numbers, list[int]] = {}
    for hour in whole.hours:
        inside = tuple(m for m in whole.minutes if _within(hour * 60 + m, begin, end))
        if inside:
            found.setdefault(inside, []).append(hour)
    if not found:
        raise UsageError(f"no time of {cron} lies within active_hours {active_hours}")
    return tuple(replace(whole, minutes=m, hours=tuple(h)) for m, h in found.items())


def nearest(cron: str, can: Callable[[tuple[Slots, ...]], bool]) -> str:
    """A plainer expression that a scheduler can be told; `can` says whether."""
    for other in _plainer(_whole(cron)):
        if can((other,)):
            return " ".join(fields(other))
    raise AssertionError("every scheduler can be told `once a day`")


def fields(slots: Slots) -> list[str]:
    """The five fields of cron that mean these slots, to every cron there is.

    No day begins with `*` unless it is one: with `*/2` there, many crons AND the two.
    """
    days, weekdays = (
        "*" if numbers is None else listed(numbers, *span, "-")
        for numbers, span in ((slots.days, RANGES[2]), (slots.weekdays, RANGES[4]))
    )
    minute, hour, month = (
        "*" if numbers is None else _starred(numbers, *span)
        for numbers, span in zip(
            (slots.minutes, slots.hours, slots.months), (*RANGES[:2], RANGES[3]), strict=True
        )
    )
    return [minute, hour, days, month, weekdays]


def listed(numbers: Sequence[int], low: int, high: int, to: str) -> str:
    """Ascending numbers as `*`, `1-9/2` or `1-3,7`; `to` stands between two ends."""
    if len(numbers) == high - low + 1:
        return "*"
    step = numbers[1] - numbers[0] if len(numbers) > 2 else 0
    if step > 1 and list(numbers) == list(range(numbers[0], numbers[-1] + 1, step)):
        return f"{numbers[0]}{to}{numbers[-1]}/{step}"
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(
        f"{run[0]}{to}{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in parts
    )


def _starred(numbers: Numbers, low: int, high: int) -> str:
    """As `listed`, but `*/6` where that is shorter."""
    step = numbers[1] - numbers[0] if len(numbers) > 2 else 0
    if step > 1 and numbers == tuple(range(low, high + 1, step)):
        return f"*/{step}"
    return listed(numbers, low, high, "-")


def _whole(cron: str) -> Slots:
    from croniter import croniter

    try:
        check_cron(cron)
    except ValueError as error:
        raise UsageError(f"{cron!r} is no schedule: {error}") from error
    found, nth = croniter.expand(cron)
    plain = all(n == "*" or isinstance(n, int) for numbers in found for n in numbers)
    if nth or not plain or {"w", "r", "h"} & set(_letters(cron)):
        raise UsageError(
            f"{cron} says more than plain cron (L, W, # …), which schedulers are not told exactly;"
            f' the nearest that can: --cron "{_plain(cron)}", or let `peer run` stay'
        )
    sets = [None if numbers == ["*"] else tuple(sorted(numbers)) for numbers in found]
    every = [tuple(range(low, high + 1)) for low, high in RANGES]
    minutes, hour, days, months, weekdays = (
        None if numbers == whole else numbers for numbers, whole in zip(sets, every, strict=True)
    )
    if every[2] == sets[2] or every[4] == sets[4]:
        days = weekdays = None  # `1-31` or `0-6` is no `*`: beside it, either day is every day
    return Slots(minutes or every[0], hour or every[1], days, months, weekdays)


def _plain(cron: str) -> str:
    """The same without what only croniter knows: L is the 28th, W its day, # every week."""
    minute, hour, day, month, weekday = cron.lower().split()
    parts = [minute, hour, re.sub(r"\bl\b", "28", day.replace("w", "")), month]
    parts.append(re.sub(r"#\d|\bl(?=\w)|#l", "", weekday))
    at_random = re.compile(r"\b[rh]\b")
    return " ".join(
        str(low) if at_random.search(part) else part
        for part, (low, _) in zip(parts, RANGES, strict=True)
    )


def _letters(cron: str) -> Iterator[str]:
    """Letters that stand alone, as R, H and W do; names of months and days do not."""
    text = f" {cron.lower()} "
    for before, letter, after in zip(text, text[1:], text[2:], strict=False):
        if letter.isalpha() and not (before.isalpha() or after.isalpha()):
            yield letter


def _ever(slots: Slots) -> bool:
    months = slots.months or range(1, 13)
    return any(min(slots.days or (1,)) <= _DAYS_MAX[month - 1] for month in months)


def _within(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _plainer(slots: Slots) -> Iterator[Slots]:
    """From what loses least to what loses most."""
    if slots.weekdays and slots.days:
        yield replace(slots, weekdays=None)
    if slots.weekdays and slots.months:
        yield replace(slots, months=None, days=None)
    step = -(-60 // len(slots.minutes))
    while 60 % step:
        step += 1
    evenly = replace(slots, minutes=tuple(range(0, 60, step)))
    for one in (evenly, replace(slots, minutes=slots.minutes[:1])):
        yield one
        yield replace(one, weekdays=None)
        yield replace(one, weekdays=None, months=None)
    yield Slots(slots.minutes[:1], slots.hours[:1], None, None, None)
