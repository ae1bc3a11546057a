"""What was learned in some days, by topic, as programs and people see it.

Texts were written by those who are named beside them: they are data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_ID_CHARS = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """An item: who says what. `certainty` is from 0 to 1, None for a question.

    `why` is what became of it: contested, superseded, retracted, expired, or "".
    """

    id: str
    author: str
    text: str
    certainty: float | None = None
    why: str = ""

    @property
    def line(self) -> str:
        """One line."""
        sure = "" if self.certainty is None else f", certainty {self.certainty:.2f}"
        why = f", {self.why}" if self.why else ""
        return f"{self.text} ({self.author}{sure}{why}; {self.id[:_ID_CHARS]})"


@dataclass(frozen=True, slots=True)
class Part:
    """The first entries of several; `more` are left out."""

    entries: tuple[Entry, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """What happened on one topic ("" for what has none).

    `new`: insights that came and hold, best standing first. `contested`: older ones that somebody
    disputes now. `gone`: what was superseded, retracted, or expired. `open`, `answered`: questions.
    `contributors`: who said how many of the insights and answers, most first.
    """

    topic: str
    new: Part
    contested: Part
    gone: Part
    open: Part
    answered: Part
    contributors: tuple[tuple[str, int], ...]

    @property
    def parts(self) -> tuple[tuple[str, Part], ...]:
        """What there is, with its title."""
        named = (
            ("learned", self.new), ("contested now", self.contested),
            ("holds no more", self.gone), ("asked, no answer here", self.open),
            ("asked and answered", self.answered),
        )  # fmt: skip
        return tuple((title, part) for title, part in named if part.entries)


@dataclass(frozen=True, slots=True)
class Digest:
    """What was learned in the last `days` days of this home's life; `more_topics` are left out.

    `passed_over`: how many items came beyond those that were looked at, the newest of each author.
    """

    days: int
    topics: tuple[Learned, ...]
    more_topics: int = 0
    passed_over: int = 0

    def lines(self) -> Iterator[str]:
        """The digest, line by line."""
        span = "one day" if self.days == 1 else f"{self.days} days"
        if not self.topics:
            yield f"nothing was learned in {span}"
            return
        yield f"learned in {span}; each line is the word of whom it names"
        for one in self.topics:
            yield ""
            yield one.topic or "(no topic)"
            for title, part in one.parts:
                yield f"  {title}"
                yield from (f"    {entry.line}" for entry in part.entries)
                if part.more:
                    yield f"    and {part.more} more"
            if one.contributors:
                yield "  by " + ", ".join(f"{name} ({n})" for name, n in one.contributors)
        if self.more_topics:
            yield ""
            yield f"and {self.more_topics} more topics; name them with --topic"
        if self.passed_over:
            yield ""
            yield f"{self.passed_over} more items came, of those who said most; see `peer recall`"

    def as_text(self) -> str:
        """The digest for a person, or for an agent to read as data."""
        return "\n".join(self.lines())

    def as_json(self) -> dict[str, Any]:
        """What the command line prints of it with `--json`."""
        return {
            "days": self.days,
            "topics": [
                {
                    "topic": one.topic,
                    "new": _rows(one.new), "new_more": one.new.more,
                    "contested": _rows(one.contested), "contested_more": one.contested.more,
                    "gone": _rows(one.gone), "gone_more": one.gone.more,
                    "open": _rows(one.open), "open_more": one.open.more,
                    "answered": _rows(one.answered), "answered_more": one.answered.more,
                    "contributors": [{"name": n, "items": count} for n, count in one.contributors],
                }
                for one in self.topics
            ],
            "more_topics": self.more_topics,
            "passed_over": self.passed_over,
        }  # fmt: skip


def _rows(part: Part) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id, "from": one.author, "text": one.text, "why": one.why,
            "certainty": None if one.certainty is None else round(one.certainty, 4),
        }
        for one in part.entries
    ]  # fmt: skip
