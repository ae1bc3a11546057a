"""Taking back what was published: its content leaves the share, and every home that hears of it.

Rules: the erasure, and what this home forgets, are one transaction; then pages on the share are
replaced by the same ones without the item. What cannot be reached now the next ticks replace,
because its size differs. Nothing can make somebody unread what he has read, or copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from peer.home.mail import Letter
from peer.instance import RunningPeer
from peer.send import send
from peer.tick import blobs
from peer.tick.deliver import put_back_feed
from peer.tick.report import Report
from protocol.errors import ShareError, UsageError
from protocol.messages import Certificate, Erasure, Vote
from protocol.page import ALL


@dataclass(frozen=True, slots=True)
class Erased:
    """What `erase` did; `by` is the item that says so, None where it was erased before."""

    id: str
    by: str | None
    state: Literal["staged", "delivered"]

    def as_json(self) -> dict[str, str | None]:
        """What the command line prints of it with `--json`."""
        return {"id": self.id, "by": self.by, "state": "erased", "share": self.state}


def erase(peer: RunningPeer, prefix: str) -> Erased:
    """Take back the published item whose id begins with `prefix`.

    NotFoundError for an unknown one, UsageError for what cannot be taken back, and as `send`.
    """
    letter = peer.home.mail.get(prefix)
    _check(letter)
    digest = peer.home.erasures.hash_of(letter.id)
    if digest is None:
        return Erased(letter.id, None, "delivered")

    def along() -> None:
        peer.home.erasures.take_back(peer.address, [digest], peer.home.state.days_lived, mine=True)

    body = Erasure(items=(digest,))
    sent = send(peer, [ALL], [body], re=letter.id, thread=letter.thread, along=along)
    state: Literal["staged", "delivered"] = "staged" if sent.state == "staged" else "delivered"
    _drop_files(peer, letter.id)
    peer.home.erasures.scrub()
    try:
        put_back_feed(peer, Report(peer.name))
        blobs.audit(peer, Report(peer.name))
    except ShareError:
        state = "staged"
    return Erased(letter.id, sent.ids[0], state)


def _drop_files(peer: RunningPeer, item: str) -> None:
    """Its attachments leave this home, where nothing else needs them."""
    with peer.home.transaction(durable=False):  # whoever sends one meanwhile looks for it in his
        for name in peer.home.attachments.of(item) - peer.home.attachments.wanted():
            peer.blobs.drop(name)


def _check(letter: Letter) -> None:
    short = letter.id[:8]
    if letter.state in ("asked", "dropped"):
        raise UsageError(
            f"{short} was never published; where it still waits for a steward's yes"
            f" `peer outbox cancel {short}` takes it back"
        )
    if not letter.mine:
        raise UsageError(
            f"{short} is not yours; only its author can take it back. You can contradict it:"
            f" `peer dispute {short} --because TEXT`"
        )
    if letter.audience != ALL:
        raise UsageError(
            f"{short} is a letter, which cannot be taken back once it is on its way; while it"
            f" waits `peer outbox cancel {short}` does"
        )
    if letter.kind in (Vote.kind, Certificate.kind):
        raise UsageError(f"{short} is a vote, and votes stand; the others have counted it")
    if letter.kind == Erasure.kind:
        raise UsageError(f"{short} itself takes something back; publish that again instead")
