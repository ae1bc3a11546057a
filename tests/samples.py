"""One small network in values: who signs, and one honest document of every type.

Functions take the members that a test wants otherwise. Nothing here asserts, and nothing is random:
the same bytes in every run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from protocol import acts, authority, ballots, canonical, documents, wire
from protocol.acts import StewardBody
from protocol.canonical import encode
from protocol.card import Card
from protocol.charter import Charter, Goal
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.envelope import seal_envelope
from protocol.head import TYPE as HEAD
from protocol.head import Head as SignedHead
from protocol.heartbeat import FeedHead, Heartbeat
from protocol.marker import form_marker
from protocol.messages import (
    Alert,
    Announcement,
    Answer,
    Body,
    Certificate,
    Digest,
    Dispute,
    Endorsement,
    Erasure,
    Escalation,
    Head,
    Insight,
    Item,
    Mentoring,
    Note,
    Proposal,
    Question,
    Request,
    Retraction,
    Sealed,
    Vote,
    compose,
)
from protocol.order import Order
from protocol.page import Formed, Header, form_page
from protocol.receipt import Receipt, Refused, StreamReceipt
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer, pae
from protocol.trust import trust_of

STEWARD, DEPUTY = Signer(b"s" * 32), Signer(b"d" * 32)  # DEPUTY signs orders only
CORE, LIBRARIAN, STRANGER = (Signer(bytes((n,)) * 32) for n in (1, 2, 3))

CLUSTER = "lab.eu"
AUTHOR, READER = "core@lab.eu", "librarian@lab.eu"
EPOCH, LATER, SALT = "a" * 26, "b" * 26, "c" * 26
HASH = "0" * 64
AT = 1_790_000_000_000

ROOT = Root(
    version=1,
    at=AT,
    stewards=(Steward(name="ada", key=STEWARD.key), Steward(name="bob", key=DEPUTY.key)),
    roles=(
        Role(role="root", keys=(STEWARD.key,)),
        Role(role="charter", keys=(STEWARD.key,)),
        Role(role="roster", keys=(STEWARD.key,)),
        Role(role="order", keys=(DEPUTY.key, STEWARD.key)),
        Role(role="delegation", keys=(STEWARD.key,)),
        Role(role="revocation", keys=(STEWARD.key,)),
        Role(role="approval", keys=(STEWARD.key,)),
    ),
)
ROOT_DATA = authority.seal_document(ROOT, "", STEWARD)
NETWORK = authority.open_root(ROOT_DATA).digest
TRUST = trust_of(NETWORK, ROOT, NETWORK)
OTHER_NETWORK = "f" * 64

VOTED: dict[str, Any] = {
    "key": "pace", "roster": 1, "members": HASH, "version": 1, "proposal": HASH, "value": "slow",
}  # fmt: skip
BODIES: tuple[Body, ...] = (
    Note(text="hello"),
    Question(text="who knows?", topics=("nfs",)),
    Answer(text="I do", claims=(EPOCH,)),
    Insight(text="NFS lies", topics=("nfs",), confidence=900, evidence=("seen twice",)),
    Announcement(text="on it", topics=("nfs",)),
    Alert(text="disk full", severity="critical"),
    Endorsement(text="so it is"),
    Dispute(because="it does not"),
    Retraction(because="I was wrong"),
    Erasure(items=("5d" * 32,)),
    Proposal(key="pace", roster=1, version=1, value="slow", because="drives are old"),
    Vote(**VOTED, yes=True, voter=CORE.key, sig="A" * 86),
    Certificate(**VOTED, voters="gA", sigs="A" * 86),
    Escalation(key="quarantine", text="a fork", mend="see to it", times=2),
    Request(
        audience="all",
        item={"author": AUTHOR, "kind": "note", "salt": SALT, "at": AT, "body": {}},
        rule="needs a yes by the charter of *: publish note",
        until=AT,
    ),
    Digest(lines=("3 × publish insight",)),
    Mentoring(step="offer", text="read this first", topics=("nfs",), claims=("a" * 26,)),
    Sealed(ephemeral=CORE.key, box="c2VhbGVk"),
)

CHARTER = Charter(
    network=NETWORK,
    version=1,
    at=AT,
    goals=(Goal(id="understand", text="Understand drives."),),
    values=("Honesty.",),
)
ROSTER = Roster(
    network=NETWORK,
    cluster=CLUSTER,
    version=1,
    at=AT,
    members=(
        Member(name="core", keys=(MemberKey(key=CORE.key, sealing=CORE.key),)),
        Member(name="librarian", keys=(MemberKey(key=LIBRARIAN.key),), roles=("scribe",)),
    ),
)
DELEGATION = Delegation(
    network=NETWORK,
    scope="eu",
    version=1,
    at=AT,
    stewards=(Steward(name="eve", key=STRANGER.key),),
    roles=("roster", "order"),
)
REVOCATION = Revocation(network=NETWORK, scope="*", key=STRANGER.key, at=AT)
DECISION = Decision(
    network=NETWORK, decision="approve", scope=f"core@{CLUSTER}", of="a" * 64, salt=SALT, at=AT
)
HALT = Order(network=NETWORK, order="halt", scope=CLUSTER, salt=SALT, at=AT, because="rest")


def item(body: Body = BODIES[0], **head: Any) -> Item:
    """An item of `AUTHOR`."""
    said = {"author": AUTHOR, "kind": body.kind, "salt": SALT, "at": AT, **head}
    return compose(Head(**said), body)


ITEM = item()


def header(**changes: Any) -> Header:
    """The header of the first page from `AUTHOR` to `READER`."""
    first = Header(
        network=NETWORK, author=AUTHOR, key=CORE.key, epoch=EPOCH, audience=READER, seq=1, at=AT
    )
    return replace(first, **changes)


def page(items: tuple[bytes, ...] = (ITEM.data,), signer: Signer = CORE, **changes: Any) -> Formed:
    """A page of `AUTHOR`."""
    return form_page(header(**changes), items, signer)


def signed(document: Any, signer: Signer, **members: Any) -> dict[str, Any]:
    """A document as a value, `members` of `signed` put in, or left out where they are None."""
    said = {**wire.dump(document), **members}
    said = {name: value for name, value in said.items() if value is not None}
    opened: dict[str, Any] = canonical.decode(seal_envelope(said["type"], said, [signer]))
    return opened


def raw_page(carried: list[Any], signer: Signer = CORE, **members: Any) -> bytes:
    """A page that carries anything; its header, right for that, with `members` put in."""
    hashes = {"items": [canonical.sha256_hex(encode(value)) for value in carried]}
    return encode(signed(header(), signer, **(hashes | members)) | {"items": carried})


def head_of(body: StewardBody, signer: Signer = STEWARD, **members: Any) -> bytes:
    """The signed head of a steward document, members put in otherwise."""
    value = wire.dump(body)
    digest = canonical.sha256_hex(pae(body.type, encode(value)))
    honest = SignedHead(
        network=NETWORK,
        of=body.type,
        scope=acts.scope_of(body),
        number=getattr(body, "version", 0),
        hash=digest,
    )
    return seal_envelope(HEAD, wire.dump(honest) | members, [signer])


HEARTBEAT = Heartbeat(
    network=NETWORK,
    author=AUTHOR,
    key=CORE.key,
    epoch=LATER,
    earlier_epochs=(EPOCH,),
    seq=7,
    tick=5,
    at=AT,
    next_beat_ms=60_000,
    lifecycle="idle",
    software="soma 0",
    feed=FeedHead(epoch=LATER, seq=3, hash=HASH),
    mail=("librarian",),
    heads=(canonical.decode(head_of(CHARTER)),),
)
RECEIPT = Receipt(
    network=NETWORK,
    reader=READER,
    key=LIBRARIAN.key,
    reader_epoch=EPOCH,
    n=4,
    at=AT,
    author=AUTHOR,
    streams=(
        StreamReceipt(
            key=CORE.key,
            epoch=EPOCH,
            audience=READER,
            received=3,
            head=HASH,
            acted=2,
            have=((5, 5), (8, 9)),
            refused=(Refused(seq=2, rule="STREAM-2"),),
            damaged=(4,),
        ),
    ),
)
CARD = Card(
    network=NETWORK, name="core", cluster=CLUSTER, key=CORE.key, at=AT, capabilities=("python",)
)

HEARTBEAT_DATA = documents.seal(HEARTBEAT, CORE)
RECEIPT_DATA = documents.seal(RECEIPT, LIBRARIAN)
CARD_DATA = documents.seal(CARD, CORE)
CHARTER_DATA = authority.seal_document(CHARTER, NETWORK, STEWARD)
ROSTER_DATA = authority.seal_document(ROSTER, NETWORK, STEWARD)
ORDER_DATA = authority.seal_document(HALT, NETWORK, DEPUTY)
HEAD_DATA = head_of(ROSTER)
MARKER_DATA = form_marker(CLUSTER, ROOT_DATA)

_VOTE = ballots.cast(
    ballots.Slot("pace", 1, HASH, 1), ballots.Choice(HASH, "slow"), True, NETWORK, CORE
)
BALLOT_DATA = ballots.ballot_data(ballots.open_vote(_VOTE, NETWORK), NETWORK)
DOCUMENTS = {
    "ballot": BALLOT_DATA,
    "page": page(tuple(item(body).data for body in BODIES)).data,
    "item": ITEM.data,
    "heartbeat": HEARTBEAT_DATA,
    "receipt": RECEIPT_DATA,
    "card": CARD_DATA,
    "root": ROOT_DATA,
    "charter": CHARTER_DATA,
    "roster": ROSTER_DATA,
    "order": ORDER_DATA,
    "delegation": authority.seal_document(DELEGATION, NETWORK, STEWARD),
    "revocation": authority.seal_document(REVOCATION, NETWORK, STEWARD),
    "decision": authority.seal_document(DECISION, NETWORK, STEWARD),
    "head": HEAD_DATA,
    "network": MARKER_DATA,
}
