"""Heartbeats: what a peer says of itself after each tick.

The file is replaced in place and may be seen old, so `seq` orders heartbeats of one epoch; `tick`
counts ticks (a heartbeat written only to flag mail has a new `seq` and the old `tick`).
Not here: what silence means (`suspicion`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from protocol import limits
from protocol.documents import open_document
from protocol.fields import (
    AddressText,
    Count,
    Epoch,
    Epochs,
    Hash,
    Key,
    Line,
    Millis,
    NetworkId,
    PeerName,
    Seq,
    Word,
)
from protocol.remembered import remembered
from protocol.wire import AtMost

TYPE: Final = "soma/heartbeat/1"
# Known words: warm, busy, idle, parked, left. A newer version may say others, so it is no enum.


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """The newest published page, so that a reader lists the feed only when there is news."""

    epoch: Epoch
    seq: Seq
    hash: Hash
    floor: Seq = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What a peer says of itself.

    `next_beat_ms` is the announced wait until the next tick; `mail` names whom I hold mail for;
    `heads` are stewards' signed heads, copied as they were signed.
    """

    type: Literal["soma/heartbeat/1"] = TYPE
    network: NetworkId
    author: AddressText
    key: Key
    epoch: Epoch
    earlier_epochs: Epochs = ()
    seq: Seq
    tick: Count
    at: Millis
    next_beat_ms: Millis
    lifecycle: Word
    halted: bool = False
    software: Line = ""
    feed: FeedHead | None = None
    mail: Annotated[tuple[PeerName, ...], AtMost(limits.mail_flags_max)] = ()
    heads: Annotated[tuple[dict[str, Any], ...], AtMost(limits.heads_max)] = ()


@remembered
def open_heartbeat(data: bytes, network: str, author: str) -> Heartbeat:
    """The heartbeat of `author`, verified by itself; RuleError HB-1 to HB-3."""
    return open_document(data, TYPE, Heartbeat, "HB", {"network": network, "author": author})
