"""Receipts: form, the arithmetic of what is covered, runs (the rest is in test_documents)."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import limits
from protocol.canonical import encode
from protocol.errors import RuleError
from protocol.receipt import Receipt, Refused, StreamReceipt, open_receipt, runs
from tests.samples import AUTHOR, CORE, EPOCH, HASH, LIBRARIAN, NETWORK, READER, RECEIPT, signed

STREAM = {"key": CORE.key, "epoch": EPOCH, "audience": READER, "received": 3, "acted": 2}


def taken(*streams: Any, **members: Any) -> Receipt:
    said = {"streams": list(streams), **members}
    return open_receipt(encode(signed(RECEIPT, LIBRARIAN, **said)), NETWORK, READER, AUTHOR)


def rule_of(*streams: Any, **members: Any) -> str:
    with pytest.raises(RuleError) as caught:
        taken(*streams, **members)
    return caught.value.rule


def test_what_may_be_left_out() -> None:
    """RCPT-1: defaults of the table."""
    (stream,) = taken(STREAM).streams
    assert (stream.head, stream.have, stream.refused, stream.damaged) == (None, (), (), ())
    assert taken(earlier_epochs=None).streams == ()


@pytest.mark.parametrize(
    "members",
    [
        {"reader": "librarian"}, {"author": 7}, {"reader_epoch": "e"}, {"n": 0}, {"n": "1"},
        {"earlier_epochs": [EPOCH] * (limits.earlier_epochs_max + 1)},
        {"streams": {}}, {"streams": [STREAM] * (limits.receipt_streams_max + 1)},
    ],
    ids=lambda members: repr(members)[:50],
)  # fmt: skip
def test_a_member_of_another_form(members: dict[str, Any]) -> None:
    """RCPT-1: in the document."""
    assert rule_of(**members) == "RCPT-1"


@pytest.mark.parametrize(
    "members",
    [
        {"key": "k"}, {"epoch": EPOCH + "a"}, {"audience": "librarian"}, {"received": -1},
        {"received": "3"}, {"received": True}, {"head": HASH[1:]}, {"acted": -1},
        {"have": [[5]]}, {"have": [[5, 6, 7]]}, {"have": [5, 6]}, {"have": [[0, 6]]},
        {"have": [[5, "6"]]}, {"have": {}}, {"have": [[n, n] for n in range(5, 135, 2)]},
        {"refused": [{"seq": 2}]}, {"refused": [{"seq": 0, "rule": "PAGE-8"}]},
        {"refused": [{"seq": 2, "rule": "a\nb"}]}, {"refused": [2]},
        {"refused": [{"seq": 2, "rule": ""}] * (limits.refused_max + 1)},
        {"damaged": [0]}, {"damaged": ["4"]}, {"damaged": [4] * (limits.damaged_max + 1)},
    ],
    ids=lambda members: repr(members)[:50],
)  # fmt: skip
def test_a_member_of_a_stream_of_another_form(members: dict[str, Any]) -> None:
    """RCPT-1: in a stream."""
    taken(STREAM)
    assert rule_of({**STREAM, **members}) == "RCPT-1"


@pytest.mark.parametrize("member", STREAM)
def test_a_stream_without_a_member(member: str) -> None:
    """RCPT-1: nothing of a stream may be left out but what has a default."""
    assert rule_of({name: value for name, value in STREAM.items() if name != member}) == "RCPT-1"


@pytest.mark.parametrize(
    "members",
    [
        {"have": [[9, 5]]}, {"have": [[3, 5]]}, {"have": [[4, 5]]}, {"have": [[1, 1]]},
        {"have": [[5, 6], [5, 6]]}, {"have": [[8, 9], [5, 6]]}, {"have": [[5, 6], [7, 8]]},
        {"have": [[5, 8], [7, 9]]}, {"acted": 4},
    ],
    ids=repr,
)  # fmt: skip
def test_numbers_that_contradict_each_other(members: dict[str, Any]) -> None:
    """RCPT-14: also where the stream is not the first one of the receipt."""
    assert rule_of({**STREAM, **members}) == "RCPT-14"
    assert rule_of(STREAM, {**STREAM, **members}) == "RCPT-14"


def test_the_closest_runs_that_do_not_contradict() -> None:
    """RCPT-14: one missing page between runs, one page in a run, all of it acted on."""
    (stream,) = taken({**STREAM, "acted": 3, "have": [[5, 5], [7, 9]]}).streams
    assert stream.have == ((5, 5), (7, 9))


def line(**members: Any) -> StreamReceipt:
    said: dict[str, Any] = {**STREAM, **members}
    return StreamReceipt(**said)


def test_what_a_receipt_covers() -> None:
    """RCPT-6: up to `received`, and the runs with both their ends, and nothing else."""
    some = line(received=3, have=((5, 5), (8, 10)))
    assert [seq for seq in range(1, 13) if some.covers(seq)] == [1, 2, 3, 5, 8, 9, 10]
    assert not line(received=0, acted=0).covers(1)


def test_a_refused_page_is_covered_as_any_other() -> None:
    """RCPT-11: what was refused for its place in the stream is not offered again."""
    assert line(received=3, refused=(Refused(seq=2, rule="STREAM-2"),)).covers(2)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], ()),
        ([7], ((7, 7),)),
        ([1, 2, 3], ((1, 3),)),
        ([2, 4, 5, 9], ((2, 2), (4, 5), (9, 9))),
    ],
)
def test_runs(numbers: list[int], expected: tuple[tuple[int, int], ...]) -> None:
    """RCPT-6: ascending numbers become closed runs."""
    assert runs(numbers) == expected


def test_only_so_many_runs_are_told() -> None:
    """RCPT-1: the lowest ones; what is left out is offered again, which harms nobody."""
    scattered = range(1, 4 * limits.receipt_ranges_max, 2)
    told = runs(scattered)
    assert len(told) == limits.receipt_ranges_max
    assert told == tuple((number, number) for number in scattered)[: limits.receipt_ranges_max]
    assert runs([1, 2, 4, 5, 7], 2) == ((1, 2), (4, 5))
    assert runs([1, 2, 4, 5], 1) == ((1, 2),)


def test_runs_stop_reading_once_there_are_enough() -> None:
    """RCPT-1: an endless list of holes costs no more than the runs that are told."""

    def holes() -> Any:
        yield from range(2, 100, 2)
        raise AssertionError("read on")

    assert len(runs(holes(), 5)) == 5
