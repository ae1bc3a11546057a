"""Handlers: what a peer does about an item, as pure functions from item and view to effects.

Rules: a handler imports protocol only, reads the world only through its view, and returns values.
It may see one item twice (after a crash), never half. A note never causes a letter; nothing
automatic answers what is automatic. Who adds a kind adds one function and one line of `HANDLERS`.
"""

from __future__ import annotations

from peer.handlers.alerts import raise_alert
from peer.handlers.governing import count_vote, enter_matter, flag_aimless
from peer.handlers.guiding import guide
from peer.handlers.knowing import answer_question, record_opinion, remember, tell_overlap
from peer.handlers.view import Found, Handler, Received, View, both

__all__ = ["HANDLERS", "Found", "Handler", "Received", "View", "both"]

HANDLERS: dict[str, Handler] = {
    "question": both(remember, answer_question),
    "answer": remember,
    "insight": remember,
    "announcement": both(both(remember, flag_aimless), tell_overlap),
    "endorsement": record_opinion,
    "dispute": record_opinion,
    "retraction": remember,
    "alert": raise_alert,
    "proposal": count_vote,
    "vote": count_vote,
    "certificate": count_vote,
    "escalation": enter_matter,
    "request": enter_matter,
    "digest": enter_matter,
    "mentoring": guide,
}
