"""Pages: each rule with a page that breaks it and nothing else; forming; proofs of double use."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from protocol import limits
from protocol.canonical import b64, decode, encode
from protocol.envelope import open_envelope
from protocol.errors import RuleError
from protocol.messages import Erasure, Item, Note, item_hash
from protocol.page import (
    ALL,
    TYPE,
    Page,
    Stream,
    bare,
    erased_by,
    form_page,
    open_erased,
    open_page,
    open_signed,
    prove_double_use,
    stream_of,
    strike,
)
from protocol.signing import Signer, pae
from tests.samples import (
    AT,
    AUTHOR,
    BODIES,
    CORE,
    EPOCH,
    HASH,
    HEARTBEAT_DATA,
    ITEM,
    LATER,
    LIBRARIAN,
    NETWORK,
    OTHER_NETWORK,
    READER,
    header,
    item,
    page,
    raw_page,
)

VALUE = decode(ITEM.data)


def refused(data: bytes, known: frozenset[str] = frozenset()) -> str:
    with pytest.raises(RuleError) as caught:
        open_page(data, NETWORK, known)
    assert caught.value.reason.isprintable()
    return caught.value.rule


def test_what_is_formed_opens() -> None:
    """PAGE-1: header, items and hash come back as they went."""
    items = [item(body) for body in BODIES]
    formed = page(tuple(one.data for one in items), seq=3, prev=HASH, floor=2, audience=ALL)
    opened = open_page(formed.data, NETWORK)
    hashes = tuple(item_hash(one.data) for one in items)
    assert opened.header == header(seq=3, prev=HASH, floor=2, audience=ALL, items=hashes)
    assert opened.items == tuple(items)
    assert opened.digest == formed.digest
    assert opened.stream == Stream(AUTHOR, CORE.key, EPOCH, ALL) == stream_of(opened.header)


def test_the_hash_of_a_page_is_that_of_what_was_signed() -> None:
    """ENV-9: recomputed here from the bytes of the file."""
    formed = page()
    body = encode(decode(formed.data)["signed"])
    assert formed.digest == hashlib.sha256(pae("soma/page/1", body)).hexdigest()


def test_a_page_is_the_canonical_bytes_of_what_it_says() -> None:
    """CANON-6: forming joins bytes, and that is the same as encoding."""
    formed = page(tuple(item(body).data for body in BODIES))
    assert encode(decode(formed.data)) == formed.data
    assert formed.data.startswith(b'{"items":[{"at":')


def test_an_empty_page_opens() -> None:
    """PAGE-5: a page may carry nothing but its header."""
    assert open_page(page(()).data, NETWORK).items == ()


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"author": "core"}, "PAGE-1"),
        ({"author": "a" * 40 + "@" + "b" * 100}, "PAGE-1"),
        ({"key": CORE.key[1:]}, "PAGE-1"),
        ({"epoch": "A" * 26}, "PAGE-1"),
        ({"audience": "everyone"}, "PAGE-1"),
        ({"audience": "all@"}, "PAGE-1"),
        ({"audience": "*"}, "PAGE-1"),
        ({"seq": 0}, "PAGE-1"),
        ({"seq": "1"}, "PAGE-1"),
        ({"seq": True}, "PAGE-1"),
        ({"floor": 0}, "PAGE-1"),
        ({"at": -1}, "PAGE-1"),
        ({"network": NETWORK[:-1]}, "PAGE-1"),
        ({"items": [HASH.upper() + "A"]}, "PAGE-1"),
        ({"items": {}}, "PAGE-1"),
        ({"prev": "x", "seq": 2}, "PAGE-1"),
        ({"network": OTHER_NETWORK}, "PAGE-2"),
        ({"prev": HASH}, "PAGE-3"),
        ({"seq": 2}, "PAGE-3"),
        ({"floor": 2}, "PAGE-3"),
        ({"seq": 4, "prev": HASH, "floor": 5}, "PAGE-3"),
        ({"key": LIBRARIAN.key}, "PAGE-4"),
        ({"key": CORE.key[:-1] + ("B" if CORE.key[-1] == "A" else "A")}, "PAGE-4"),
        ({"items": []}, "PAGE-5"),
        ({"items": [HASH, HASH]}, "PAGE-5"),
        ({"items": [HASH]}, "PAGE-8"),
    ],
    ids=repr,
)
def test_a_signed_header_that_breaks_a_rule(members: dict[str, Any], rule: str) -> None:
    """PAGE-1 to PAGE-8: the author himself signed it; it is refused all the same."""
    assert refused(raw_page([VALUE], **members)) == rule


def test_the_honest_raw_page_opens() -> None:
    """Or the refusals above would prove nothing."""
    assert open_page(raw_page([VALUE]), NETWORK).items == (ITEM,)
    assert open_page(raw_page([VALUE], seq=4, prev=HASH, floor=4), NETWORK).header.floor == 4
    value = decode(raw_page([VALUE]))
    value["signed"] |= {"prev": None}
    assert refused(encode(value)) == "PAGE-4"  # null is read as absent; the signature is not


def test_unknown_members_of_a_header_are_ignored_and_signed() -> None:
    """ITEM-5: what a later version says more does not shut the earlier one out."""
    data = raw_page([VALUE], mood="glad")
    assert open_page(data, NETWORK).items == (ITEM,)
    assert refused(data.replace(b"glad", b"grim")) == "PAGE-4"


@pytest.mark.parametrize(
    "items",
    [None, {}, "", 1, {"0": VALUE}],
    ids=repr,
)
def test_items_are_a_list(items: Any) -> None:
    """PAGE-5: whatever else stands there."""
    value = decode(page(()).data)
    value["items"] = items
    assert refused(encode(value)) == "PAGE-5"


def test_items_are_there() -> None:
    """PAGE-5: a page without the member is no page."""
    value = decode(page(()).data)
    del value["items"]
    assert refused(encode(value)) == "PAGE-5"


def test_a_page_is_signed_once() -> None:
    """PAGE-4: two signatures are one too many, even where both verify."""
    value = decode(page().data)
    message = pae(TYPE, encode(value["signed"]))
    value["signatures"].append({"key": LIBRARIAN.key, "sig": b64(LIBRARIAN.sign(message))})
    value["signatures"].sort(key=lambda entry: entry["key"])
    assert refused(encode(value)) == "PAGE-4"


def test_no_item_stands_twice_in_a_page() -> None:
    """PAGE-6: in one header each item has one place."""
    assert refused(raw_page([VALUE, VALUE])) == "PAGE-6"
    with pytest.raises(ValueError, match="nobody would take"):
        page((ITEM.data, ITEM.data))


def struck(audience: str) -> tuple[bytes, str]:
    """A page whose second item somebody struck out, and the hash of that item."""
    second = item(Note(text="second"))
    value = decode(page((ITEM.data, second.data), audience=audience).data)
    value["items"][1] = None
    return encode(value), item_hash(second.data)


def test_a_struck_out_item_is_damage() -> None:
    """PAGE-7: in a letter always, in a feed unless its author erased that very item."""
    letter, digest = struck(READER)
    feed, _ = struck(ALL)
    assert refused(letter) == refused(feed) == "PAGE-7"
    assert refused(letter, frozenset((digest,))) == "PAGE-7"
    assert refused(feed, frozenset((item_hash(ITEM.data),))) == "PAGE-7"
    assert open_page(feed, NETWORK, frozenset((digest,))).items == (ITEM, None)


def test_an_erased_item_that_is_still_there_is_read() -> None:
    """PAGE-7: a fuller copy of a page is a copy."""
    opened = open_page(page(audience=ALL).data, NETWORK, frozenset((item_hash(ITEM.data),)))
    assert opened.items == (ITEM,)


@pytest.mark.parametrize("change", [{"at": AT + 1}, {"body": {"text": "hallo"}}, {"more": 1}])
def test_an_exchanged_item_is_found_out(change: dict[str, Any]) -> None:
    """PAGE-8: the signature covers the items through their hashes."""
    value = decode(page().data)
    value["items"][0] |= change
    assert refused(encode(value)) == "PAGE-8"


def test_items_that_change_places_are_found_out() -> None:
    """PAGE-8: each hash belongs to one place."""
    value = decode(page((ITEM.data, item(Note(text="second")).data)).data)
    value["items"].reverse()
    assert refused(encode(value)) == "PAGE-8"


def test_a_bad_item_is_refused_alone() -> None:
    """ITEM-6: the author's slip in one item costs no other."""
    strange = dict(VALUE, author=READER)
    huge = dict(VALUE, more="x" * limits.item_bytes_max)
    formless = {"author": AUTHOR}
    opened = open_page(raw_page([strange, VALUE, huge, formless, 7]), NETWORK)
    rules = [one.rule if isinstance(one, RuleError) else one for one in opened.items]
    assert rules == ["ITEM-3", ITEM, "ITEM-1", "ITEM-2", "ITEM-2"]


def test_a_page_holds_4096_items_and_no_more() -> None:
    """PAGE-1: the limit is in the form of the header, and kept by who forms."""
    few = tuple(b"[%d]" % number for number in range(limits.page_items_max))
    assert len(open_page(page(few).data, NETWORK).items) == limits.page_items_max
    with pytest.raises(ValueError, match="exceeds its limits"):
        page((*few, b"[]"))
    assert refused(raw_page([[number] for number in range(limits.page_items_max + 1)])) == "PAGE-1"


def test_a_page_has_512_kib_and_no_more() -> None:
    """ENV-1: at the limit is fine, one byte more is refused before it is parsed."""
    chunk = b'"' + b"x" * 50_000 + b'"'
    many = tuple(chunk[:-1] + b"%d" % number + b'"' for number in range(10))
    left = limits.page_bytes_max - len(page((*many, b'""')).data)
    full = page((*many, b'"' + b"y" * left + b'"'))
    assert len(full.data) == limits.page_bytes_max
    assert open_page(full.data, NETWORK).digest == full.digest
    with pytest.raises(ValueError, match="exceeds its limits"):
        page((*many, b'"' + b"y" * (left + 1) + b'"'))
    assert refused(full.data + b" ") == "ENV-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"prev": HASH}, {"seq": 2}, {"floor": 2}, {"key": LIBRARIAN.key},
        {"seq": 4, "prev": HASH, "floor": 5},
    ],
    ids=repr,
)  # fmt: skip
def test_nobody_signs_what_all_would_refuse(changes: dict[str, Any]) -> None:
    """PAGE-3, PAGE-4: a number that was given out cannot be taken back."""
    with pytest.raises(ValueError, match="nobody would take"):
        page(**changes)


def test_another_document_is_no_page() -> None:
    """ENV-7: whoever signed it."""
    assert refused(HEARTBEAT_DATA) == "ENV-7"


# ------------------------------------------------------------------------------- double use

FIRST = page((ITEM.data,))
SECOND = page((item(Note(text="something else")).data,))


def opened(data: bytes) -> Page:
    return open_page(data, NETWORK)


def without_items(data: bytes) -> bytes:
    return bare(opened(data).envelope)


def test_a_bare_page_is_signed_like_the_whole() -> None:
    """PAGE-9: without its items a page proves the same."""
    data = without_items(FIRST.data)
    envelope = open_envelope(data, (TYPE,), limits.page_bytes_max)
    assert envelope.rest == {}
    assert envelope.digest == FIRST.digest
    assert envelope.signed_by(CORE.key)


def test_two_pages_at_one_position_prove_double_use() -> None:
    """PAGE-9: in whatever order they are found the proof is the same."""
    one, two = without_items(FIRST.data), without_items(SECOND.data)
    proof = prove_double_use(one, two, NETWORK)
    assert proof == prove_double_use(two, one, NETWORK)
    assert (proof.stream, proof.seq) == (Stream(AUTHOR, CORE.key, EPOCH, READER), 1)
    assert {proof.first, proof.second} == {one, two}
    assert prove_double_use(proof.first, proof.second, NETWORK) == proof


@pytest.mark.parametrize(
    "other",
    [
        page((ITEM.data,)),
        page(seq=2, prev=HASH),
        page(epoch=LATER),
        page(audience=ALL),
        page((), author="core@lab.us"),
        page((), signer=LIBRARIAN, key=LIBRARIAN.key),
    ],
    ids=["same", "seq", "epoch", "audience", "author", "key"],
)
def test_pages_that_prove_nothing(other: Any) -> None:
    """PAGE-9: the same page twice, or another position."""
    one, two = without_items(FIRST.data), without_items(other.data)
    for pair in ((one, two), (two, one)):
        with pytest.raises(RuleError) as caught:
            prove_double_use(*pair, NETWORK)
        assert caught.value.rule == "PAGE-9"


def test_a_proof_believes_nothing_but_signatures() -> None:
    """PAGE-9: a forged page, one of another network or one with its items is no proof."""
    one, two = without_items(FIRST.data), without_items(SECOND.data)
    for broken, rule in (
        (two.replace(b'"at":', b'"at":1'), "PAGE-4"),
        (without_items(page((), Signer(b"x" * 32), key=Signer(b"x" * 32).key).data), "PAGE-9"),
        (SECOND.data, "ENV-3"),
        (b"", "CANON-1"),
    ):
        with pytest.raises(RuleError) as caught:
            prove_double_use(one, broken, NETWORK)
        assert caught.value.rule == rule
    with pytest.raises(RuleError) as caught:
        prove_double_use(one, two, OTHER_NETWORK)
    assert caught.value.rule == "PAGE-2"


def test_forming_is_repeatable() -> None:
    """SEND-2: the same header and items give the same bytes, so a proof needs two intentions."""
    assert form_page(header(), [ITEM.data], CORE) == FIRST
    assert isinstance(opened(FIRST.data).items[0], Item)


def test_an_erased_item_leaves_the_page_signed() -> None:
    """PAGE-7, ERASE-2: header and digest stay; only the author's own feed can be struck."""
    pair = tuple(item(Note(text=text)).data for text in "ab")
    letter, feed = page(pair), page(pair, audience=ALL)
    gone = frozenset({item_hash(pair[0])})
    struck = strike(feed.data, AUTHOR, gone)
    opened = open_page(struck, NETWORK, gone)
    assert opened.digest == feed.digest
    assert [one is None for one in opened.items] == [True, False]
    assert open_erased(struck, NETWORK).items == opened.items
    assert open_signed(struck, NETWORK) == opened.header
    assert strike(letter.data, AUTHOR, gone) == letter.data
    assert strike(feed.data, READER, gone) == feed.data
    assert refused(struck) == "PAGE-7"


def test_an_erasure_counts_in_a_feed() -> None:
    """ERASE-3: in a letter it says nothing."""
    items = (item(Erasure(items=(HASH,))).data, ITEM.data)
    assert erased_by(open_page(page(items).data, NETWORK)) == ()
    assert erased_by(open_page(page(items, audience=ALL).data, NETWORK)) == (HASH,)
