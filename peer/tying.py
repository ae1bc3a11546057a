"""What others are to this peer, mentor or mentee, and how letters change it.

Start-up counts: whoever sends imports this.
"""

from __future__ import annotations

from peer.home import Home
from protocol.guidance import Tie, after, now
from protocol.messages import Item


def ties(home: Home, lived_ms: int) -> list[Tie]:
    """What others are to this peer now, by what its home has lived."""
    return [now(tie, lived_ms) for tie in home.ties.all()]


def roles(home: Home, lived_ms: int) -> dict[str, str]:
    """By full address what others are to this peer now: mentor, mentee or asked."""
    return {
        tie.peer: "asked" if tie.state == "asked" else tie.role
        for tie in ties(home, lived_ms)
        if tie.state in ("asked", "active")
    }


def keep(home: Home, other: str, letter: Item, lived_ms: int, *, mine: bool) -> None:
    """What a letter between this peer and another one changes; inside a transaction."""
    for tie in after(ties(home, lived_ms), other, letter, lived_ms, mine=mine):
        home.ties.put(tie)
