"""When a peer beats: cron, time zone, active hours, and the part of a minute that is its own.

Pure: what time it is, is an argument. Instants are ms since 1970, UTC. A slot is a local time that
cron names; it is beaten once, also where the clocks go back and the local time comes twice.
croniter is imported only where a schedule is really asked for: it takes 70 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES = 24 * 60
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

        Local times are compared as texts, so a slot that comes twice is beaten once.
        """
        raise NotImplementedError

    def last(self, until_ms: int) -> Slot | None:
        """The newest slot that was due by an instant, for the one catch-up after a sleep."""
        raise NotImplementedError

    def delay_ms(self) -> int:
        """How long this peer waits after each slot: a part of `spread_s` that is its own."""
        drawn = int.from_bytes(sha256(self.of.encode()).digest()[:8])
        return drawn % (self.spread_s * 1000 + 1)


def check_cron(text: str) -> None:
    """ValueError where a text is no schedule of five fields."""
    from croniter import croniter

    if len(text.split()) != 5 or not croniter.is_valid(text):
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
