"""What a caller gave, made sure of before anything is opened: texts, topics, probabilities, times.

Everything here raises UsageError (exit 2) with what would have been right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from protocol import limits
from protocol.errors import UsageError

seconds_max = 30 * 86_400
duration_days_max = 365
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WORD = r"[a-z0-9][a-z0-9._/-]*"


def checked_text(text: str) -> str:
    """The text of a letter or publication."""
    check_utf8(text, "the text")
    if not text.strip():
        raise UsageError("the text is empty; there is nothing to send")
    if len(text) > limits.text_chars_max or len(text.encode()) > limits.item_bytes_max:
        raise UsageError(
            f"the text has {len(text)} characters in {len(text.encode())} bytes, more than"
            f" {limits.text_chars_max} in {limits.item_bytes_max}; send it in parts"
        )
    return text


def checked_topics(topics: Iterable[str]) -> tuple[str, ...]:
    """Topics, each once; a text is one."""
    distinct = tuple(dict.fromkeys([topics] if isinstance(topics, str) else topics))
    for topic in distinct:
        if len(topic) > limits.word_chars_max or not re.fullmatch(_WORD, topic):
            raise UsageError(
                f"{topic[:80]!r} is no topic: letters a-z, digits and . _ / - from a letter or"
                f" digit on, at most {limits.word_chars_max} of them"
            )
    if len(distinct) > limits.topics_max:
        raise UsageError(f"{len(distinct)} topics; name at most {limits.topics_max}")
    return distinct


def checked_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines of evidence, each once; a text is one."""
    distinct = tuple(dict.fromkeys([lines] if isinstance(lines, str) else lines))
    for one in distinct:
        check_utf8(one, "the evidence")
        if not one.strip() or len(one) > limits.line_chars_max or not _is_line(one):
            raise UsageError(f"evidence is one line of 1 to {limits.line_chars_max} characters")
    if len(distinct) > limits.evidence_max:
        raise UsageError(f"{len(distinct)} pieces of evidence; name at most {limits.evidence_max}")
    return distinct


def _is_line(text: str) -> bool:
    return not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


def checked_goals(goals: Iterable[str]) -> tuple[str, ...]:
    """The ids of goals, each once; a text is one. Whether there are such is not asked here."""
    distinct = tuple(dict.fromkeys([goals] if isinstance(goals, str) else goals))
    if len(distinct) > limits.serves_max:
        raise UsageError(f"{len(distinct)} goals; name at most {limits.serves_max}")
    return tuple(map(goal_id, distinct))


def goal_id(text: str) -> str:
    """The id of a goal."""
    if len(text) > limits.word_chars_max or not re.fullmatch(_WORD, text):
        raise UsageError(
            f"{text[:80]!r} can be no id of a goal: letters a-z, digits and . _ / - from a letter"
            f" or digit on, at most {limits.word_chars_max} of them"
        )
    return text


def check_name(text: str) -> str:
    """The name of a check, which begins the keys of its troubles; no part of it is a slash."""
    if len(text) > limits.name_chars_max or not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", text):
        raise UsageError(
            f"{text[:80]!r} names no check: letters a-z, digits and . _ - from a letter or digit"
            f" on, at most {limits.name_chars_max} of them"
        )
    return text


def permille(confidence: float) -> int:
    """A probability from 0 to 1 as the wire says it."""
    if not 0 <= confidence <= 1:  # also true of "not a number"
        raise UsageError(f"confidence is a number from 0 to 1, not {confidence:g}")
    return round(confidence * 1000)


def seconds(time: float) -> float:
    """How long somebody is ready to wait."""
    if not 0 <= time <= seconds_max:  # also true of "not a number"
        raise UsageError(f"a time to wait is 0 to {seconds_max} seconds, not {time:g}")
    return time


def duration(text: str, what: str) -> int:
    """A time such as 30d, 12h or 90m, ms."""
    found = re.fullmatch(r"([0-9]{1,6})([dhm])", text.strip().lower())
    time = int(found[1]) * _UNITS[found[2]] if found else 0
    if not _UNITS["m"] <= time <= duration_days_max * _UNITS["d"]:
        raise UsageError(
            f"{what} is {text[:80]!r}; write 30d, 12h or 90m, at most {duration_days_max}d"
        )
    return time


def check_utf8(text: str, what: str) -> None:
    """`what` can be written as UTF-8: it has no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} is not valid UTF-8; convert it first, e.g. with iconv") from error
