"""Receipts against a naive model of what a reader holds; damage to receipts and heartbeats."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol import documents
from protocol.card import open_card
from protocol.heartbeat import open_heartbeat
from protocol.receipt import Receipt, StreamReceipt, open_receipt, runs
from tests.samples import (
    AUTHOR,
    CARD_DATA,
    CLUSTER,
    CORE,
    EPOCH,
    HEARTBEAT_DATA,
    LIBRARIAN,
    NETWORK,
    READER,
    RECEIPT_DATA,
)
from tests.strategies import attempt, mutated, receipts

held = st.sets(st.integers(1, 80))


@given(held, st.integers(1, 70))
def test_runs_are_the_numbers(numbers: set[int], runs_max: int) -> None:
    """RCPT-6: runs say the numbers, all of the lowest ones, and no others."""
    found = runs(sorted(numbers), runs_max)
    said = [n for low, high in found for n in range(low, high + 1)]
    assert said == sorted(numbers)[: len(said)]
    assert len(found) <= runs_max
    assert len(said) == len(numbers) or len(found) == runs_max
    for (_, high), (low, _) in pairwise(found):
        assert low > high + 1
    assert all(low <= high for low, high in found)


@given(held)
def test_a_receipt_covers_what_its_reader_holds(numbers: set[int]) -> None:
    """RCPT-5, RCPT-6, RCPT-14: made as a reader makes it, it covers exactly that, and is taken."""
    received = next(n for n in range(1, 90) if n not in numbers) - 1
    stream = StreamReceipt(
        key=CORE.key,
        epoch=EPOCH,
        audience=READER,
        received=received,
        acted=received,
        have=runs(sorted(n for n in numbers if n > received)),
    )
    assert {n for n in range(1, 100) if stream.covers(n)} == numbers
    receipt = Receipt(
        network=NETWORK,
        reader=READER,
        key=LIBRARIAN.key,
        reader_epoch=EPOCH,
        n=1,
        at=0,
        author=AUTHOR,
        streams=(stream,),
    )
    assert opened(documents.seal(receipt, LIBRARIAN)) == (receipt, None)


@given(held, held)
def test_holding_more_covers_more(some: set[int], more: set[int]) -> None:
    """RCPT-6: another page uncovers nothing that was covered."""
    assert covered(some) == some
    assert covered(some) <= covered(some | more)


def covered(numbers: set[int]) -> set[int]:
    return {n for low, high in runs(sorted(numbers), 80) for n in range(low, high + 1)}


def opened(data: bytes) -> tuple[Receipt | None, str | None]:
    return attempt(lambda: open_receipt(data, NETWORK, READER, AUTHOR))


@given(receipts)
def test_what_a_reader_writes_is_taken(receipt: Receipt) -> None:
    """RCPT-1, RCPT-14: strictness refuses no honest receipt."""
    assert opened(documents.seal(receipt, LIBRARIAN)) == (receipt, None)


OPEN: dict[str, tuple[bytes, Any]] = {
    "receipt": (RECEIPT_DATA, lambda data: open_receipt(data, NETWORK, READER, AUTHOR)),
    "heartbeat": (HEARTBEAT_DATA, lambda data: open_heartbeat(data, NETWORK, AUTHOR)),
    "card": (CARD_DATA, lambda data: open_card(data, NETWORK, "core", CLUSTER)),
}


def tried(name: str, data: bytes) -> tuple[Any, str | None]:
    return attempt(lambda: OPEN[name][1](data))


@given(st.sampled_from(sorted(OPEN)), st.data())
def test_touched_documents_are_refused(name: str, data: st.DataObject) -> None:
    """HB-3, RCPT-3, CARD-3: whatever was changed; no other exception comes out."""
    good = OPEN[name][0]
    bad = data.draw(mutated(good))
    found, rule = tried(name, bad)
    assert (found is None) == (rule is not None) == (bad != good)


def test_every_bit_counts() -> None:
    """HB-3, RCPT-3, CARD-3: all single-bit changes, one after the other."""
    for name, (good, _) in OPEN.items():
        assert tried(name, good)[0] is not None
        for at in range(len(good)):
            for bit in range(8):
                bad = good[:at] + bytes((good[at] ^ (1 << bit),)) + good[at + 1 :]
                assert tried(name, bad)[0] is None


@given(st.sampled_from(sorted(OPEN)), st.binary(max_size=100))
def test_random_bytes_are_refused(name: str, data: bytes) -> None:
    """HB-1, RCPT-1, CARD-1: nothing but RuleError comes out."""
    assert tried(name, data)[0] is None
