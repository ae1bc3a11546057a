"""Every slot of a timetable is beaten once, in every zone and whatever the clocks do.

Held against a plain walk through every minute of some days, which knows no arithmetic of zones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from peer.timetable import Slot, Timetable, check_cron, hours
from protocol.suspicion import state_of, suspicion

ZONES = (
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour of summer
    "America/New_York",
    "Africa/Casablanca",  # four changes in some years
    "Asia/Kathmandu",  # +05:45
    "Pacific/Apia",
    "UTC",
)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DAYS = 2


def ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000


def at(text: str, zone: str) -> int:
    """An instant by local time; of two the first."""
    return ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@lru_cache
def changes(zone: str) -> list[int]:
    """Hours of 2011 to 2030 in which the clocks of a zone change, ms."""
    begin = ms(datetime(2011, 1, 1, tzinfo=UTC))
    where = ZoneInfo(zone)
    days = range(begin, begin + 20 * 366 * DAY, DAY)

    def ahead(instant: int) -> timedelta | None:
        return datetime.fromtimestamp(instant // 1000, where).utcoffset()

    return [
        hour
        for day, after in pairwise(days)
        if ahead(day) != ahead(after)
        for hour in range(day, after, HOUR)
        if ahead(hour) != ahead(hour + HOUR)
    ]


def some(low: int, high: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(low, high), min_size=1, max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Timetable, frozenset[int], frozenset[int], int]:
    """A timetable, its minutes and hours, and an instant: often just before a change."""
    zone = draw(st.sampled_from(ZONES))
    minutes, hours_ = draw(some(0, 59)), draw(some(0, 23))
    if draw(st.booleans()):
        hours_ = frozenset(range(24))
    minutes = draw(st.sampled_from([minutes, frozenset({0}), frozenset(range(0, 60, 15))]))
    spans = ["", "08:00-20:00", "22:30-02:15", "01:10-24:00"]
    active = draw(st.sampled_from(spans if {0, 1, 9} <= hours_ else spans[:1]))
    cron = f"{','.join(map(str, sorted(minutes)))} {','.join(map(str, sorted(hours_)))} * * *"
    begin = ms(datetime(2026, draw(st.integers(1, 12)), draw(st.integers(1, 28)), tzinfo=UTC))
    odd = changes(zone) and draw(st.sampled_from([True, True, True, False]))
    if odd:
        begin = draw(st.sampled_from(changes(zone))) - draw(st.integers(0, 40)) * HOUR
    return Timetable(cron, zone, active, 60, "core@lab"), minutes, hours_, begin


def walked(
    table: Timetable, minutes: frozenset[int], hours_: frozenset[int], begin: int
) -> list[Slot]:
    """The slots after `begin`, by looking at every minute."""
    where, span = ZoneInfo(table.zone), hours(table.active_hours)
    first: dict[datetime, int] = {}
    for instant in range(begin - 2 * DAY, begin + (DAYS + 2) * DAY, MINUTE):
        local = datetime.fromtimestamp(instant // 1000, where).replace(tzinfo=None, fold=0)
        first.setdefault(local, instant)
    slots: dict[int, str] = {}
    due, begun = None, min(first)
    for n in reversed(range((DAYS + 3) * 24 * 60)):
        local = begun + timedelta(minutes=n)
        due = first.get(local, due)  # where there is no such time: the next that there is
        minute = local.hour * 60 + local.minute
        within = span is None or (
            span[0] <= minute < span[1]
            if span[0] < span[1]
            else minute >= span[0] or minute < span[1]
        )
        if due is not None and local.minute in minutes and local.hour in hours_ and within:
            slots.setdefault(due, local.isoformat(timespec="minutes"))
    return [Slot(slots[due], due) for due in sorted(slots) if begin < due <= begin + DAYS * DAY]


@settings(deadline=None, max_examples=25)
@given(tables())
def test_each_slot_comes_once_and_when_it_is_due(
    given_: tuple[Timetable, frozenset[int], frozenset[int], int],
) -> None:
    """RUN-1: also those that a change of the clocks doubles or swallows."""
    table, minutes, hours_, begin = given_
    expected = walked(table, minutes, hours_, begin)
    assume(expected)
    now, done, found = begin, "", list[Slot]()
    while (slot := table.next(now, done)).at_ms <= begin + DAYS * DAY:
        found.append(slot)
        assert table.last(slot.at_ms) == slot
        assert (table.last(slot.at_ms + 59_999) or slot).at_ms >= slot.at_ms
        now, done = slot.at_ms, slot.local
    assert found == expected
    assert [slot.local for slot in found] == sorted({slot.local for slot in found})


@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(DAY, DAYS * DAY))
def test_one_catch_up_stands_for_everything_that_was_missed(
    given_: tuple[Timetable, frozenset[int], frozenset[int], int], asleep: int
) -> None:
    """RUN-1: after a sleep the newest slot is beaten, and then the next one that comes."""
    table, minutes, hours_, begin = given_
    missed = [s for s in walked(table, minutes, hours_, begin) if s.at_ms <= begin + asleep]
    assume(missed)
    now = begin + asleep
    assert table.last(now) == missed[-1]
    done = table.newest(now, "")
    assert done == missed[-1].local
    assert table.next(now, done).at_ms > now


@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(0, DAYS * DAY), st.integers(0, 20 * HOUR))
def test_a_clock_that_goes_back_repeats_nothing(
    given_: tuple[Timetable, frozenset[int], frozenset[int], int], on: int, back: int
) -> None:
    """RUN-1: slots up to the newest one beaten are over, also when their time comes again."""
    table, _, _, begin = given_
    done = table.newest(begin + on, "")
    assume(done)
    now = begin + on - back
    assert table.newest(now, done) == done
    assert table.next(now, done).local > done


def test_a_clock_that_was_a_year_ahead_keeps_nobody_silent() -> None:
    """RUN-1: what was beaten under a wrong clock counts for nothing."""
    table = Timetable("0 * * * *", "UTC", "", 0, "core@lab")
    now = at("2026-11-21T09:30", "UTC")
    assert table.next(now, "2027-11-21T09:00").local == "2026-11-21T10:00"
    assert table.newest(now, "2027-11-21T09:00") == "2026-11-21T09:00"
    assert table.next(now, "no time at all").local == "2026-11-21T10:00"


def test_half_past_one_on_the_days_of_change() -> None:
    """RUN-1: the examples that people ask about."""
    table = Timetable("30 1 * * *", "Europe/London", "", 0, "core@lab")
    autumn = table.next(at("2026-10-25T00:00", "Europe/London"))
    assert autumn == Slot("2026-10-25T01:30", ms(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)))
    assert table.next(autumn.at_ms).local == "2026-10-26T01:30"
    spring = table.next(at("2026-03-29T00:00", "Europe/London"))
    assert spring == Slot("2026-03-29T01:30", ms(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)))
    assert table.next(spring.at_ms).local == "2026-03-30T01:30"


def test_the_zone_of_the_machine_is_taken_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """RUN-1: with the same changes of its clocks."""
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        mine = Timetable("*/20 * * * *", "", "", 0, "core@lab")
        named = Timetable("*/20 * * * *", "Europe/Berlin", "", 0, "core@lab")
        for change in ("2026-10-25T00:30", "2026-03-29T00:30"):
            now = at(change, "Europe/Berlin")
            for _ in range(15):
                assert mine.next(now) == named.next(now)
                now = mine.next(now).at_ms
                assert mine.last(now) == named.last(now)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_schedule_without_beats_is_an_error() -> None:
    for cron, active in (("0 0 30 2 *", ""), ("* 3 * * *", "08:00-09:00")):
        table = Timetable(cron, "UTC", active, 0, "core@lab")
        with pytest.raises(ValueError, match="never beats"):
            table.next(0)
        assert table.last(at("2026-11-21T09:30", "UTC")) is None
        assert table.newest(at("2026-11-21T09:30", "UTC"), "") == ""


@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(0, 2 * DAY))
@example(
    (Timetable("0 * * * *", "UTC", "08:00-20:00", 60, "core@lab"), *[frozenset({0})] * 2, 0), 1
)
def test_nobody_is_suspected_who_beats_as_announced(
    given_: tuple[Timetable, frozenset[int], frozenset[int], int], on: int
) -> None:
    """RUN-2, HEALTH-2: whenever a tick was woken, at the next slot's beat its peer is still alive.

    Also where that beat comes late by a tenth of the shortest pause between two slots.
    """
    table, minutes, hours_, begin = given_
    assume(walked(table, minutes, hours_, begin))
    now = begin + on
    announced = table.announced_ms(now)
    coming = table.next(now - table.delay_ms())
    beat = coming.at_ms + table.delay_ms()
    following = table.next(coming.at_ms).at_ms - coming.at_ms
    before = table.last(now - table.delay_ms())
    assert before is not None
    period = min(following, coming.at_ms - before.at_ms)
    assert announced >= beat - now
    assert state_of(suspicion(beat + period // 10 - now, announced, 1)) == "alive"
    assert announced <= max(beat - now, period + table.delay_ms())


def test_quiet_hours_are_announced() -> None:
    table = Timetable("0 * * * *", "UTC", "08:00-20:00", 0, "core@lab")
    assert table.announced_ms(at("2026-11-21T12:00", "UTC")) == HOUR
    assert table.announced_ms(at("2026-11-21T12:59", "UTC")) == HOUR
    assert table.announced_ms(at("2026-11-21T19:00", "UTC")) == 13 * HOUR
    assert table.announced_ms(at("2026-11-22T07:59", "UTC")) == HOUR


@pytest.mark.parametrize("text", ["R * * * *", "0 r(1-5) * * *", "0 1,R * * *", "H/5 * * * *"])
def test_schedules_that_are_drawn_anew_are_refused(text: str) -> None:
    """RUN-1: a slot is the same whenever it is asked for."""
    with pytest.raises(ValueError, match="five fields"):
        check_cron(text)


@pytest.mark.parametrize("text", ["0 9 * mar fri", "*/5 8-20 * * thu,fri", "0 0 L * *"])
def test_names_of_days_and_months_are_understood(text: str) -> None:
    check_cron(text)
