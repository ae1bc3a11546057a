"""Taking back a letter that nobody has seen, and putting away one that expired.

Rules: only its author can, and only while it is in no page, or is offered no more: a page is signed
and may have been read. What it said is forgotten; that there was one is known for as long as other
items are, so that `peer trace` can tell a letter that was taken back from a mistyped id.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from peer.home import Home
from peer.home.mail import Letter
from peer.mailbox import ALL
from protocol.errors import SomaError, UsageError


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What `cancel` did: a `staged` letter was taken back, or an `expired` one put away."""

    id: str
    was: Literal["staged", "expired"]

    def as_json(self) -> dict[str, Any]:
        """What the command line prints of it with `--json`."""
        return asdict(self) | {"state": "cancelled"}


def cancel(home: Home, prefix: str, now_ms: int) -> Cancelled:
    """Take back the letter whose id begins with `prefix`.

    NotFoundError for an unknown one, UsageError for one of somebody else, SomaError where it is on
    its way already.
    """
    with home.transaction():
        letter = home.mail.get(prefix)
        short = letter.id[:8]
        if not letter.mine:
            raise UsageError(f"{short} is not yours; only its author can take it back")
        if not home.past.put_away(letter.id, now_ms):
            raise SomaError(f"{short} cannot be taken back, it {_still_possible(letter, short)}")
        expired = letter.state == "expired"
        if letter.state == "asked":
            home.asks.withdraw(letter.id, now_ms)
        if expired and not home.terms.expired(letter.audience):
            home.concerns.resolve(f"expired:{letter.audience}", now_ms)
    return Cancelled(letter.id, "expired" if expired else "staged")


def _still_possible(letter: Letter, short: str) -> str:
    """Why a letter that is in a page stays there, and what its author can do instead."""
    if letter.audience == ALL:
        return f"is published; `peer erase {short}` takes its content away again"
    if letter.covered_at is not None or letter.acted_at is not None:
        done = "was received"
    else:
        done = "is signed and on its way"
    return (
        f"{done}; write another one (`--reply-to {short}`), and next time say `--expires` where it"
        " need not come late"
    )
