"""Handlers of what stewards, goals and votes are about."""

from __future__ import annotations

from peer.handlers.view import Received, View
from protocol import canonical
from protocol.effect import CountVote, Effect, Enter, Escalate
from protocol.messages import (
    Announcement,
    Certificate,
    Escalation,
    Proposal,
    Request,
    Vote,
    item_id,
)
from protocol.page import ALL
from protocol.policy import flag_of


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
