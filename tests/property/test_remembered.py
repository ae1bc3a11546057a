"""Whatever is opened says the same with a memory as without, the second time, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import authority, documents
from protocol.card import open_card
from protocol.errors import RuleError
from protocol.heartbeat import open_heartbeat
from protocol.marker import form_marker, open_marker
from protocol.page import open_page
from protocol.receipt import open_receipt
from protocol.remembered import remembering
from protocol.signing import Signer, pae, verify
from tests import samples
from tests.strategies import mutated

ROSTER = authority.seal_document(samples.ROSTER, samples.NETWORK, samples.STEWARD)
FORMS: list[tuple[Callable[..., Any], bytes, tuple[Any, ...]]] = [
    (open_heartbeat, documents.seal(samples.HEARTBEAT, samples.CORE), ("author",)),
    (open_receipt, documents.seal(samples.RECEIPT, samples.LIBRARIAN), ("reader", "author")),
    (open_card, documents.seal(samples.CARD, samples.CORE), ("core", samples.CLUSTER)),
    (open_page, samples.page().data, ()),
    (authority.open_root, samples.ROOT_DATA, ()),
    (authority.open_head, samples.head_of(samples.ROSTER), ()),
    (authority.open_steward_document, ROSTER, ()),
    (open_marker, form_marker(samples.CLUSTER, samples.ROOT_DATA), ()),
]
WORDS = {"author": samples.AUTHOR, "reader": samples.READER}


def arguments(function: Callable[..., Any], more: tuple[Any, ...]) -> tuple[Any, ...]:
    if function in (authority.open_head, authority.open_steward_document):
        return (samples.TRUST,)
    return (samples.NETWORK, *(WORDS.get(word, word) for word in more))


def said(function: Callable[..., Any], data: bytes, more: tuple[Any, ...]) -> object:
    try:
        return repr(function(data, *more))
    except RuleError as error:
        return (error.rule, error.reason)


@pytest.mark.parametrize(
    ("function", "good", "more"), FORMS, ids=[function.__name__ for function, *_ in FORMS]
)
@given(data=st.data())
def test_a_memory_changes_no_answer(
    function: Callable[..., Any], good: bytes, more: tuple[Any, ...], data: st.DataObject
) -> None:
    """ENV-8: remembered or not, the same bytes open or break the same rule."""
    asked = data.draw(st.just(good) | mutated(good))
    others = arguments(function, more)
    plain = said(function, asked, others)
    with remembering(100):
        assert [said(function, asked, others) for _ in range(2)] == [plain] * 2


@given(st.binary(min_size=32, max_size=32), st.binary(), st.data())
def test_what_was_signed_here_verifies_and_nothing_else(
    seed: bytes, body: bytes, data: st.DataObject
) -> None:
    """SIG-1: who signed need not verify; what he did not sign is verified all the same."""
    message = pae("soma/page/1", body)
    with remembering(100):
        signer = Signer(seed)
        signature = signer.sign(message)
        assert verify(signer.public, message, signature)
        bad = data.draw(mutated(signature))
        told = verify(signer.public, message, bad)
    assert told == verify(signer.public, message, bad) == (bad == signature)
