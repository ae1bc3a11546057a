"""Pages over random content and damage: what is formed opens, what was touched does not."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import replace
from hashlib import sha256

from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.canonical import decode, encode
from protocol.envelope import seal_envelope
from protocol.errors import RuleError
from protocol.messages import Item, id_of_hash, item_hash
from protocol.page import (
    DoubleUse,
    Header,
    Page,
    bare,
    form_page,
    open_page,
    prove_double_use,
    stream_of,
)
from protocol.signing import Signer
from tests.samples import AUTHOR, CORE, LIBRARIAN, NETWORK, STRANGER, raw_page
from tests.strategies import (
    attempt,
    canonical_objects,
    canonical_values,
    hashes,
    headers,
    items,
    mutated,
)


def opened(data: bytes, network: str = NETWORK) -> tuple[Page | None, str | None]:
    return attempt(lambda: open_page(data, network))


def reading(value: object) -> tuple[Item | None, str | None]:
    (found,) = open_page(raw_page([value]), NETWORK).items
    if isinstance(found, RuleError):
        return None, found.rule
    return found, None


contents = st.lists(items(), max_size=4, unique_by=lambda item: item.id)


@given(items())
def test_an_item_is_read_as_it_was_composed(item: Item) -> None:
    """ITEM-2, ITEM-7: head, body and id come back; the bytes are canonical."""
    assert reading(decode(item.data)) == (item, None)
    assert item.id == b32encode(sha256(item.data).digest()).decode().lower()[:26]
    assert id_of_hash(item_hash(item.data)) == item.id


@given(canonical_objects)
def test_any_object_is_read_as_an_item_or_refused(value: dict[str, object]) -> None:
    """ITEM-2: nothing but RuleError comes out."""
    found, rule = reading(value)
    assert (found is None) == (rule is not None)


@given(items(), st.sampled_from(["kind", "body"]), canonical_values)
def test_what_is_not_understood_is_kept(item: Item, member: str, other: object) -> None:
    """ITEM-4: with another kind or body the bytes and the id are those of the whole."""
    value = {**decode(item.data), member: other}
    found, rule = reading(value)
    if found is None:
        assert (member, rule) == ("kind", "ITEM-2")
    else:
        assert found.data == encode(value)
        assert found.head.author == AUTHOR


@given(headers(), contents)
def test_what_is_formed_opens(header: Header, carried: list[Item]) -> None:
    """PAGE-1 to PAGE-8: strictness refuses no honest page."""
    formed = form_page(header, [item.data for item in carried], CORE)
    page = open_page(formed.data, NETWORK)
    assert page.header == replace(header, items=tuple(item_hash(item.data) for item in carried))
    assert page.items == tuple(carried)
    assert page.digest == formed.digest
    assert page.stream == stream_of(header)
    assert encode(decode(formed.data)) == formed.data


@given(headers(), contents, st.data())
def test_a_touched_page_is_refused(
    header: Header, carried: list[Item], data: st.DataObject
) -> None:
    """PAGE-4, PAGE-8: whatever was changed, a rule says so; no other exception comes out."""
    good = form_page(header, [item.data for item in carried], CORE).data
    bad = data.draw(mutated(good))
    page, rule = opened(bad)
    assert (page is None) == (bad != good)
    assert (rule is None) == (bad == good)


@given(st.data())
def test_every_byte_counts(data: st.DataObject) -> None:
    """PAGE-4, PAGE-8: any other value of any one byte is refused."""
    at = data.draw(st.integers(0, len(ONE) - 1))
    other = data.draw(st.integers(1, 255))
    page, rule = opened(_flipped(ONE, at, other))
    assert page is None
    assert rule is not None


def _flipped(data: bytes, at: int, change: int) -> bytes:
    return data[:at] + bytes((data[at] ^ change,)) + data[at + 1 :]


ONE = form_page(
    Header(
        network=NETWORK, author=AUTHOR, key=CORE.key, epoch="a" * 26, audience="all", seq=1, at=0
    ),
    [encode({"author": AUTHOR, "kind": "note", "salt": "c" * 26, "at": 0, "body": {"text": "é"}})],
    CORE,
).data


def test_every_bit_counts() -> None:
    """PAGE-4, PAGE-8: all single-bit changes, one after the other."""
    assert open_page(ONE, NETWORK).items
    for at in range(len(ONE)):
        for bit in range(8):
            assert opened(_flipped(ONE, at, 1 << bit))[0] is None


@given(headers(), contents, hashes)
def test_a_page_of_another_network_is_refused(
    header: Header, carried: list[Item], network: str
) -> None:
    """PAGE-2: in both directions."""
    assume(network != NETWORK)
    here = form_page(header, [item.data for item in carried], CORE).data
    there = form_page(replace(header, network=network), [item.data for item in carried], CORE).data
    assert opened(here, network) == (None, "PAGE-2")
    assert opened(there) == (None, "PAGE-2")


@given(headers(), st.sampled_from([LIBRARIAN, STRANGER]))
def test_nobody_signs_for_another_key(header: Header, signer: Signer) -> None:
    """PAGE-4: the header names CORE's key, somebody else signs."""
    said = decode(form_page(header, [], CORE).data)["signed"]
    data = seal_envelope("soma/page/1", said, [signer], rest={"items": []})
    assert opened(data) == (None, "PAGE-4")


@given(headers(), st.sampled_from(["soma/heartbeat/1", "soma/receipt/1", "soma/page/2"]))
def test_a_header_signed_as_another_type_is_no_page(header: Header, type_: str) -> None:
    """ENV-7, ENV-8: neither as it stands nor when the type is put right afterwards."""
    said = decode(form_page(header, [], CORE).data)["signed"]
    data = seal_envelope(type_, {**said, "type": type_}, [CORE], rest={"items": []})
    assert opened(data) == (None, "ENV-7")
    renamed = data.replace(type_.encode(), b"soma/page/1")
    assert opened(renamed) == (None, "PAGE-4")


@given(headers(), contents, st.data())
def test_struck_out_items_are_refused(
    header: Header, carried: list[Item], data: st.DataObject
) -> None:
    """PAGE-7: unless it is a feed and the reader knows that exactly this item was erased."""
    assume(carried)
    place = data.draw(st.integers(0, len(carried) - 1))
    known = frozenset(data.draw(st.sets(st.sampled_from([item_hash(i.data) for i in carried]))))
    value = decode(form_page(header, [item.data for item in carried], CORE).data)
    value["items"][place] = None
    page, rule = attempt(lambda: open_page(encode(value), NETWORK, known))
    if header.audience == "all" and item_hash(carried[place].data) in known:
        assert page is not None
        assert [one is None for one in page.items] == [at == place for at in range(len(carried))]
    else:
        assert rule == "PAGE-7"


def proof(first: bytes, second: bytes) -> tuple[DoubleUse | None, str | None]:
    return attempt(lambda: prove_double_use(first, second, NETWORK))


@given(headers(), headers(), contents, contents)
def test_double_use_is_two_pages_at_one_position(
    one: Header, two: Header, first: list[Item], second: list[Item]
) -> None:
    """PAGE-9: and nothing else is; the proof does not depend on who holds which first."""
    same_place = replace(two, epoch=one.epoch, audience=one.audience, seq=one.seq, prev=one.prev,
                         floor=one.floor)  # fmt: skip
    for other in (two, same_place):
        pages = [
            form_page(header, [item.data for item in carried], CORE)
            for header, carried in ((one, first), (other, second))
        ]
        bares = [bare(open_page(page.data, NETWORK).envelope) for page in pages]
        forth, back = proof(*bares), proof(*reversed(bares))
        assert forth == back
        is_double = (
            (one.epoch, one.audience, one.seq) == (other.epoch, other.audience, other.seq)
            and pages[0].digest != pages[1].digest
        )  # fmt: skip
        assert forth[1] == (None if is_double else "PAGE-9")


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    """PAGE-1: nothing but RuleError comes out."""
    assert opened(data)[0] is None


@given(canonical_objects, canonical_values)
def test_whatever_a_key_signs_is_read_or_refused(said: dict[str, object], carried: object) -> None:
    """PAGE-1: a member who signs nonsense raises nothing else."""
    said = {name: value for name, value in said.items() if name != "type"}
    data = seal_envelope("soma/page/1", said, [CORE], rest={"items": carried})
    page, rule = opened(data)
    assert page is None
    assert rule is not None
