"""Names over random texts; the pattern for the JSON Schema agrees with the checks."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.names import (
    Address,
    address_pattern,
    check_cluster,
    check_name,
    cluster_pattern,
    name_pattern,
)
from tests.strategies import attempt, clusters, name_like, names, texts


@given(name_like | texts)
def test_any_text_is_refused_or_a_name(text: str) -> None:
    """NAME-1, NAME-2: the checks accept what the pattern accepts, but for the words not free."""
    found, rule = attempt(lambda: check_name(text))
    formed = re.fullmatch(name_pattern, text) and len(text) <= limits.name_chars_max
    assert (rule in (None, "NAME-3", "NAME-4")) == bool(formed)
    assert found == (text if rule is None else None)


@given(st.lists(name_like, max_size=4).map(".".join) | texts)
def test_any_text_is_refused_or_a_cluster(text: str) -> None:
    """NAME-5: a cluster is of the pattern's form and not too long."""
    found, rule = attempt(lambda: check_cluster(text))
    if rule is None:
        assert found == text
        assert re.fullmatch(cluster_pattern, text)
        assert len(text) <= limits.cluster_chars_max


@given(st.tuples(name_like, name_like).map("@".join) | texts)
def test_any_text_is_refused_or_an_address(text: str) -> None:
    """NAME-6: what is accepted is written back as it was read."""
    found, rule = attempt(lambda: Address.parse(text))
    if found is None:
        assert rule is not None
    else:
        assert str(found) == text
        assert re.fullmatch(address_pattern, text)
        assert len(text) <= limits.address_chars_max


@given(names, clusters)
def test_good_addresses_are_accepted(name: str, cluster: str) -> None:
    """NAME-6: strictness refuses no honest address."""
    assert Address.parse(f"{name}@{cluster}") == Address(name, cluster)
