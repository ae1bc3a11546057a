"""Tracing: where a letter is, and how it got there, as far as this home can know.

Its author knows when it was written, put on the share and covered by a receipt; its reader when it
was received, acted on and read. Neither is told what only the other's home knows.
"""

from __future__ import annotations

from typing import Any

from peer.home import Home
from peer.home.mail import Letter
from peer.home.places import Identity
from peer.mailbox import ALL, moment, short

Event = tuple[int | None, str, str]


def trace(home: Home, identity: Identity, prefix: str) -> dict[str, Any]:
    """The events of the item whose id begins with `prefix`, in the shape of CLI.md."""
    letter = home.mail.get(prefix)
    found = _sent(identity, letter) if letter.mine else _received(identity, letter)
    events = sorted((e for e in found if e[0] is not None), key=lambda e: e[0] or 0)
    return {
        "id": letter.id,
        "from": short(letter.author, identity.cluster),
        "to": short(letter.audience, identity.cluster),
        "events": [
            {"at": moment(at or 0), "what": what, "where": where} for at, what, where in events
        ],
    }


def _sent(identity: Identity, letter: Letter) -> list[Event]:
    to = short(letter.audience, identity.cluster)
    place = "its feed" if letter.audience == ALL else f"the share, for {to}"
    events: list[Event] = [
        (letter.stored_at, "staged", f"the home of {identity.name}"),
        (letter.placed_at, "delivered", place),
    ]
    if letter.refused:
        events.append(
            (letter.covered_at, "quarantined", f"{to}, who refused it by {letter.refused}")
        )
        return events
    # Its page is forgotten before the letter is; then the letter knows.
    covered = letter.covered_at or letter.acted_at
    events.append((covered, "acknowledged", f"the receipt of {to}"))
    if letter.covered_at is not None:
        events.append((letter.page_acted_at, "acted", to))
    return events


def _received(identity: Identity, letter: Letter) -> list[Event]:
    home = f"the home of {identity.name}"
    acted = "quarantined" if letter.state == "set-aside" else "acted"
    return [
        (letter.stored_at, "received", home),
        (letter.acted_at, acted, home),
        (letter.read_at, "read", home),
    ]
