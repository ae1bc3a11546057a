"""The signed envelope: each rule with a document that breaks it and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from protocol import limits
from protocol.canonical import b64, encode
from protocol.envelope import Envelope, open_envelope, seal_envelope
from protocol.errors import RuleError
from protocol.signing import Signer, pae

PAGE = "soma/page/1"
SIGNERS = sorted((Signer(bytes((n,)) * 32) for n in range(3)), key=lambda signer: signer.key)
CORE, LIBRARIAN, KAY = SIGNERS
BODY = {"author": "core@lab.eu", "seq": 1}
GOOD = seal_envelope(PAGE, BODY, [CORE])


def entry(signer: Signer = CORE) -> dict[str, str]:
    return {"key": signer.key, "sig": b64(signer.sign(b"whatever"))}


def document(**members: Any) -> bytes:
    """A well-formed document with some members replaced."""
    return encode({"signatures": [entry()], "signed": {"type": PAGE}, **members})


def opened(data: bytes, rest: tuple[str, ...] = ()) -> Envelope:
    return open_envelope(data, (PAGE, "soma/card/1"), limits.page_bytes_max, rest)


def test_a_sealed_document_opens() -> None:
    """ENV-2: what it says is what was sealed, and the bytes that were signed are at hand."""
    envelope = opened(GOOD)
    assert envelope.type == PAGE
    assert envelope.signed == {**BODY, "type": PAGE}
    assert envelope.body == b'{"author":"core@lab.eu","seq":1,"type":"soma/page/1"}'
    assert envelope.rest == {}
    assert [key for key, _ in envelope.signatures] == [CORE.key]


def test_the_bytes_are_one_line_a_person_can_read() -> None:
    """ENV-2: signatures first, no newline at the end."""
    signature = b64(CORE.sign(pae(PAGE, opened(GOOD).body)))
    assert GOOD.decode() == (
        f'{{"signatures":[{{"key":"{CORE.key}","sig":"{signature}"}}],'
        '"signed":{"author":"core@lab.eu","seq":1,"type":"soma/page/1"}}'
    )


def test_size_is_checked_before_anything_else() -> None:
    """ENV-1: at the limit is fine, one byte more is not, and nothing of it is parsed."""
    assert open_envelope(GOOD, (PAGE,), len(GOOD)).type == PAGE
    with pytest.raises(RuleError) as refusal:
        open_envelope(GOOD, (PAGE,), len(GOOD) - 1)
    assert refusal.value.rule == "ENV-1"
    with pytest.raises(RuleError) as refusal:
        open_envelope(b"not JSON", (PAGE,), 7)
    assert refusal.value.rule == "ENV-1"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (GOOD + b"\n", "CANON-6"),
        (GOOD[:-1], "CANON-1"),
        (b"", "CANON-1"),
        (b"[]", "ENV-2"),
        (b"{}", "ENV-2"),
        (b"null", "ENV-2"),
        (b'"signed"', "ENV-2"),
        (encode({"signed": {"type": PAGE}}), "ENV-2"),
        (encode({"signatures": [entry()]}), "ENV-2"),
        (document(signed=[PAGE]), "ENV-2"),
        (document(signed=None), "ENV-2"),
        (document(extra=1), "ENV-3"),
        (document(items=[]), "ENV-3"),
        (document(**{"\n\x1b[2J" * 50: 1}), "ENV-3"),
        (document(signatures=[]), "ENV-4"),
        (document(signatures={}), "ENV-4"),
        (document(signatures=None), "ENV-4"),
        (document(signatures=[entry()] * 65), "ENV-4"),
        (document(signatures=["x"]), "ENV-5"),
        (document(signatures=[{}]), "ENV-5"),
        (document(signatures=[{"key": CORE.key}]), "ENV-5"),
        (document(signatures=[{**entry(), "more": 1}]), "ENV-5"),
        (document(signatures=[{**entry(), "key": 1}]), "ENV-5"),
        (document(signatures=[{**entry(), "sig": None}]), "ENV-5"),
        (document(signatures=[{**entry(), "key": CORE.key + "="}]), "CANON-7"),
        (document(signatures=[{**entry(), "sig": CORE.key}]), "CANON-7"),
        (document(signatures=[{**entry(), "sig": "*" * 86}]), "CANON-7"),
        (document(signatures=[entry(), entry()]), "ENV-6"),
        (document(signatures=[entry(KAY), entry(CORE)]), "ENV-6"),
        (document(signatures=[entry(CORE), entry(KAY), entry(LIBRARIAN)]), "ENV-6"),
        (document(signed={}), "ENV-7"),
        (document(signed={"type": None}), "ENV-7"),
        (document(signed={"type": [PAGE]}), "ENV-7"),
        (document(signed={"type": "soma/page/2"}), "ENV-7"),
        (document(signed={"type": "soma/pag"}), "ENV-7"),
        (document(signed={"type": ""}), "ENV-7"),
        (document(signed={"type": "\x1b" * 1000}), "ENV-7"),
    ],
)
def test_refused_with_the_rule_it_breaks(data: bytes, rule: str) -> None:
    """ENV-2 to ENV-7: each with a document that breaks it."""
    with pytest.raises(RuleError) as refusal:
        opened(data)
    assert refusal.value.rule == rule
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


def test_64_signatures_are_enough() -> None:
    """ENV-4: the border on this side."""
    many = [Signer(bytes((n,)) * 32) for n in range(64)]
    assert len(opened(seal_envelope(PAGE, {}, many)).signatures) == 64


def test_other_types_are_refused_where_they_are_not_expected() -> None:
    """ENV-7: a card is no page."""
    card = seal_envelope("soma/card/1", BODY, [CORE])
    assert opened(card).type == "soma/card/1"
    with pytest.raises(RuleError) as refusal:
        open_envelope(card, (PAGE,), limits.page_bytes_max)
    assert refusal.value.rule == "ENV-7"


def test_permitted_members_are_handed_on() -> None:
    """ENV-3: only those the caller names, and they may be missing."""
    data = seal_envelope(PAGE, BODY, [CORE], {"items": [1, {"a": None}]})
    assert opened(data, ("items",)).rest == {"items": [1, {"a": None}]}
    assert opened(GOOD, ("items",)).rest == {}
    with pytest.raises(RuleError, match="ENV-3"):
        opened(data, ("head",))


def test_the_envelope_s_own_members_cannot_be_permitted_twice() -> None:
    """ENV-3: naming them changes nothing."""
    assert opened(GOOD, ("signed", "signatures")).rest == {}


def test_members_outside_signed_are_not_signed() -> None:
    """ENV-9: two files, one document: what differs is not what was signed."""
    one = opened(seal_envelope(PAGE, BODY, [CORE], {"items": [1]}), ("items",))
    two = opened(seal_envelope(PAGE, BODY, [CORE], {"items": [2]}), ("items",))
    assert one.digest == two.digest
    assert one.signatures == two.signatures


def test_signed_by_its_signer_and_nobody_else() -> None:
    """ENV-8: the key must be named and must verify."""
    envelope = opened(GOOD)
    assert envelope.signed_by(CORE.key)
    assert not envelope.signed_by(KAY.key)
    assert not envelope.signed_by("")


def test_a_named_key_must_verify() -> None:
    """ENV-8: a signature of something else, under the right name, counts for nothing."""
    assert not opened(document()).signed_by(CORE.key)


def test_signatures_do_not_move_to_another_type() -> None:
    """ENV-8: the same bytes of `signed` never verify as another type."""
    signed = {**BODY, "type": "soma/card/1"}
    signature = b64(CORE.sign(pae(PAGE, encode(signed))))
    data = document(signed=signed, signatures=[{"key": CORE.key, "sig": signature}])
    assert opened(data).type == "soma/card/1"
    assert not opened(data).signed_by(CORE.key)


def test_several_signers_in_any_order() -> None:
    """ENV-6: written sorted, whatever order they are given in."""
    data = seal_envelope(PAGE, BODY, [KAY, CORE, LIBRARIAN])
    assert data == seal_envelope(PAGE, BODY, SIGNERS)
    assert [key for key, _ in opened(data).signatures] == [signer.key for signer in SIGNERS]
    assert all(opened(data).signed_by(signer.key) for signer in SIGNERS)


def test_the_digest_is_of_what_was_signed() -> None:
    """ENV-9: sha256 of the encoding, computed here by hand."""
    body = b'{"author":"core@lab.eu","seq":1,"type":"soma/page/1"}'
    by_hand = hashlib.sha256(b"DSSEv1 11 soma/page/1 %d " % len(body) + body).hexdigest()
    assert opened(GOOD).digest == by_hand
    other = seal_envelope(PAGE, BODY, [KAY])
    assert other != GOOD
    assert opened(other).digest == by_hand


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: seal_envelope(PAGE, BODY, []), "signers"),
        (lambda: seal_envelope(PAGE, BODY, [CORE, CORE]), "signers"),
        (lambda: seal_envelope(PAGE, {"type": "soma/card/1"}, [CORE]), "body says"),
        (lambda: seal_envelope(PAGE, BODY, [CORE], {"signed": {}}), "rest"),
        (lambda: seal_envelope(PAGE, BODY, [CORE], {"signatures": []}), "rest"),
        (lambda: seal_envelope(PAGE, {"share": 0.5}, [CORE]), "CANON-2"),
        (lambda: seal_envelope(PAGE, BODY, [CORE], {"é": 1}), "CANON-4"),
        (
            lambda: seal_envelope(PAGE, BODY, [Signer(bytes((n,)) * 32) for n in range(65)]),
            "signers",
        ),
    ],
)
def test_our_own_mistakes_raise_value_error(call: Callable[[], bytes], message: str) -> None:
    """ENV-2 to ENV-7 for what we write."""
    with pytest.raises(ValueError, match=message):
        call()


def test_sealing_leaves_its_arguments_alone() -> None:
    """Bodies are shared between documents."""
    body: dict[str, Any] = {"type": PAGE, "a": 1}
    rest: dict[str, Any] = {"items": []}
    seal_envelope(PAGE, body, [CORE], rest)
    assert (body, rest) == ({"type": PAGE, "a": 1}, {"items": []})
