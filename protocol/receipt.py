"""Receipts: what one peer has received and acted on from one author; and runs of numbers.

The receipt is the only thing that ends a sender's duty. It is replaced in place, so a reader may
see an old one: `n` says which is newer, and a sender keeps the furthest it has seen of each epoch
of the reader. `received` is the highest seq without a hole below it; `have` lists the runs above.

Not here: who writes receipts when (peer), where they stand (registry).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.documents import open_document
from protocol.errors import RuleError
from protocol.fields import (
    AddressText,
    Audience,
    Count,
    Epoch,
    Epochs,
    Hash,
    Key,
    Line,
    Millis,
    NetworkId,
    Seq,
)
from protocol.remembered import remembered
from protocol.wire import AtMost

TYPE: Final = "soma/receipt/1"
Run = tuple[Seq, Seq]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A page that was signed by its author and still breaks `rule`: it counts as received."""

    seq: Seq
    rule: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReceipt:
    """The state of one stream at its reader."""

    key: Key
    epoch: Epoch
    audience: Audience
    received: Count
    head: Hash | None = None
    acted: Count
    have: Annotated[tuple[Run, ...], AtMost(limits.receipt_ranges_max)] = ()
    refused: Annotated[tuple[Refused, ...], AtMost(limits.refused_max)] = ()
    damaged: Annotated[tuple[Seq, ...], AtMost(limits.damaged_max)] = ()

    def covers(self, seq: int) -> bool:
        """Whether the page at `seq` has been received, so that nobody need offer it again."""
        return seq <= self.received or any(low <= seq <= high for low, high in self.have)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`n` numbers the document within `reader_epoch`; `earlier_epochs` of the reader are over."""

    type: Literal["soma/receipt/1"] = TYPE
    network: NetworkId
    reader: AddressText
    key: Key
    reader_epoch: Epoch
    earlier_epochs: Epochs = ()
    n: Seq
    at: Millis
    author: AddressText
    streams: Annotated[tuple[StreamReceipt, ...], AtMost(limits.receipt_streams_max)] = ()


@remembered
def open_receipt(data: bytes, network: str, reader: str, author: str) -> Receipt:
    """A receipt verified by itself and found where it belongs; RuleError RCPT-1 to 3, RCPT-14."""
    expected = {"network": network, "reader": reader, "author": author}
    receipt = open_document(data, TYPE, Receipt, "RCPT", expected)
    for stream in receipt.streams:
        _check_numbers(stream)
    return receipt


def _check_numbers(stream: StreamReceipt) -> None:
    """RCPT-14: runs ascend above `received` with gaps between, nothing is acted on unreceived."""
    last = stream.received
    for low, high in stream.have:
        if low <= last + 1 or high < low:
            raise RuleError("RCPT-14", "have is not ascending runs above received")
        last = high
    if stream.acted > stream.received:
        raise RuleError("RCPT-14", "more was acted on than received")


def runs(numbers: Iterable[int], runs_max: int = limits.receipt_ranges_max) -> tuple[Run, ...]:
    """Ascending distinct numbers as closed runs, the lowest `runs_max` of them."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
            if len(found) > runs_max:
                break
    return tuple((low, high) for low, high in found[:runs_max])
