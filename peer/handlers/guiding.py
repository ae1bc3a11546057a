"""The handler of mentoring: a newcomer asks, and whoever has room says what there is to know."""

from __future__ import annotations

from peer.handlers.view import Received, View
from protocol.effect import Effect, Remember, Send
from protocol.guidance import AGAIN_MS, room
from protocol.messages import Item, Mentoring

NO_ROOM = "I have no room for another newcomer now"


def guide(received: Received, view: View) -> list[Effect]:
    """Answer who asks; what others answered, or end, is kept as what it is between us."""
    item = received.item
    assert isinstance(item.body, Mentoring)
    if view.is_mailbox or received.audience != view.address:
        return []
    if item.body.step == "ask":
        return _answer(item, item.body, view)
    return [Remember(topics=())]


def _answer(item: Item, asked: Mentoring, view: View) -> list[Effect]:
    """One offer a day to the same newcomer, one answer to an automatic ask; none to my mentor."""
    author, ties = item.head.author, view.ties()
    with_him = {tie.role: tie for tie in ties if tie.peer == author}
    mentor, mentee = with_him.get("mentor"), with_him.get("mentee")
    if mentor is not None and mentor.state in ("asked", "active"):
        return []
    lately = mentee is not None and view.lived_ms - mentee.since_ms < AGAIN_MS
    if mentee is not None and lately and (item.head.auto or mentee.state == "active"):
        return []
    if not view.has_room(author):
        return []
    refused = mentee is not None and mentee.state == "refused"
    starter = None
    if not refused and room(ties, view.mentees_max, but=author):
        starter = view.starter(asked.topics, author)
    if starter is None:
        return [Send(to=author, body=Mentoring(step="decline", text=NO_ROOM))]
    offer = Mentoring(step="offer", text=starter.text, topics=starter.topics, claims=starter.claims)
    return [Send(to=author, body=offer)]
