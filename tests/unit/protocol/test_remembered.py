"""What is remembered is what would be said anew: answers, refusals, bounds, and where it ends."""

from __future__ import annotations

import traceback
from collections import Counter

import pytest

from protocol.errors import RuleError
from protocol.remembered import foretell, remembered, remembering, shared

asked: Counter[bytes] = Counter()


@remembered
def measure(data: bytes, least: int = 1) -> tuple[int, bytes]:
    """A function worth remembering."""
    asked[data] += 1
    if len(data) < least:
        raise RuleError("LEN-1", f"{len(data)} bytes")
    return len(data), data


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


def test_without_a_memory_everything_is_worked_out() -> None:
    assert [measure(b"a"), measure(b"a")] == [(1, b"a")] * 2
    assert asked[b"a"] == 2


def test_an_answer_is_worked_out_once() -> None:
    with remembering(10):
        assert measure(b"abc", 2) is measure(bytes(bytearray(b"abc")), 2)
        assert asked[b"abc"] == 1
        measure(b"abc", 1)
        assert asked[b"abc"] == 2, "other arguments are another question"


def test_named_arguments_are_asked_anew() -> None:
    with remembering(10):
        assert measure(data=b"abc") == measure(data=b"abc")
    assert asked[b"abc"] == 2


def test_a_refusal_is_remembered_and_its_traceback_does_not_grow() -> None:
    lengths, errors = set(), set()
    with remembering(10):
        for _ in range(5):
            with pytest.raises(RuleError, match="LEN-1: 0 bytes") as caught:
                measure(b"")
            errors.add(id(caught.value))
            lengths.add(len(traceback.extract_tb(caught.value.__traceback__)))
            assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert asked[b""] == 1
    assert len(lengths) == 1


def test_other_errors_are_not_remembered() -> None:
    @remembered
    def fail() -> None:
        asked[b"fail"] += 1
        raise ValueError("ours")

    with remembering(10):
        for _ in range(2):
            with pytest.raises(ValueError, match="ours"):
                fail()
    assert asked[b"fail"] == 2


def test_the_memory_is_bounded_and_keeps_what_is_asked_for() -> None:
    with remembering(10):
        for number in range(1_000):
            measure(b"often")
            measure(b"%d" % number)
        assert asked[b"often"] == 1
        before = asked.copy()
        for number in range(1_000):
            measure(b"%d" % number)
    again = sum((asked - before).values())
    assert again >= 990


def test_at_the_end_everything_is_forgotten() -> None:
    with remembering(10):
        measure(b"a")
        with remembering(10):
            measure(b"a")
        measure(b"a")
    measure(b"a")
    assert asked[b"a"] == 3


def test_what_is_known_need_not_be_worked_out() -> None:
    foretell(measure, (b"a",), (7, b"?"))
    assert measure(b"a") == (1, b"a")
    with remembering(10):
        foretell(measure, (b"a",), (7, b"?"))
        assert measure(b"a") == (7, b"?")


def test_equal_bytes_become_one_object() -> None:
    one, two = bytes(bytearray(b"abc")), bytes(bytearray(b"abc"))
    assert shared(two) is two
    with remembering(10):
        assert shared(one) is shared(two) is one
