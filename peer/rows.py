"""What rows for people and programs have in common: times, addresses, texts on one line.

Start-up counts: every command that shows something imports this.
"""

from __future__ import annotations

import time
from typing import Any

Row = dict[str, Any]
_last_ms = 253_402_300_799_000  # the last second of the year 9999


def moment(at_ms: int) -> str:
    """A time as JSON has it, `2026-11-21T09:00:00Z`; whatever somebody claims, in this form."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(at_ms, _last_ms) // 1000))


def short(address: str, cluster: str) -> str:
    """A full address as it is said inside a cluster."""
    return address.removesuffix(f"@{cluster}")


def one_line(text: str, chars_max: int) -> str:
    """The beginning of a text, on one line, with nothing in it that could not be seen."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return line if len(line) <= chars_max else f"{line[: chars_max - 1]}…"
