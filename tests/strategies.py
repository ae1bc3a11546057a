"""Every hypothesis strategy of the suite, and the profile the suite runs under.

Also `attempt`, with which properties say "refused by a rule, or …": any error but RuleError passes
through it and fails the test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import RuleError

# Shared machines are slow at times, and that is not what these tests are about.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

Json = Any
T = TypeVar("T")


def attempt(call: Callable[[], T]) -> tuple[T | None, str | None]:
    """What `call` returns and None, or None and the rule it says is broken."""
    try:
        return call(), None
    except RuleError as caught:
        refusal = caught
    assert refusal.reason
    assert str(refusal).isprintable()
    return None, refusal.rule


texts = st.text(st.characters(exclude_categories=["Cs"]))  # all of Unicode but surrogates
keys = st.text(st.characters(max_codepoint=0x7F), max_size=8)
integers = st.integers(-limits.int_abs_max, limits.int_abs_max)
scalars = st.none() | st.booleans() | integers | texts


def _one_deeper(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)


def _depth(value: Json) -> int:
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inside), default=0) if isinstance(value, dict | list) else 0


# Leaves room for the two levels that an envelope puts around.
canonical_values = st.recursive(scalars, _one_deeper, max_leaves=20).filter(
    lambda value: _depth(value) <= limits.depth_max - 2
)
canonical_objects = st.dictionaries(keys, canonical_values, max_size=5).filter(
    lambda value: _depth(value) <= limits.depth_max - 2
)

seeds = st.binary(min_size=limits.seed_bytes, max_size=limits.seed_bytes)


@st.composite
def shuffled(draw: st.DrawFn, value: Json) -> Json:
    """The same value, members of its objects inserted in another order."""
    if isinstance(value, dict):
        names = draw(st.permutations(list(value)))
        return {name: draw(shuffled(value[name])) for name in names}
    return [draw(shuffled(member)) for member in value] if isinstance(value, list) else value


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with one to three places overwritten, inserted, cut out or doubled."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        bytes_in = st.binary(max_size=3) | st.sampled_from(b'"{}[]:,0e.-\\ uA').map(
            lambda byte: bytes((byte,))
        )
        data = data[:start] + draw(bytes_in | st.just(data[start:end] * 2)) + data[end:]
    return data


# Names near the border between good and bad, more often than chance would find them.
name_like = st.text("ab9-.@A_", max_size=limits.name_chars_max + 2) | st.sampled_from(
    ("con", "com0", "lpt9", "all", "relay", "core", "a" * limits.name_chars_max)
)
names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).map(
    lambda text: f"x{text}"  # keeps clear of device names and reserved words
)
clusters = (
    st.lists(names, min_size=1, max_size=4)
    .map(".".join)
    .filter(lambda text: len(text) <= limits.cluster_chars_max)
)
