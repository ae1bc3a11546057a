"""Handlers of alerts: a neighbour's trouble, and its end."""

from __future__ import annotations

from peer.handlers.view import Received, View
from protocol.effect import Effect, Escalate, Level, Settle
from protocol.messages import Alert, Severity

LEVELS: dict[Severity, Level] = {"info": "info", "warn": "warn", "critical": "human"}


def raise_alert(received: Received, view: View) -> list[Effect]:
    """A neighbour's trouble goes to status and escalations, once; its own all-clear ends it.

    What is told again, or became worse, takes the place of what was told first.
    """
    item = received.item
    assert isinstance(item.body, Alert)
    if item.body.severity == "info" and item.head.re is not None:
        return [Settle(about=item.head.re)]
    line = " ".join(item.body.text.split())[:300]
    mend = f"ask {item.head.author.partition('@')[0]}: `peer reply {item.id[:8]} TEXT`"
    return [
        Escalate(
            text=f"{item.head.author}: {line}",
            mend=mend,
            level=LEVELS[item.body.severity],
            about=item.head.re,
        )
    ]
