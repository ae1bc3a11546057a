"""Wire types over random values: the ways in and out agree, and nothing but RuleError comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hypothesis import given
from hypothesis import strategies as st

from protocol.canonical import decode, encode
from protocol.wire import AtMost, Between, Form, Length, dump, trusted, validate
from tests.strategies import attempt, canonical_values, integers, mutated, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part with limits."""

    word: Annotated[str, Form("[a-z]*", 5)] = ""
    number: Annotated[int, Between(-5, 5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole made of parts."""

    text: Annotated[str, Length(0, 5)] | None = None
    parts: Annotated[tuple[Part, ...], AtMost(3)] = ()
    best: Part | None = None


def parts_of(
    words: st.SearchStrategy[str], numbers: st.SearchStrategy[int]
) -> st.SearchStrategy[Part]:
    return st.builds(Part, word=words, number=numbers)


good_parts = parts_of(st.text("abz", max_size=5), st.integers(-5, 5))
any_parts = parts_of(st.text("abzA", max_size=6), st.integers(-6, 6) | integers)
good = st.builds(
    Whole,
    text=st.none() | texts.filter(lambda text: len(text) <= 5),
    parts=st.lists(good_parts, max_size=3).map(tuple),
    best=st.none() | good_parts,
)
anything = st.builds(
    Whole,
    text=st.none() | texts,
    parts=st.lists(any_parts, max_size=4).map(tuple),
    best=st.none() | any_parts,
)


def is_within_limits(whole: Whole) -> bool:
    parts = (*whole.parts, *([whole.best] if whole.best else []))
    return (
        len(whole.text or "") <= 5
        and len(whole.parts) <= 3
        and all(len(part.word) <= 5 and "A" not in part.word for part in parts)
        and all(-5 <= part.number <= 5 for part in parts)
    )


@given(good)
def test_there_and_back(whole: Whole) -> None:
    """What is dumped validates, and `trusted` builds what `validate` builds."""
    data = encode(dump(whole))
    assert validate(Whole, data, "T-1") == whole
    assert trusted(Whole, decode(data)) == whole


@given(anything)
def test_limits_are_exactly_those_declared(whole: Whole) -> None:
    found, rule = attempt(lambda: validate(Whole, encode(dump(whole)), "T-1"))
    assert (found == whole) == (rule is None) == is_within_limits(whole)


@given(good, st.data())
def test_damaged_bodies_are_refused_or_within_limits(whole: Whole, data: st.DataObject) -> None:
    body = data.draw(mutated(encode(dump(whole))))
    found, rule = attempt(lambda: validate(Whole, body, "T-1"))
    assert rule == "T-1" if found is None else is_within_limits(found)


@given(st.binary() | canonical_values.map(encode))
def test_any_bytes_are_refused_or_within_limits(body: bytes) -> None:
    found, rule = attempt(lambda: validate(Whole, body, "T-1"))
    assert rule == "T-1" if found is None else is_within_limits(found)
