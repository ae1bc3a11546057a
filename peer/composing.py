"""Composing: what a person wrote becomes items, one for each reader and text, open or sealed.

Not here: keeping and sending them (`send`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from peer import sealing
from peer.enclosing import Kept
from peer.instance import RunningPeer
from protocol import canonical
from protocol.errors import HumanNeededError, UsageError
from protocol.messages import Attachment, Body, Head, Item, compose
from protocol.page import ALL
from protocol.sealing import seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What all items of one sending have in common; `term_ms`: for how long it is offered."""

    re: str | None = None
    thread: str | None = None
    priority: int = 2
    term_ms: int | None = None
    files: Sequence[Kept] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """An item, and of a sealed one what is in its box, and the thread it belongs to.

    `kinds` are what policy is asked about: its kind, and that of what is in its box.
    """

    item: Item
    kinds: tuple[str, ...]
    plain: bytes | None = None
    thread: str | None = None


def check_sealing(peer: RunningPeer, readers: Sequence[str]) -> None:
    """UsageError or HumanNeededError where something cannot be sealed for one of these."""
    if ALL in readers:
        raise UsageError("what goes to all cannot be sealed; name the readers, or leave out --seal")
    for address in readers:
        if sealing.reader_key(peer, address) is None:
            name = peer.bare(address)
            raise HumanNeededError(
                f"the roster has no sealing key of {name} yet; {name} runs `peer tick`, and then a"
                f" steward `peer admit {name}` (again)"
            )


def write(peer: RunningPeer, body: Body, draft: Draft) -> Composed:
    """An item as everybody can read it."""
    head = _head(peer, body, draft, tuple(one.attachment for one in draft.files))
    try:
        return Composed(compose(head, body), (body.kind,))
    except ValueError as error:
        raise _too_large(error) from error


def write_sealed(peer: RunningPeer, body: Body, draft: Draft, reader: str) -> Composed:
    """An item that only `reader` (a full address) can open; `check_sealing` was asked."""
    head, key = _head(peer, body, draft, ()), sealing.reader_key(peer, reader)
    assert key is not None
    files = [(one.enclosed, one.attachment.size) for one in draft.files if one.enclosed]
    seed = peer.entropy.draw(32)
    try:
        item, plain = seal(head, body, files, peer.identity.network, reader, key, seed)
    except ValueError as error:
        raise _too_large(error) from error
    return Composed(item, (item.head.kind, body.kind), plain, draft.thread)


def _head(peer: RunningPeer, body: Body, draft: Draft, attachments: tuple[Attachment, ...]) -> Head:
    now = peer.clock.wall_ms()
    return Head(
        author=peer.address,
        kind=body.kind,
        salt=canonical.b32(peer.entropy.draw(16)),
        at=now,
        expires=None if draft.term_ms is None else now + draft.term_ms,
        priority=draft.priority,
        re=draft.re,
        thread=draft.thread,
        attachments=attachments,
    )


def _too_large(error: ValueError) -> UsageError:
    return UsageError(f"{error}; shorten it, or send it in parts")
