"""A peer's own troubles: when the others are told of one, told again, and told that it is over.

Rules: one alert tells of a trouble; worse than was told is told at once; what is still open is told
again after each day, so many times at most; its end is told once. A trouble that comes back within
an hour is the same one, so its end counts only when it was not seen for so long: what comes and
goes floods nobody. Times are arguments, in ms that a home has lived. Not here: how troubles are
found, and who is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from protocol import limits
from protocol.messages import Severity

again_ms: Final = 24 * 3_600_000
gone_ms: Final = 3_600_000
times_max: Final = 8  # the first time, and then seven times more
text_chars_max: Final = 300
RANK: Final[dict[Severity, int]] = {"info": 0, "warn": 1, "critical": 2}
_KEY = re.compile(r"[a-z0-9][a-z0-9._/-]*\Z").match

Step = Literal["tell", "worse", "again", "over", "wait"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a check found: `key` says which trouble it is, and stays the same while it lasts.

    `text` is told to everybody, `mend` (how to mend it) only to the peer's own people.
    """

    key: str
    severity: Severity
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A trouble as it is remembered: when it was last seen, and what was told of it.

    `worst` is the severity of which others know; `told_ms` None: nobody could be told yet.
    """

    seen_ms: int
    worst: Severity = "info"
    told_ms: int | None = None
    times: int = 0


def checked(trouble: Trouble) -> Trouble:
    """The same with a text of one harmless line; ValueError where it is none."""
    if trouble.severity not in ("warn", "critical"):
        raise ValueError(f"{trouble.severity!r} is no severity of a trouble: warn or critical")
    if not _KEY(trouble.key) or len(trouble.key) > limits.word_chars_max:
        raise ValueError(
            f"{trouble.key[:80]!r} is no key: letters a-z, digits and . _ / - from a letter or"
            f" digit on, at most {limits.word_chars_max} of them"
        )
    text = one_line(trouble.text)
    if not text:
        raise ValueError("a trouble without a text says nothing")
    return Trouble(trouble.key, trouble.severity, text, trouble.mend)


def one_line(text: str) -> str:
    """A text on one line, as long as one is told, with nothing in it that could not be seen."""
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line)[:text_chars_max]


def due(found: Severity | None, known: Known | None, now_ms: int) -> Step:
    """What is to be told of a trouble that was found now, or (None) was not.

    `known` is None where nothing is remembered of it; then something was found.
    """
    if found is None:
        return "over" if known is None or now_ms - known.seen_ms >= gone_ms else "wait"
    if known is None or known.told_ms is None:
        return "tell"
    if RANK[found] > RANK[known.worst]:
        return "worse"
    stale = now_ms - known.told_ms >= again_ms
    return "again" if stale and known.times < times_max else "wait"
