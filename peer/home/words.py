"""Words of items and words that people type: what both indices of this home go by.

Languages that write no spaces are found by their characters. Whatever is typed are plain words,
never a query language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from protocol.errors import UsageError

words_max, query_chars_max = 32, 1_000
_SNIPPET_CHARS, _BEFORE_CHARS = 160, 40


def plain_words(text: str) -> list[str]:
    """What was typed, as words to look for; UsageError where there are none, or too many."""
    words = [word for word in re.findall(r"\w+", text) if any(c.isalnum() for c in word)]
    if not words:
        raise UsageError("there is no word to look for; give letters or digits")
    if len(words) > words_max or len(text) > query_chars_max:
        raise UsageError(f"too much to look for; give at most {words_max} words")
    return words


def snippet(text: str, words: list[str]) -> str:
    """One line of a text, from around the first of these words that stands in it as typed."""
    line = " ".join(text.split())
    found = [line.casefold().find(word.casefold()) for word in words]
    at = max(min((place for place in found if place >= 0), default=0) - _BEFORE_CHARS, 0)
    part = line[at : at + _SNIPPET_CHARS]
    return f"{'… ' if at else ''}{part}{' …' if at + _SNIPPET_CHARS < len(line) else ''}"


def said(body: Any) -> str:
    """The words of an item's body: its text, topics and evidence."""
    return " ".join(_texts(body)) if isinstance(body, dict) else ""


def _texts(body: dict[str, Any]) -> Iterator[str]:
    for member in ("text", "because", "topics", "evidence"):
        value = body.get(member)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))
