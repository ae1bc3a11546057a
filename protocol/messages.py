"""Items: the messages and pieces of knowledge that travel inside pages.

An item is one canonical JSON object: a head that every kind shares and a `body` that belongs to
the kind. Its id is taken from the hash of its bytes, and the bytes name their author, so an id
stands for exactly one text of exactly one author: nobody can send somebody else's item as his own.

Rules: an unknown kind, or a body that does not fit its kind, is no reason to lose an item; it is
kept, receipted and shown as "not understood". A head that does not fit is the author's mistake
and the item is refused alone, not with its page.

Not here: who may send what (the roster), what a kind makes a peer do (handlers).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from protocol import canonical, limits, wire
from protocol.errors import RuleError
from protocol.fields import (
    AddressText,
    Audience,
    Count,
    Hash,
    ItemId,
    Key,
    Line,
    Millis,
    Permille,
    Salt,
    Seq,
    Signature,
    Text,
    Topics,
    Word,
)
from protocol.wire import AtMost, Between, Form

Severity = Literal["info", "warn", "critical"]
Evidence = Annotated[tuple[Line, ...], AtMost(limits.evidence_max)]
Claims = Annotated[tuple[ItemId, ...], AtMost(limits.claims_max)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A plain message; it asks for nothing and causes nothing."""

    kind: ClassVar[str] = "note"
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Someone wants to know; whoever does may answer.

    `first`: those who, as its author sees it, know most about it. `asker`: on whose behalf its
    author passes it on; the answer is for him.
    """

    kind: ClassVar[str] = "question"
    text: Text
    topics: Topics = ()
    first: Annotated[tuple[AddressText, ...], AtMost(limits.first_max)] = ()
    asker: AddressText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply to a question; `claims` are ids of the insights it rests on."""

    kind: ClassVar[str] = "answer"
    text: Text
    claims: Claims = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """What the author learned: "X about Y"; `confidence` is a probability in permille.

    It holds from `valid_from` on and before `valid_until`, ms since 1970. It takes the place of the
    insights in `supersedes`, and was concluded from those in `derived`.
    """

    kind: ClassVar[str] = "insight"
    text: Text
    topics: Topics = ()
    confidence: Permille = 500
    evidence: Evidence = ()
    valid_from: Millis | None = None
    valid_until: Millis | None = None
    supersedes: Claims = ()
    derived: Claims = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What the author works on; whoever works on the same can say so.

    `serves` are the ids of the stewards' goals that it serves.
    """

    kind: ClassVar[str] = "announcement"
    text: Text
    topics: Topics = ()
    serves: Annotated[tuple[Word, ...], AtMost(limits.serves_max)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The author's own trouble: "my disk is full", "my model is degraded"."""

    kind: ClassVar[str] = "alert"
    text: Text
    severity: Severity = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """The author vouches for the item that the head's `re` names."""

    kind: ClassVar[str] = "endorsement"
    text: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """The author contradicts the item that the head's `re` names, and says why."""

    kind: ClassVar[str] = "dispute"
    because: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """The author takes back his own item that the head's `re` names."""

    kind: ClassVar[str] = "retraction"
    because: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The author's published items of these hashes are to be kept by nobody any more."""

    kind: ClassVar[str] = "erasure"
    items: Annotated[tuple[Hash, ...], AtMost(limits.erased_max)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Let `key` be `value`: for the members of roster `roster` to vote on, as its `version`-th."""

    kind: ClassVar[str] = "proposal"
    key: Word
    roster: Seq
    version: Seq
    value: Line
    because: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A ballot and who signed it; `protocol.ballots` makes the signed document of it.

    `members` is the digest of the roster that decides, `proposal` the hash of what is voted on.
    """

    kind: ClassVar[str] = "vote"
    key: Word
    roster: Seq
    members: Hash
    version: Seq
    proposal: Hash
    value: Line
    yes: bool
    voter: Key
    sig: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Enough YES ballots for one proposal: what they say, once, and the signature of each voter.

    `voters` are the bits of those members of the roster who signed, `sigs` their signatures of 64
    bytes in the roster's order, both base64url: those of 667 members fit into an item.
    """

    kind: ClassVar[str] = "certificate"
    key: Word
    roster: Seq
    members: Hash
    version: Seq
    proposal: Hash
    value: Line
    voters: Annotated[str, Form(r"[A-Za-z0-9_-]+", limits.members_max)]
    sigs: Annotated[str, Form(r"[A-Za-z0-9_-]+", limits.item_bytes_max)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """To a steward: something that only a person can mend, or (`over`) that it is mended.

    `key` stays the same for one matter; `times` counts how often it was told.
    """

    kind: ClassVar[str] = "escalation"
    key: Line
    text: Text
    mend: Text = ""
    level: Word = "human"
    times: Count = 1
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """To a steward: may `item`, in exactly these bytes, go to `audience`? See `protocol.request`.

    `rule` says why it is asked; after `until`, ms since 1970 by the asker's clock, it asks no more.
    """

    kind: ClassVar[str] = "request"
    audience: Audience
    item: dict[str, Any]
    rule: Line = ""
    until: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """To a steward: what was done, or refused, that policy wants to be told of; a line each."""

    kind: ClassVar[str] = "digest"
    lines: Annotated[tuple[Line, ...], AtMost(limits.digest_lines_max)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentoring:
    """Between a newcomer and who may guide it: `step` says what its author does.

    Known steps: ask (for a mentor), offer (with what to know first: `text`, and the insights that
    it rests on), decline, end.
    """

    kind: ClassVar[str] = "mentoring"
    step: Word
    text: Text = ""
    topics: Topics = ()
    claims: Claims = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An item that only its reader can open; see `protocol.sealing`."""

    kind: ClassVar[str] = "sealed"
    ephemeral: Key
    box: Annotated[str, Form(r"[A-Za-z0-9_-]+", limits.item_bytes_max)]


Body = (
    Note | Question | Answer | Insight | Announcement | Alert | Endorsement | Dispute | Retraction
    | Erasure | Proposal | Vote | Certificate | Escalation | Request | Digest | Mentoring
    | Sealed
)  # fmt: skip
KINDS: dict[str, type[Body]] = {
    kind.kind: kind
    for kind in (
        Note, Question, Answer, Insight, Announcement, Alert, Endorsement, Dispute, Retraction,
        Erasure, Proposal, Vote, Certificate, Escalation, Request, Digest, Mentoring, Sealed,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that belongs to an item, named by its content; it lies in its author's `blobs/`.

    `size` in bytes. `name` is what its author calls it: to be shown, and never a path.
    """

    sha256: Hash
    size: Annotated[int, Between(0, limits.blob_bytes_max)]
    name: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every item says of itself, whatever its kind.

    `at` and `expires` are the author's wall clock in ms since 1970: shown, never compared with
    another clock to decide anything. `depth` counts the automatic replies since a person wrote.
    """

    author: AddressText
    kind: Annotated[str, Form(r"[a-z][a-z0-9_-]*", limits.kind_chars_max)]
    salt: Salt
    at: Millis
    auto: bool = False
    depth: Count = 0
    priority: Annotated[int, Between(0, 4)] = 2
    re: ItemId | None = None
    thread: ItemId | None = None
    expires: Millis | None = None
    attachments: Annotated[tuple[Attachment, ...], AtMost(limits.attachments_max)] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One item as its bytes say it; `body` is None where this version does not understand it."""

    id: str
    head: Head
    body: Body | None
    data: bytes = field(repr=False)


_HEAD_DEFAULTS = {"auto": False, "depth": 0, "priority": 2, "attachments": []}


def compose(head: Head, body: Body) -> Item:
    """The item of a head and a body; ValueError when it would exceed the size of an item."""
    if head.kind != body.kind:
        raise ValueError(f"the head says {head.kind}, the body is of kind {body.kind}")
    for name in ("text", "because"):
        if len(getattr(body, name, "")) > limits.text_chars_max:
            raise ValueError(f"text of over {limits.text_chars_max} characters")
    said = {k: v for k, v in wire.dump(head).items() if v != _HEAD_DEFAULTS.get(k)}
    data = canonical.encode(said | {"body": wire.dump(body)})
    if len(data) > limits.item_bytes_max:
        raise ValueError(f"item of {len(data)} bytes; at most {limits.item_bytes_max} are allowed")
    return Item(item_id(data), head, body, data)


def item_hash(data: bytes) -> str:
    """sha256 of an item's bytes, lower-case hex: what a page's header lists."""
    return hashlib.sha256(data).hexdigest()


def item_id(data: bytes) -> str:
    """The first 26 characters of base32(sha256(item)): 130 bits."""
    return canonical.b32(hashlib.sha256(data).digest()[:17])[: limits.item_id_chars]


def id_of_hash(digest: str) -> str:
    """The id that belongs to a hash of a page's header."""
    return canonical.b32(bytes.fromhex(digest)[:17])[: limits.item_id_chars]


def read_item(value: Any, data: bytes, id_: str, author: str) -> Item:
    """The item of a verified page of `author`: `value` as decoded, `data` as encoded, its id.

    Raises RuleError (ITEM-1 to ITEM-3) where the head is wrong, names another author, or the
    item is too large. A kind or body that is not understood raises nothing: `body` is None.
    """
    if len(data) > limits.item_bytes_max:
        raise RuleError("ITEM-1", f"item of {len(data)} bytes, more than {limits.item_bytes_max}")
    head = wire.validate(Head, data, "ITEM-2")
    if head.author != author:
        raise RuleError("ITEM-3", f"item of {head.author} in a page of {author}")
    return Item(id_, head, read_body(head.kind, value.get("body")), data)


def read_body(kind: str, value: Any) -> Body | None:
    """The body of an item; None where this version does not understand it (ITEM-4)."""
    form = KINDS.get(kind)
    if form is None or not isinstance(value, dict):
        return None
    try:
        return wire.validate(form, canonical.reencode(value), "ITEM-4")
    except RuleError:
        return None


def stored_item(data: bytes, understood: bool) -> Item:
    """The item of bytes that this home verified before: no validation, so no pydantic."""
    value = canonical.decode(data)
    head = wire.trusted(Head, value)
    form = KINDS.get(head.kind) if understood else None
    body = None if form is None else wire.trusted(form, value["body"])
    return Item(item_id(data), head, body, data)
