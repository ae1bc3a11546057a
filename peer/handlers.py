"""Handlers: what a peer does about an item, as pure functions from item and view to effects.

Rules: a handler imports protocol only, reads the world only through its view, and returns values.
It may see one item twice (after a crash), never half. A note never causes a letter; nothing
automatic answers what is automatic. Who adds a kind adds one function and one line of `HANDLERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol import canonical
from protocol.charter import Goal
from protocol.effect import (
    CountVote,
    Effect,
    Enter,
    Escalate,
    Level,
    RecordEvidence,
    Remember,
    Send,
    Settle,
)
from protocol.messages import (
    Alert,
    Announcement,
    Answer,
    Certificate,
    Dispute,
    Endorsement,
    Escalation,
    Insight,
    Item,
    Proposal,
    Question,
    Request,
    Severity,
    Vote,
    item_id,
)
from protocol.page import ALL
from protocol.policy import flag_of

ANSWER_CONFIDENCE_PERMILLE_MIN = 600
CLAIMS_MAX = 3
# What is looked at for them: doubtful claims, or the asker's own, must not hide an older answer.
INSIGHTS_MAX = 30


class View(Protocol):
    """What a handler may know."""

    @property
    def address(self) -> str:
        """My own full address."""

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What the stewards want of me: the goals in force, those of the widest scope first."""

    def goals_of(self, address: str) -> tuple[Goal, ...]:
        """What they want of somebody else (full address), as far as I know."""

    @property
    def is_mailbox(self) -> bool:
        """Whether I am the mailbox of a steward: a person reads here, and nobody else acts."""

    def about(self, topics: Sequence[str], items_max: int) -> list[Item]:
        """Insights that I published or remember about these topics, newest first."""

    @property
    def votable(self) -> Collection[str]:
        """The keys on whose value my cluster may agree, by the charter in force."""

    @property
    def agreed(self) -> Mapping[str, str]:
        """What my cluster agreed on: key → value."""


@dataclass(frozen=True, slots=True)
class Received:
    """An item with its place in the world: `audience` is my address, or `all`."""

    item: Item
    audience: str


_LEVELS: dict[Severity, Level] = {"info": "info", "warn": "warn", "critical": "human"}

Handler = Callable[[Received, View], list[Effect]]


def answer_question(received: Received, view: View) -> list[Effect]:
    """Answer from insights on the same topics, or stay silent: a guess costs more than nothing."""
    item = received.item
    assert isinstance(item.body, Question)
    if item.head.auto or not item.body.topics or view.is_mailbox:
        return []
    known = [
        insight
        for insight in view.about(item.body.topics, INSIGHTS_MAX)
        if isinstance(insight.body, Insight)
        # A question to all would be answered by everybody who heard of it: only its source does.
        and view.address in (received.audience, insight.head.author)
        and insight.head.author != item.head.author
        and insight.body.confidence >= ANSWER_CONFIDENCE_PERMILLE_MIN
    ][:CLAIMS_MAX]
    if not known:
        return []
    text = "\n".join(_claim(insight) for insight in known)
    claims = tuple(insight.id for insight in known)
    return [Send(to=item.head.author, body=Answer(text=text, claims=claims))]


def _claim(insight: Item) -> str:
    body = insight.body
    assert isinstance(body, Insight)
    return f"{body.text} ({insight.head.author}, confidence {body.confidence / 1000:g})"


def remember_insight(received: Received, view: View) -> list[Effect]:
    """Keep an insight where a question about its topics finds it."""
    body = received.item.body
    assert isinstance(body, Insight | Announcement)
    return [Remember(topics=body.topics)] if body.topics else []


def record_opinion(received: Received, view: View) -> list[Effect]:
    """An endorsement or a dispute is evidence about the item that it names."""
    body, about = received.item.body, received.item.head.re
    assert isinstance(body, Endorsement | Dispute)
    return [] if about is None else [RecordEvidence(about=about, kind=body.kind)]


def raise_alert(received: Received, view: View) -> list[Effect]:
    """A neighbour's trouble goes to status and escalations, once; its own all-clear ends it."""
    item = received.item
    assert isinstance(item.body, Alert)
    if item.body.severity == "info" and item.head.re is not None:
        return [Settle(about=item.head.re)]
    line = " ".join(item.body.text.split())[:300]
    mend = f"ask {item.head.author.partition('@')[0]}: `peer reply {item.id[:8]} TEXT`"
    return [
        Escalate(text=f"{item.head.author}: {line}", mend=mend, level=_LEVELS[item.body.severity])
    ]


def flag_aimless(received: Received, view: View) -> list[Effect]:
    """What serves no goal, where there are goals, is told once; it is not silenced."""
    item = received.item
    assert isinstance(item.body, Announcement)
    goals = view.goals_of(item.head.author)
    flag = flag_of(goals, item.body.serves)
    if flag is None:
        return []
    line = " ".join(item.body.text.split())[:200]
    known = {goal.id for goal in goals}
    odd = ", ".join(id for id in item.body.serves if id not in known)
    what = "serves no goal" if flag == "no-goal" else "names an unknown goal"
    text = f"{item.head.author} announced what {what}{f' ({odd})' if odd else ''}: {line}"
    ask = f"ask {item.head.author.partition('@')[0]}: `peer reply {item.id[:8]} TEXT`"
    return [Escalate(text=text, mend=f"{ask}; or a steward: `peer goal add ID TEXT`", level="info")]


def count_vote(received: Received, view: View) -> list[Effect]:
    """What is published in a vote counts; a letter, which others do not see, says nothing there."""
    item = received.item
    assert isinstance(item.body, Proposal | Vote | Certificate)
    if received.audience != ALL:
        return []
    if not isinstance(item.body, Proposal) or item.body.key in view.votable:
        return [CountVote()]
    text = f"{item.head.author} proposes a value for {item.body.key}, which nobody may vote on"
    mend = "a steward can declare it votable in the charter; until then it counts for nothing"
    return [CountVote(), Escalate(text=text, mend=mend, level="info")]


def enter_matter(received: Received, view: View) -> list[Effect]:
    """In a steward's mailbox each matter stands once: what is told again replaces what was told.

    Anywhere else it is nobody's business.
    """
    item = received.item
    if not view.is_mailbox or received.audience != view.address:
        return []
    match item.body:
        case Escalation(key=key, over=over):
            return [Enter(matter=f"escalation:{key}", over=over)]
        case Request(audience=audience, item=asked):
            return [Enter(matter=f"request:{audience}:{item_id(canonical.reencode(asked))}")]
    return [Enter(matter=f"digest:{item.id}")]


def both(first: Handler, second: Handler) -> Handler:
    """A handler that wants what either wants, in this order; where one raises, nothing happens."""

    def handle(received: Received, view: View) -> list[Effect]:
        return [*first(received, view), *second(received, view)]

    return handle


HANDLERS: dict[str, Handler] = {
    "question": answer_question,
    "insight": remember_insight,
    "announcement": both(remember_insight, flag_aimless),
    "endorsement": record_opinion,
    "dispute": record_opinion,
    "alert": raise_alert,
    "proposal": count_vote,
    "vote": count_vote,
    "certificate": count_vote,
    "escalation": enter_matter,
    "request": enter_matter,
    "digest": enter_matter,
}
