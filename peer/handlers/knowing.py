"""Handlers of knowledge: remembering, answering, passing on, telling of overlaps."""

from __future__ import annotations

from peer.handlers.view import Found, Received, View
from protocol.effect import Effect, RecordEvidence, Remember, Send
from protocol.expertise import whom_to_ask
from protocol.knowledge import telling_words, topics
from protocol.messages import (
    Announcement,
    Answer,
    Dispute,
    Endorsement,
    Insight,
    Item,
    Note,
    Question,
)
from protocol.page import ALL

# An answer that is rather wrong costs its asker more than none.
ANSWER_CERTAINTY_MIN = 0.5
CLAIMS_MAX = 3
# Several whole claims may not fit into one item; their ids stand in the answer.
CLAIM_CHARS = 1_000
# What is looked at for them: doubtful claims must not hide a better one.
HITS_MAX = 30
# How much of their words two announcements share that are about the same.
OVERLAP_MIN = 0.5
OVERLAPS_MAX = 3


def remember(received: Received, view: View) -> list[Effect]:
    """Take an item into what is known."""
    return [] if view.is_mailbox else [Remember(topics=topics(received.item))]


def record_opinion(received: Received, view: View) -> list[Effect]:
    """An endorsement or a dispute is evidence about the item that it names."""
    body, about = received.item.body, received.item.head.re
    assert isinstance(body, Endorsement | Dispute)
    if about is None or view.is_mailbox:
        return []
    return [RecordEvidence(about=about, kind=body.kind)]


def answer_question(received: Received, view: View) -> list[Effect]:
    """Answer from what is known, pass it on to who may know, or stay silent."""
    item = received.item
    assert isinstance(item.body, Question)
    if not _may_answer(item, view):
        return []
    asked = received.audience == view.address or view.address in item.body.first
    # A question to all would be answered by everybody who heard of it: only those do whom it names
    # first, and the sources.
    by = "" if asked else view.address
    known = view.recall(item.body.text, item.body.topics, HITS_MAX, by=by, but=item.head.author)
    found = [
        one
        for one in known
        if one.belief.state == "current" and one.belief.opinion.certainty >= ANSWER_CERTAINTY_MIN
    ][:CLAIMS_MAX]
    if found:
        text = "\n".join(map(_claim, found))
        claims = tuple(one.item.id for one in found)
        return [Send(to=item.head.author, body=Answer(text=text, claims=claims))]
    return _pass_on(received, view) if received.audience == view.address else []


def _may_answer(item: Item, view: View) -> bool:
    author = item.head.author
    if item.head.auto or view.is_mailbox:
        return False
    return view.has_room(author) and view.has_time_for(author)


def _claim(found: Found) -> str:
    body, belief = found.item.body, found.belief
    assert isinstance(body, Insight)
    cut = len(body.text) > CLAIM_CHARS
    text = f"{body.text[:CLAIM_CHARS]}… (shortened)" if cut else body.text
    said = f"{text} ({found.item.head.author}, certainty {belief.opinion.certainty:.2f}"
    return f"{said}{', contested' if belief.contested else ''})"


def _pass_on(received: Received, view: View) -> list[Effect]:
    """To whom most likely knows: his agent answers the asker; and the asker hears of that.

    Once: nothing automatic is answered or passed on by itself, nor what asks on another's behalf.
    """
    item = received.item
    assert isinstance(item.body, Question)
    author = item.head.author
    if item.body.asker is not None:
        return []  # it was passed on once
    others = [one for one in view.experts(item.body.topics) if one.address != author]
    best = whom_to_ask(others, 1)
    if not best:
        return []
    # A note, for nothing is answered yet.
    text = f"I do not know; {best[0]} is most likely to, and I passed it on"
    passed = Question(text=item.body.text, topics=item.body.topics, asker=author)
    return [Send(to=best[0], body=passed, then=Note(text=text))]


def tell_overlap(received: Received, view: View) -> list[Effect]:
    """Whoever works on the same is told who else does, and on what."""
    item = received.item
    assert isinstance(item.body, Announcement)
    if item.head.auto or view.is_mailbox or received.audience != ALL:
        return []
    same = [
        mine
        for mine in view.working_on()
        if isinstance(mine.body, Announcement) and overlaps(mine.body, item.body)
    ][:OVERLAPS_MAX]
    if not same:
        return []
    lines = [f"I am working on that, too: {' '.join(_text(one).split())[:300]}" for one in same]
    claims = tuple(one.id for one in same)
    return [Send(to=item.head.author, body=Answer(text="\n".join(lines), claims=claims))]


def overlaps(one: Announcement, other: Announcement) -> bool:
    """Whether two peers seem to work on the same: a topic in common, or most of their words."""
    if set(one.topics) & set(other.topics):
        return True
    mine, theirs = telling_words(one.text), telling_words(other.text)
    if not mine or not theirs:
        return False
    return (
        len(mine & theirs) >= OVERLAP_MIN * min(len(mine), len(theirs)) and len(mine & theirs) > 1
    )


def _text(item: object) -> str:
    return str(getattr(getattr(item, "body", None), "text", ""))
