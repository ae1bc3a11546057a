"""How a setting is declared, and what it may be; a ValueError says what would be right."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import field
from typing import Any

Value = str | int


def setting(default: Value, means: str, check: Callable[[Any], None] | None = None) -> Any:
    """A field of a section: its default, its meaning in words, its check."""
    return field(default=default, metadata={"means": means, "check": check})


def one_of(*words: str) -> Callable[[str], None]:
    """One of these words."""

    def check(value: str) -> None:
        if value not in words:
            raise ValueError(f"it is one of {', '.join(words)}")

    return check


def between(low: int, high: int) -> Callable[[int], None]:
    """A whole number, ends included."""

    def check(value: int) -> None:
        if not low <= value <= high:
            raise ValueError(f"it is a whole number from {low} to {high}")

    return check


def an_address(value: str) -> None:
    """Something that can be called by HTTP, or nothing."""
    from urllib.parse import urlsplit

    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("it is an address such as https://example.org/ping/1")


def a_cron(value: str) -> None:
    """A schedule of five fields."""
    from peer.timetable import check_cron

    check_cron(value)


def some_hours(value: str) -> None:
    """A span of hours, or nothing."""
    from peer.timetable import check_hours

    check_hours(value)


def a_zone(value: str) -> None:
    """A time zone, or nothing."""
    from peer.timetable import check_zone

    check_zone(value)


def a_textfile(value: str) -> None:
    """By its name alone: whether a drive is there now must not decide whether a tick runs."""
    if os.path.splitext(value)[1] not in ("", ".prom") and not value.endswith(("/", os.sep)):
        raise ValueError(
            "node-exporter reads only files that end in .prom; name such a one, or a folder with"
            " a / behind it"
        )


def a_command(value: str) -> None:
    """A program with arguments, split as a shell would do it; no shell runs it."""
    import shlex

    try:
        shlex.split(value)
    except ValueError as error:
        raise ValueError(f"a program with its arguments; a quote is open ({error})") from error
