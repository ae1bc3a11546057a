"""When a trouble is told: a table of what was found, what is remembered, and what follows."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Severity
from protocol.trouble import (
    Known,
    Step,
    Trouble,
    again_ms,
    checked,
    due,
    gone_ms,
    one_line,
    times_max,
)

NOW = 100 * again_ms


def known(
    worst: Severity = "warn", *, told: int | None = 0, seen: int = 0, times: int = 1
) -> Known:
    """`told` and `seen`: how long ago, ms."""
    when = None if told is None else NOW - told
    return Known(NOW - seen, worst, when, times)


@pytest.mark.parametrize(
    ("found", "before", "step"),
    [
        ("warn", None, "tell"),
        ("critical", None, "tell"),
        ("warn", known(told=None, times=0), "tell"),
        ("warn", known(), "wait"),
        ("warn", known("critical"), "wait"),
        ("critical", known(), "worse"),
        ("critical", known(times=times_max), "worse"),
        ("warn", known(told=again_ms - 1), "wait"),
        ("warn", known(told=again_ms), "again"),
        ("warn", known("critical", told=again_ms), "again"),
        ("warn", known(told=again_ms, times=times_max - 1), "again"),
        ("warn", known(told=again_ms, times=times_max), "wait"),
        ("warn", known(seen=gone_ms), "wait"),
        (None, known(seen=gone_ms - 1), "wait"),
        (None, known(seen=gone_ms), "over"),
        (None, known(told=None, seen=gone_ms), "over"),
    ],
)
def test_what_is_due(found: Severity | None, before: Known | None, step: Step) -> None:
    """CHECK-1, CHECK-2, CHECK-3, CHECK-4: once, worse, again after a day, over after an hour."""
    assert due(found, before, NOW) == step


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 200)), max_size=300))
def test_whatever_comes_and_goes_the_others_are_not_flooded(story: list[tuple[int, int]]) -> None:
    """CHECK-3, CHECK-4: told at most twice a day while it lasts, and no two ends within an hour."""
    severities: list[Severity | None] = [None, "warn", "critical"]
    now, before, told, ends = NOW, None, list[int](), list[int]()
    for choice, minutes in story:
        now += minutes * 60_000
        found = severities[choice]
        if found is None and before is None:
            continue
        step = due(found, before, now)
        if found is not None:
            if before is None:
                before, told = Known(now), []
            said = step != "wait"
            told += [now] if said else []
            before = Known(
                now, found if said else before.worst, now if said else before.told_ms,
                before.times + said,
            )  # fmt: skip
            assert before.told_ms is not None
        elif step == "over":
            ends.append(now)
            before = None
        assert len(told) <= 2 * times_max
        assert sum(now - one < again_ms for one in told) <= 3
    assert all(b - a > gone_ms for a, b in pairwise(ends))


def test_a_trouble_is_one_harmless_line() -> None:
    """CHECK-6: whatever a check says."""
    said = checked(Trouble("a/b", "warn", "two\nlines\x1b[31m\u202e " + "x" * 1000))
    assert said.text.startswith("two lines?[31m? xx")
    assert len(said.text) == 300
    assert one_line("a\tb\r\nc") == "a b c"


@pytest.mark.parametrize(
    ("key", "severity", "text"),
    [
        ("", "warn", "x"), ("-a", "warn", "x"), ("A", "warn", "x"), ("a" * 65, "warn", "x"),
        ("a\n", "warn", "x"), ("a", "info", "x"), ("a", "bad", "x"), ("a", "warn", " \n"),
    ],
)  # fmt: skip
def test_what_is_no_trouble_is_refused(key: str, severity: Severity, text: str) -> None:
    with pytest.raises(ValueError, match=r"key|severity|text"):
        checked(Trouble(key, severity, text))
