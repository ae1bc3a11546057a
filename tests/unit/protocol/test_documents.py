"""What heartbeat, receipt and card have in common: form, place, one signature by the key named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from protocol import card, documents, heartbeat, limits, receipt, wire
from protocol.acts import FORMS
from protocol.canonical import b64, decode, encode
from protocol.errors import RuleError
from protocol.signing import Signer, pae
from tests.samples import (
    AUTHOR,
    CARD,
    CLUSTER,
    CORE,
    DOCUMENTS,
    HEARTBEAT,
    LIBRARIAN,
    NETWORK,
    OTHER_NETWORK,
    READER,
    RECEIPT,
    STRANGER,
    signed,
)


class Kind(NamedTuple):
    """A type of document: an honest one, who signs it, how it is opened where it belongs."""

    rules: str
    honest: Any
    signer: Signer
    open: Callable[..., Any]
    places: tuple[str, ...]
    elsewhere: tuple[tuple[str, ...], ...]


KINDS = [
    Kind(
        "HB", HEARTBEAT, CORE, heartbeat.open_heartbeat,
        (NETWORK, AUTHOR), ((OTHER_NETWORK, AUTHOR), (NETWORK, READER)),
    ),
    Kind(
        "RCPT", RECEIPT, LIBRARIAN, receipt.open_receipt,
        (NETWORK, READER, AUTHOR),
        ((OTHER_NETWORK, READER, AUTHOR), (NETWORK, AUTHOR, AUTHOR), (NETWORK, READER, READER)),
    ),
    Kind(
        "CARD", CARD, CORE, card.open_card,
        (NETWORK, "core", CLUSTER),
        ((OTHER_NETWORK, "core", CLUSTER), (NETWORK, "coré", CLUSTER), (NETWORK, "core", "lab")),
    ),
]  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.rules)


def refused(kind: Kind, data: bytes, places: tuple[str, ...] | None = None) -> RuleError:
    with pytest.raises(RuleError) as caught:
        kind.open(data, *(places or kind.places))
    assert caught.value.reason.isprintable()
    return caught.value


@each_kind
def test_what_is_sealed_opens_where_it_belongs(kind: Kind) -> None:
    """HB-1, RCPT-1, CARD-1: the same value comes back."""
    assert kind.open(documents.seal(kind.honest, kind.signer), *kind.places) == kind.honest


@each_kind
def test_every_member_without_a_default_is_needed(kind: Kind) -> None:
    """HB-1, RCPT-1, CARD-1: none may be left out, and none may be of another type."""
    whole = wire.dump(kind.honest)
    schema = wire.json_schema(type(kind.honest))
    assert {"network", "key", "at"} <= set(schema["required"])
    for member in schema["required"]:
        value = decode(encode(signed(kind.honest, kind.signer, **{member: None})))
        assert refused(kind, encode(value)).rule == f"{kind.rules}-1"
    for member in whole.keys() - {"type"}:
        value = signed(kind.honest, kind.signer, **{member: {"another": "type"}})
        assert refused(kind, encode(value)).rule == f"{kind.rules}-1"


@each_kind
def test_members_that_nobody_knows_are_ignored(kind: Kind) -> None:
    """ITEM-5: a later version may say more."""
    data = encode(signed(kind.honest, kind.signer, mood={"glad": True}))
    assert kind.open(data, *kind.places) == kind.honest


@each_kind
def test_a_document_counts_only_in_its_place(kind: Kind) -> None:
    """HB-2, RCPT-2, CARD-2: another network, author, reader or name."""
    data = documents.seal(kind.honest, kind.signer)
    for places in kind.elsewhere:
        assert refused(kind, data, places).rule == f"{kind.rules}-2"


@each_kind
def test_a_document_is_signed_by_the_key_that_it_names(kind: Kind) -> None:
    """HB-3, RCPT-3, CARD-3: not by another, not twice, not with a spoiled signature."""
    assert refused(kind, documents.seal(kind.honest, STRANGER)).rule == f"{kind.rules}-3"
    value = decode(documents.seal(kind.honest, kind.signer))
    message = pae(kind.honest.type, encode(value["signed"]))
    twice = [*value["signatures"], {"key": STRANGER.key, "sig": b64(STRANGER.sign(message))}]
    twice.sort(key=lambda entry: entry["key"])
    assert refused(kind, encode({**value, "signatures": twice})).rule == f"{kind.rules}-3"
    spoiled = [{"key": kind.signer.key, "sig": b64(kind.signer.sign(b"something else"))}]
    assert refused(kind, encode({**value, "signatures": spoiled})).rule == f"{kind.rules}-3"


@each_kind
def test_nothing_beside_what_is_signed(kind: Kind) -> None:
    """ENV-3: no member rides along unsigned."""
    value = decode(documents.seal(kind.honest, kind.signer))
    assert refused(kind, encode({**value, "head": {}})).rule == "ENV-3"


@pytest.mark.parametrize("name", DOCUMENTS)
@each_kind
def test_a_document_of_another_type_is_refused(kind: Kind, name: str) -> None:
    """ENV-7: whatever else lies at this place."""
    if DOCUMENTS[name] != documents.seal(kind.honest, kind.signer):
        expected = {"item": "ENV-2", "network": "ENV-2", "page": "ENV-3"}
        steward = dict.fromkeys((type_.split("/")[1] for type_ in FORMS), "ENV-3")
        assert refused(kind, DOCUMENTS[name]).rule == (expected | steward).get(name, "ENV-7")


@each_kind
def test_a_signature_does_not_move_to_another_type(kind: Kind) -> None:
    """ENV-8: the same body under the type of another document."""
    for other in KINDS:
        if other.rules != kind.rules:
            value = decode(documents.seal(kind.honest, kind.signer))
            value["signed"]["type"] = other.honest.type
            with pytest.raises(RuleError):
                other.open(encode(value), *other.places)


def test_nobody_seals_what_nobody_would_read() -> None:
    """ENV-1: a document over its limit is our own mistake."""
    heads = HEARTBEAT.heads * limits.heads_max
    fits = replace(HEARTBEAT, heads=heads)
    assert heartbeat.open_heartbeat(documents.seal(fits, CORE), NETWORK, AUTHOR) == fits
    grown = tuple({**head, "more": "x" * 1_000} for head in heads)
    with pytest.raises(ValueError, match="are allowed"):
        documents.seal(replace(HEARTBEAT, heads=grown), CORE)


def test_a_document_of_exactly_the_limit_is_sealed_and_opened() -> None:
    """ENV-1: at the limit is fine, one byte more is not."""
    spare = limits.document_bytes_max - len(documents.seal(replace(HEARTBEAT, heads=({},)), CORE))
    full = replace(HEARTBEAT, heads=({"m": "x" * (spare - len('"m":""'))},))
    data = documents.seal(full, CORE)
    assert len(data) == limits.document_bytes_max
    assert heartbeat.open_heartbeat(data, NETWORK, AUTHOR) == full
    more = replace(HEARTBEAT, heads=({"m": "x" * (spare - len('"m":""') + 1)},))
    with pytest.raises(ValueError, match="are allowed"):
        documents.seal(more, CORE)
    with pytest.raises(RuleError) as caught:
        heartbeat.open_heartbeat(data + b" ", NETWORK, AUTHOR)
    assert caught.value.rule == "ENV-1"
