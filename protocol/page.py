"""Pages: the only container on the wire, a signed batch of items from one author to one audience.

A page is `{"items": [...], "signatures": [{"key", "sig"}], "signed": header}`. The header lists the
hash of every item, so the signature covers the items while a proof can do without them. Pages of
one (author, key, epoch, audience) form a stream: numbered from 1, each naming the digest of the
one before.

Rules: `open_page` is the only way bytes become a `Page`; its checks stand in the order in which
they are made. Not here: whether the author belongs to the network or the page fits its stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple

from protocol import canonical, limits, wire
from protocol.envelope import Envelope, open_envelope
from protocol.errors import RuleError
from protocol.fields import AddressText, Audience, Epoch, Hash, Key, Millis, NetworkId, Seq
from protocol.messages import Erasure, Item, id_of_hash, item_hash, read_item
from protocol.remembered import remembered
from protocol.signing import Signer, pae
from protocol.wire import AtMost

TYPE: Final = "soma/page/1"
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The signed part of a page. `prev` is null exactly at seq 1; `floor` ≤ `seq`."""

    type: Literal["soma/page/1"] = TYPE
    network: NetworkId
    author: AddressText
    key: Key
    epoch: Epoch
    audience: Audience
    seq: Seq
    prev: Hash | None = None
    floor: Seq = 1
    at: Millis
    items: Annotated[tuple[Hash, ...], AtMost(limits.page_items_max)] = ()


class Stream(NamedTuple):
    """Whose pages, in which numbering. `author` and `audience` are full addresses or `all`."""

    author: str
    key: str
    epoch: str
    audience: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page whose signature and items hold. `items` has a Rule where an item alone is wrong."""

    header: Header
    digest: str
    envelope: Envelope
    items: tuple[Item | RuleError | None, ...]

    @property
    def stream(self) -> Stream:
        """The stream it belongs to."""
        return stream_of(self.header)


class Formed(NamedTuple):
    """A page as its author made it: the digest that the next page names, and the bytes."""

    digest: str
    data: bytes


def stream_of(header: Header) -> Stream:
    """The stream that a header belongs to."""
    return Stream(header.author, header.key, header.epoch, header.audience)


def form_page(header: Header, items: Sequence[bytes], signer: Signer) -> Formed:
    """Sign a page of `items` (canonical bytes); their hashes are put into the header here.

    ValueError where readers would refuse it: too large, or a header that cannot be.
    """
    hashes = [item_hash(item) for item in items]
    misplaced = (header.prev is None) != (header.seq == 1) or header.floor > header.seq
    if misplaced or header.key != signer.key or len(set(hashes)) != len(hashes):
        raise ValueError("nobody would take this page: check prev, floor, key and items")
    value = wire.dump(header) | {"items": hashes}
    body = canonical.encode(value)
    message = pae(TYPE, body)
    signature = {"key": signer.key, "sig": canonical.b64(signer.sign(message))}
    # Items are canonical already, and the members stand in sorted order: joining is encoding.
    data = b'{"items":[%b],"signatures":[%b],"signed":%b}' % (
        b",".join(items),
        canonical.encode(signature),
        body,
    )
    if len(data) > limits.page_bytes_max or len(items) > limits.page_items_max:
        raise ValueError(f"page of {len(data)} bytes and {len(items)} items exceeds its limits")
    return Formed(canonical.sha256_hex(message), data)


@remembered
def open_page(data: bytes, network: str, known: frozenset[str] = frozenset()) -> Page:
    """The page in `data`, verified by itself; RuleError (ENV-*, PAGE-*) names the rule broken.

    `known` are hashes of items that their author erased later: in a feed, a null may stand there.
    """
    envelope = open_envelope(data, (TYPE,), limits.page_bytes_max, rest=("items",))
    header = open_header(envelope, network)
    carried = envelope.rest.get("items")
    if not isinstance(carried, list) or len(carried) != len(header.items):
        raise RuleError("PAGE-5", "the items are not as many as the header lists")
    if len(set(header.items)) != len(header.items):
        raise RuleError("PAGE-6", "the header lists one item twice")
    items = tuple(
        _open_item(value, digest, header.author, header.audience == ALL and digest in known)
        for value, digest in zip(carried, header.items, strict=True)
    )
    return Page(header, envelope.digest, envelope, items)


def open_signed(data: bytes, network: str) -> Header:
    """The header of a page, whatever its items are: what its author signed.

    RuleError (ENV-*, PAGE-1 to PAGE-4). For the author, who asks what his key has numbered.
    """
    return open_header(open_envelope(data, (TYPE,), limits.page_bytes_max, ("items",)), network)


def open_erased(data: bytes, network: str) -> Page:
    """`open_page`, where any item of a feed's page may be null: for its author."""
    return open_page(data, network, frozenset(open_signed(data, network).items))


def erased_by(page: Page) -> tuple[str, ...]:
    """The hashes of what the items of a feed's page take back."""
    if page.header.audience != ALL:
        return ()
    bodies = (item.body for item in page.items if isinstance(item, Item))
    return tuple(digest for body in bodies if isinstance(body, Erasure) for digest in body.items)


def strike(data: bytes, author: str, hashes: frozenset[str]) -> bytes:
    """A verified page with null for these items if it is of the feed of `author`, else as it is.

    Its header and its signature stay.
    """
    page = canonical.decode(data)
    signed = page["signed"]
    if (signed["author"], signed["audience"]) != (author, ALL):
        return data
    page["items"] = [
        None if digest in hashes else item
        for item, digest in zip(page["items"], signed["items"], strict=True)
    ]
    return canonical.encode(page)


def open_header(envelope: Envelope, network: str) -> Header:
    """The header of an envelope, its signature verified under the key that it names itself."""
    header = wire.validate(Header, envelope.body, "PAGE-1")
    if header.network != network:
        raise RuleError("PAGE-2", f"page of another network ({header.network[:8]}…)")
    if (header.prev is None) != (header.seq == 1) or header.floor > header.seq:
        raise RuleError("PAGE-3", "prev is null exactly at seq 1, and floor is at most seq")
    if len(envelope.signatures) != 1 or not envelope.signed_by(header.key):
        raise RuleError("PAGE-4", f"not signed by the key that it names ({header.key[:8]}…)")
    return header


def _open_item(value: Any, digest: str, author: str, erased: bool) -> Item | RuleError | None:
    if value is None and erased:
        return None
    if value is None:
        raise RuleError("PAGE-7", "an item was struck out of the page")
    data = canonical.reencode(value)
    if item_hash(data) != digest:
        raise RuleError("PAGE-8", "an item differs from the hash that the header lists")
    try:
        return read_item(value, data, id_of_hash(digest), author)
    except RuleError as error:
        return error


@dataclass(frozen=True, slots=True)
class DoubleUse:
    """Two different headers signed at one position of one stream: a key was used twice.

    Each is a page without its items: `{"signatures", "signed"}`, canonical bytes.
    """

    stream: Stream
    seq: int
    first: bytes
    second: bytes


def bare(envelope: Envelope) -> bytes:
    """The page without its items: enough to prove what was signed."""
    signatures = [{"key": key, "sig": sig} for key, sig in envelope.signatures]
    return canonical.reencode({"signatures": signatures, "signed": envelope.signed})


def prove_double_use(first: bytes, second: bytes, network: str) -> DoubleUse:
    """The proof that two bare pages are; RuleError PAGE-9 where they prove nothing.

    Whoever holds both can convince anybody: nothing but the two signatures is believed.
    """
    opened = [open_envelope(data, (TYPE,), limits.page_bytes_max) for data in (first, second)]
    one, two = (open_header(envelope, network) for envelope in opened)
    if (stream_of(one), one.seq) != (stream_of(two), two.seq):
        raise RuleError("PAGE-9", "the two pages stand at different positions")
    if opened[0].digest == opened[1].digest:
        raise RuleError("PAGE-9", "the two pages are the same")
    if opened[0].digest > opened[1].digest:
        first, second = second, first  # one proof, whoever found it in whatever order
    return DoubleUse(stream_of(one), one.seq, first, second)
