"""What a caller says, as the body of an item: made sure of before it is signed; else UsageError."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from peer.given import (
    check_utf8,
    checked_goals,
    checked_lines,
    checked_text,
    checked_topics,
    permille,
)
from protocol import canonical, limits, wire
from protocol.errors import RuleError, UsageError
from protocol.messages import (
    Alert,
    Announcement,
    Body,
    Certificate,
    Dispute,
    Insight,
    Note,
    Proposal,
    Question,
    Severity,
    Vote,
)

Kind = Literal["note", "question", "alert"]


def made(kind: Kind, text: str, topics: Iterable[str] = ()) -> Note | Question | Alert:
    """A letter of a kind; only a question has topics."""
    said, about = checked_text(text), checked_topics(topics)
    if kind == "question":
        return Question(text=said, topics=about)
    if about:
        raise UsageError("topics belong to a question; publish what you know with `share`")
    if kind not in ("note", "alert"):
        raise UsageError(f"{kind!r} is no kind of letter; they are note, question and alert")
    return Alert(text=said) if kind == "alert" else Note(text=said)


def insight(
    text: str,
    topics: Iterable[str],
    confidence: float,
    *,
    evidence: Iterable[str] = (),
    valid_from_ms: int | None = None,
    valid_until_ms: int | None = None,
    supersedes: tuple[str, ...] = (),
    derived: tuple[str, ...] = (),
) -> Insight:
    """Something learned, with a probability from 0 to 1; ids are whole."""
    about, sure = checked_topics(topics), permille(confidence)
    if valid_from_ms is not None and valid_until_ms is not None and valid_until_ms <= valid_from_ms:
        raise UsageError("it ends to hold before it begins; change the two times")
    lines = checked_lines(evidence)
    if max(len(supersedes), len(derived)) > limits.claims_max:
        raise UsageError(f"name at most {limits.claims_max} insights")
    return Insight(
        text=checked_text(text), topics=about, confidence=sure, evidence=lines,
        valid_from=valid_from_ms, valid_until=valid_until_ms, supersedes=supersedes,
        derived=derived,
    )  # fmt: skip


def announcement(text: str, topics: Iterable[str], goals: Iterable[str] = ()) -> Announcement:
    """What is being worked on, and the ids of the goals that it serves."""
    about, serves = checked_topics(topics), checked_goals(goals)
    return Announcement(text=checked_text(text), topics=about, serves=serves)


def alert(text: str, severity: Severity) -> Alert:
    """Trouble of one's own."""
    if severity not in ("info", "warn", "critical"):
        raise UsageError(f"{severity!r} is no severity; they are info, warn and critical")
    return Alert(text=checked_text(text), severity=severity)


def dispute(because: str) -> Dispute:
    """A contradiction."""
    return Dispute(because=checked_text(because))


def proposal_words(key: str, value: str, because: str) -> tuple[str, str, str]:
    """What is to be proposed, why: the key, one line, and a text that may be empty."""
    checked_topics([key])
    check_utf8(value, "the value")
    if not value.strip() or len(value) > limits.line_chars_max or not value.isprintable():
        raise UsageError(f"a value is one line of 1 to {limits.line_chars_max} characters")
    return key, value, checked_text(because) if because else ""


def checked(body: Body) -> Body:
    """A body that a program made itself; what nobody would understand is not signed."""
    if isinstance(body, Proposal | Vote | Certificate):
        raise UsageError(f"{type(body).__name__} is not sent as such; use `propose` and `vote`")
    try:
        return wire.validate(type(body), canonical.encode(wire.dump(body)), "ITEM-4")
    except (RuleError, TypeError, ValueError) as error:
        raise UsageError(f"{type(body).__name__} cannot be sent: {error}") from error
