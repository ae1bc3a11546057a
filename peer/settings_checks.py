"""What values settings may have: each raises ValueError, in words, for any other."""

from __future__ import annotations

import os
from collections.abc import Callable


def one_of(*words: str) -> Callable[[str], None]:
    """One of these words."""

    def check(value: str) -> None:
        if value not in words:
            raise ValueError(f"it is one of {', '.join(words)}")

    return check


def between(low: int, high: int) -> Callable[[int], None]:
    """A whole number from `low` to `high`."""

    def check(value: int) -> None:
        if not low <= value <= high:
            raise ValueError(f"it is a whole number from {low} to {high}")

    return check


def url(value: str) -> None:
    """An address on the web, or nothing."""
    from urllib.parse import urlsplit

    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("it is an address such as https://example.org/ping/1")


def cron(value: str) -> None:
    """Five fields of cron."""
    from peer.timetable import check_cron

    check_cron(value)


def hours(value: str) -> None:
    """Hours of the day, or nothing."""
    from peer.timetable import check_hours

    check_hours(value)


def zone(value: str) -> None:
    """A time zone, or nothing."""
    from peer.timetable import check_zone

    check_zone(value)


def textfile(value: str) -> None:
    """By its name alone: whether a drive is there now must not decide whether a tick runs."""
    if os.path.splitext(value)[1] not in ("", ".prom") and not value.endswith(("/", os.sep)):
        raise ValueError(
            "node-exporter reads only files that end in .prom; name such a one, or a folder with"
            " a / behind it"
        )
