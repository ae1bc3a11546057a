"""When a peer beats: cron, time zone, active hours, and the part of a minute that is its own.

Pure: what time it is, is an argument. Instants are ms since 1970, UTC. A slot is a local time that
cron names; it is beaten once. Where the clocks go back, and a local time comes twice, it is due at
the first of the two; where they go forward over it, at the first instant after the gap, once for
all slots in it. croniter only counts in local times, without a zone, and is imported only where a
schedule is really asked for: it takes 50 ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES = 24 * 60
DONE_AHEAD = timedelta(days=1)
SEARCH = timedelta(days=8 * 366)  # 29 February may be eight years away
_SECOND = timedelta(seconds=1)
_drawn = re.compile(r"(?:^|[\s,])[rRhH](?:[\s,/(]|$)").search
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z").match


@dataclass(frozen=True, slots=True)
class Slot:
    """One beat: its local time as `2026-11-21T06:00`, and the instant at which it is due, ms."""

    local: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """The beats of one peer; `of` is its full address, from which its own delay is taken."""

    cron: str
    zone: str
    active_hours: str
    spread_s: int
    of: str

    def next(self, after_ms: int, done: str = "") -> Slot:
        """The first slot that is due after an instant and is not `done`, the newest one beaten.

        Local times are compared as texts, so a slot that comes twice is beaten once. A `done` of
        more than a day ahead was beaten under a wrong clock and counts for nothing. ValueError
        where no slot lies within the active hours.
        """
        where = zone(self.zone)
        begin = _naive(after_ms, where)
        beaten = _parse(done)
        if beaten is not None and begin < beaten <= begin + DONE_AHEAD:
            begin = beaten
        found = None
        for local_ in self._slots(begin, forwards=True):
            slot = Slot(_said(local_), _instant(local_, where))
            if slot.at_ms > after_ms:
                if found is not None and slot.at_ms > found.at_ms:
                    break
                found = slot  # of several that fall into one gap, the last
        if found is None:
            raise ValueError(
                f"the schedule {self.cron} never beats"
                + (f" within {self.active_hours}" if self.active_hours else "")
            )
        return found

    def last(self, until_ms: int) -> Slot | None:
        """The newest slot that was due by an instant, for the one catch-up after a sleep."""
        where = zone(self.zone)
        begin = _naive(until_ms, where) + _SECOND
        if begin.fold:  # of the hour that comes twice, everything was due in its first pass
            begin += _offset(begin, where, 0) - _offset(begin, where, 1)
        for local_ in self._slots(begin, forwards=False):
            at = _instant(local_, where)
            if at <= until_ms:
                return Slot(_said(local_), at)
        return None

    def newest(self, until_ms: int, done: str) -> str:
        """The newest slot that counts as beaten after a beat at an instant; "" where none was due.

        It never goes back, unless `done` was beaten under a wrong clock.
        """
        slot, beaten = self.last(until_ms), _parse(done)
        if beaten is not None and beaten <= _naive(until_ms, zone(self.zone)) + DONE_AHEAD:
            return max(done, slot.local if slot else "")
        return slot.local if slot else ""

    def announced_ms(self, now_ms: int) -> int:
        """How long others may wait for the next beat, own delay included.

        The time until that, but no less than a period: who was woken just before a slot would
        else announce some seconds, and be suspected when the slot's beat takes longer than that.
        """
        delay = self.delay_ms()
        coming = self.next(now_ms - delay)
        period = self.next(coming.at_ms).at_ms - coming.at_ms
        before = self.last(now_ms - delay)
        if before is not None:
            period = min(period, coming.at_ms - before.at_ms)
        return max(coming.at_ms + delay - now_ms, period + delay)

    def delay_ms(self) -> int:
        """How long this peer waits after each slot: a part of `spread_s` that is its own."""
        drawn = int.from_bytes(sha256(self.of.encode()).digest()[:8])
        return drawn % (self.spread_s * 1000 + 1)

    def _slots(self, begin: datetime, *, forwards: bool) -> Iterator[datetime]:
        """Local times after (or before) `begin` within the active hours, in this direction.

        They end after `SEARCH`, or where croniter finds no more.
        """
        from croniter import CroniterBadDateError, croniter

        span = hours(self.active_hours)
        begin = begin.replace(tzinfo=None, fold=0)
        times = croniter(self.cron, begin)
        step = times.get_next if forwards else times.get_prev
        local_ = begin
        while abs(local_ - begin) <= SEARCH:
            try:
                local_ = step(datetime)
            except CroniterBadDateError:
                return
            if span is None or _within(local_, span):
                yield local_
            else:  # over the whole pause at once: cron may name every minute of it
                times.set_current(_edge(local_, span, forwards), force=True)


def check_cron(text: str) -> None:
    """ValueError where a text is no schedule of five fields."""
    from croniter import croniter

    # croniter also knows R and H, which are drawn: a slot must be the same at each question.
    if len(text.split()) != 5 or _drawn(text) or not croniter.is_valid(text):
        raise ValueError("it is five fields such as 0 */6 * * *: minute hour day month weekday")


def check_hours(text: str) -> None:
    """ValueError where a text is no span of hours."""
    if text and hours(text) is None:
        raise ValueError("it is a span such as 08:00-20:00, or 22:00-06:00 over midnight")


def check_zone(text: str) -> None:
    """ValueError where a text names no time zone."""
    try:
        zone(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("no time zone is called so; try Europe/Berlin or UTC") from error


def hours(text: str) -> tuple[int, int] | None:
    """The first minute of the day within a span of hours, and the first one after it."""
    found = _HOURS(text)
    if found is None:
        return None
    begin, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
    return (begin, end) if begin != end and end <= DAY_MINUTES else None


def zone(name: str) -> tzinfo | None:
    """The time zone of a name; None: this machine's."""
    return ZoneInfo(name) if name else None


def local(at_ms: int, where: tzinfo | None) -> datetime:
    """An instant as a local time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(where)


def _naive(at_ms: int, where: tzinfo | None) -> datetime:
    """An instant as a local time without a zone, to the second below; `fold` says which pass."""
    return datetime.fromtimestamp(at_ms // 1000, where).replace(tzinfo=None)


def _offset(local_: datetime, where: tzinfo | None, fold: int) -> timedelta:
    """How far a local time is ahead of UTC; in a gap: before it (0), or after it (1)."""
    aware = local_.replace(tzinfo=where, fold=fold)
    offset = aware.utcoffset() if where is not None else aware.astimezone().utcoffset()
    assert offset is not None
    return offset


def _instant(local_: datetime, where: tzinfo | None) -> int:
    """When a local time is, ms; of two the first; where there is none, when the gap ends."""
    at = _seconds(local_, where, 0)
    if datetime.fromtimestamp(at, where).replace(tzinfo=None, fold=0) == local_:
        return at * 1000
    low, high = _seconds(local_, where, 1), at  # the gap lies between
    before = _passed(low, where)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _passed(middle, where) == before else (low, middle)
    return high * 1000


def _seconds(local_: datetime, where: tzinfo | None, fold: int) -> int:
    return int(local_.replace(tzinfo=where, fold=fold).timestamp())


def _passed(at: int, where: tzinfo | None) -> timedelta:
    """Local time less UTC at an instant."""
    return datetime.fromtimestamp(at, where).replace(tzinfo=None) - datetime.fromtimestamp(
        at, UTC
    ).replace(tzinfo=None)


def _said(local_: datetime) -> str:
    return local_.isoformat(timespec="minutes")


def _parse(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said) if said else None
    except ValueError:
        return None


def _within(local_: datetime, span: tuple[int, int]) -> bool:
    minute = local_.hour * 60 + local_.minute
    begin, end = span
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _edge(local_: datetime, span: tuple[int, int], forwards: bool) -> datetime:
    """From a local time outside a span: the second before it begins, or the minute it ended."""
    midnight = local_.replace(hour=0, minute=0, second=0)
    if forwards:
        edge = midnight + timedelta(minutes=span[0]) - _SECOND
        return edge if edge >= local_ else edge + timedelta(days=1)
    edge = midnight + timedelta(minutes=span[1])
    return edge if edge <= local_ else edge - timedelta(days=1)
