"""Effects: what a handler may ask for. A closed set of values; one module of the peer applies them.

A decision is data, so it can be tested, refused by policy, shown to a person and simulated.
Nothing here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from protocol.messages import Body

Level = Literal["info", "warn", "human"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Write a letter to `to` (full address), in reply to the item that is being handled.

    `then`: what the author of that item is told, once the letter goes without having to wait.
    """

    name: ClassVar[str] = "send"
    to: str
    body: Body
    then: Body | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Publish an item to everybody who follows me."""

    name: ClassVar[str] = "publish"
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """The item that is being handled is known from now on, as one about these topics, too."""

    name: ClassVar[str] = "remember"
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidence:
    """The author of the item that is being handled vouches for, or contradicts, `about`.

    Which of them he does, and about what, the item itself says; `kind` is its kind.
    """

    name: ClassVar[str] = "record-evidence"
    about: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """A person should know; `human`: and only a person can mend it.

    `about`: the item of the same author that told of the same before, and whose place this takes.
    """

    name: ClassVar[str] = "escalate"
    text: str
    mend: str
    level: Level = "warn"
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The author of the item that is being handled says that his trouble `about` is over."""

    name: ClassVar[str] = "settle"
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountVote:
    """The published item that is being handled proposes, votes, or proves what was agreed on.

    What it says counts as far as its own signatures bear it out; see `protocol.ballots`.
    """

    name: ClassVar[str] = "count-vote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """In a steward's mailbox: the item is what its author has to say of `matter` from now on."""

    name: ClassVar[str] = "enter"
    matter: str
    over: bool = False


Effect = Send | Publish | Remember | RecordEvidence | Escalate | Settle | CountVote | Enter
