"""Opening steward documents: the one check of what stewards signed, on bytes, in visible order.

A steward document is an envelope with a `head` beside `signed`: the stewards' signed head of this
very document (`protocol.head`), so that it can be copied into heartbeats. Both carry the signatures
of the same stewards; `protocol.trust` says whether those are enough. A document that too few have
signed yet is a part (`open_part`), and parts of one document are put together (`joined`).

Not here: which of several valid documents is in force (`peer.stewards.standing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol import canonical, limits, wire
from protocol.acts import FORMS, StewardBody, act_of, fault_under, scope_of, type_of
from protocol.charter import Charter
from protocol.delegation import Delegation
from protocol.envelope import Envelope, open_envelope, read_envelope, seal_envelope
from protocol.errors import RuleError
from protocol.head import TYPE as HEAD
from protocol.head import Head
from protocol.remembered import remembered
from protocol.revocation import Revocation
from protocol.root import TYPE as ROOT
from protocol.root import Root
from protocol.roster import Roster
from protocol.signing import Signer, pae
from protocol.trust import RIGHTS, STOPS, Trust, trust_of

_UNDER_A_ROOT = tuple(type_ for type_ in FORMS if type_ != ROOT)


@dataclass(frozen=True, slots=True)
class StewardDocument:
    """A verified steward document; `number` is its version, 0 for an order or a revocation."""

    type: str
    scope: str
    number: int
    digest: str
    keys: frozenset[str]
    body: StewardBody
    head: dict[str, Any]
    data: bytes


def seal_document(body: StewardBody, network: str, *signers: Signer) -> bytes:
    """Sign a document and its head with stewards' keys; `network` is empty for a first root."""
    value = wire.dump(body)
    digest = canonical.sha256_hex(pae(body.type, canonical.encode(value)))
    head = Head(
        network=network or digest,
        of=body.type,
        scope=scope_of(body),
        number=getattr(body, "version", 0),
        hash=digest,
    )
    sealed_head = canonical.decode(seal_envelope(HEAD, wire.dump(head), signers))
    data = seal_envelope(body.type, value, signers, rest={"head": sealed_head})
    if len(data) > limits.steward_bytes_max:
        raise ValueError(f"document of {len(data)} bytes; {limits.steward_bytes_max} are allowed")
    return data


@remembered
def open_root(data: bytes, network: str | None = None) -> StewardDocument:
    """Root version 1: it verifies under its own keys, and its digest is the network's id.

    `network` is the pinned id; None accepts any (first use). RuleError ROOT-1 to ROOT-3, ROOT-6,
    ROOT-10, AUTH-4 to AUTH-6.
    """
    return _first_root(data, _envelope(data, (ROOT,)), network)


def _first_root(data: bytes, envelope: Envelope, network: str | None) -> StewardDocument:
    root = wire.validate(Root, envelope.body, "ROOT-1")
    if network is not None and envelope.digest != network:
        raise RuleError("ROOT-2", f"another root ({envelope.digest[:8]}…) than the pinned one")
    if (root.version, root.network, root.prev) != (1, "", None):
        raise RuleError("ROOT-3", "the first root has version 1 and names no network and no prev")
    _check_fault(root)
    keys, own = _keys(envelope), trust_of(envelope.digest, root, envelope.digest)
    for key in sorted(keys):
        if not own.has_right("root", "*", key):
            raise RuleError("AUTH-4", f"{key[:8]}… signed it, whom it does not name for that")
    if own.grant("root", "*", keys) is None:
        raise RuleError("ROOT-10", "too few of the stewards that it names signed it")
    return _verified(data, envelope, root, keys, envelope.digest)


@remembered
def open_document(data: bytes, trust: Trust) -> StewardDocument:
    """Any document that holds under `trust`: the first root, the next one, or one of another type.

    Raises RuleError as `open_root`, `open_next_root` and `open_steward_document` do.
    """
    envelope = _envelope(data, tuple(FORMS))
    if envelope.type != ROOT:
        return _other(data, envelope, trust)
    if envelope.signed.get("version") == 1:
        return _first_root(data, envelope, trust.network)
    return _next_root(data, envelope, trust)


@remembered
def open_next_root(data: bytes, trust: Trust) -> StewardDocument:
    """The root that follows the one of `trust`: both root roles signed it, each to its threshold.

    Raises RuleError: ENV-*, ROOT-1, AUTH-2, ROOT-6 to ROOT-10, AUTH-4 to AUTH-6.
    """
    return _next_root(data, _envelope(data, (ROOT,)), trust)


def _next_root(data: bytes, envelope: Envelope, trust: Trust) -> StewardDocument:
    part = _part(data, envelope, trust)
    root = part.body
    assert isinstance(root, Root)
    if trust.grant("root", "*", part.keys) is None:
        raise RuleError("ROOT-9", f"too few stewards of root {trust.root.version} signed it")
    if trust_of(trust.network, root, part.digest).grant("root", "*", part.keys) is None:
        raise RuleError("ROOT-10", "too few of the stewards that it names signed it")
    return part


@remembered
def open_steward_document(data: bytes, trust: Trust) -> StewardDocument:
    """A document of another type than a root, which `trust` lets its signers sign together.

    Raises RuleError: ENV-* for the envelope, AUTH-1 to AUTH-6, AUTH-12, AUTH-14 to AUTH-16 here;
    ROOT-11 where the root has ended, under which stewards can still stop peers.
    """
    return _other(data, _envelope(data, _UNDER_A_ROOT), trust)


def _other(data: bytes, envelope: Envelope, trust: Trust) -> StewardDocument:
    document = _part(data, envelope, trust)
    body = document.body
    if trust.expired and act_of(body) not in STOPS:
        raise RuleError("ROOT-11", "the root has ended; its stewards have to sign the next one")
    if (error := fault_under(body, document.scope, document.keys, trust)) is not None:
        raise error
    return document


@remembered
def open_part(data: bytes, trust: Trust) -> StewardDocument:
    """A document that some of those who may have signed, perhaps not yet enough of them.

    Raises RuleError: ENV-*, ROOT-1, ROOT-6 to ROOT-8 for a root; AUTH-1 to AUTH-6, AUTH-12.
    """
    return _part(data, _envelope(data, tuple(FORMS)), trust)


def _envelope(data: bytes, types: tuple[str, ...]) -> Envelope:
    return open_envelope(data, types, limits.steward_bytes_max, rest=("head",))


def _part(data: bytes, envelope: Envelope, trust: Trust) -> StewardDocument:
    rule = "ROOT-1" if envelope.type == ROOT else "AUTH-1"
    body = wire.validate(FORMS[envelope.type], envelope.body, rule)
    if body.network != trust.network:
        raise RuleError("AUTH-2", f"document of another network ({body.network[:8]}…)")
    _check_numbers(body, trust)
    _check_fault(body)
    scope, keys, act = scope_of(body), _keys(envelope), act_of(body)
    others = [key for key in sorted(keys) if not trust.has_right(act, scope, key)]
    if others and isinstance(body, Root):
        own = trust_of(trust.network, body, "")
        others = [key for key in others if not own.has_right(act, scope, key)]
    if others:
        raise RuleError("AUTH-4", f"{others[0][:8]}… signed it, who has no authority over {scope}")
    return _verified(data, envelope, body, keys, trust.network)


def _check_numbers(body: StewardBody, trust: Trust) -> None:
    if isinstance(body, Root):
        if body.version != trust.root.version + 1:
            follows = f"root version {body.version} does not follow {trust.root.version}"
            raise RuleError("ROOT-7", follows)
        if body.prev != trust.digest:
            raise RuleError("ROOT-8", "its prev is not the root that is in force")
    elif isinstance(body, Charter | Roster | Delegation) and (
        (body.prev is None) != (body.version == 1)
    ):
        raise RuleError("AUTH-3", "prev is null exactly in version 1")


def _check_fault(body: StewardBody) -> None:
    rule = "ROOT-6" if isinstance(body, Root) else "AUTH-12"
    if not isinstance(body, Revocation) and (fault := body.fault()):
        raise RuleError(rule, fault)


def _verified(
    data: bytes, envelope: Envelope, body: StewardBody, keys: frozenset[str], network: str
) -> StewardDocument:
    """Every signature is checked, each once, and the head's, which is of the same keys."""
    if not envelope.by_all():
        raise RuleError("AUTH-5", "a steward's signature does not verify")
    head, scope, digest = envelope.rest.get("head"), scope_of(body), envelope.digest
    if len(canonical.reencode(head)) > limits.document_bytes_max:
        raise RuleError("ENV-1", "its head is too large for anybody to copy")
    opened, signers = _head(read_envelope(head, (HEAD,)))
    number = getattr(body, "version", 0)
    said = (opened.network, opened.of, opened.scope, opened.number, opened.hash, signers)
    if said != (network, envelope.type, scope, number, digest, keys):
        raise RuleError("AUTH-6", "its signed head is that of another document or steward")
    assert isinstance(head, dict)
    return StewardDocument(envelope.type, scope, number, digest, keys, body, head, data)


class Lacking(NamedTuple):
    """How many more signatures a document needs, and whose it can be."""

    more: int
    names: frozenset[str]


def lacking(document: StewardDocument, trust: Trust) -> Lacking:
    """What a document that was opened as a part lacks; a root needs two thresholds."""
    act, scope, keys = act_of(document.body), document.scope, document.keys
    old, names = trust.lacking(act, scope, keys)
    if isinstance(document.body, Root):
        own = trust_of(trust.network, document.body, document.digest)
        new, others = own.lacking(act, scope, keys)
        both = [some for number, some in ((old, names), (new, others)) if number]
        return Lacking(max(old, new), frozenset().union(*both))
    return Lacking(old, names)


def joined(parts: Sequence[StewardDocument]) -> bytes:
    """The bytes of a document with the signatures of all its parts; ValueError if they are of two.

    The parts were opened: each signature verifies.
    """
    if len({part.digest for part in parts}) != 1:
        raise ValueError("these are parts of different documents")
    values = [canonical.decode(part.data) for part in parts]
    whole = values[0]
    whole["signatures"] = _merged([value["signatures"] for value in values])
    whole["head"]["signatures"] = _merged([value["head"]["signatures"] for value in values])
    return canonical.encode(whole)


def split(part: StewardDocument, trust: Trust) -> list[StewardDocument]:
    """One part for each signature of a document that was opened under `trust`."""
    found = []
    for key in sorted(part.keys):
        value = canonical.decode(part.data)
        for signed in (value, value["head"]):
            signed["signatures"] = [one for one in signed["signatures"] if one["key"] == key]
        found.append(open_part(canonical.encode(value), trust))
    return found


def _merged(lists: Sequence[list[dict[str, str]]]) -> list[dict[str, str]]:
    by_key = {entry["key"]: entry for entries in lists for entry in entries}
    return [by_key[key] for key in sorted(by_key)]


def _keys(envelope: Envelope) -> frozenset[str]:
    return frozenset(key for key, _ in envelope.signatures)


@remembered
def open_head(data: bytes, trust: Trust) -> Head:
    """A signed head, under the authority for the document that it names; HEAD-1, HEAD-2."""
    head, keys = _head(open_envelope(data, (HEAD,), limits.document_bytes_max))
    acts = [act for act in RIGHTS if type_of(act) == head.of]
    if head.network != trust.network or not any(trust.grant(act, head.scope, keys) for act in acts):
        raise RuleError("HEAD-2", "not signed by stewards with authority over what it names")
    return head


def _head(envelope: Envelope) -> tuple[Head, frozenset[str]]:
    """A head and its signers, each signature verified."""
    head = wire.validate(Head, envelope.body, "HEAD-1")
    keys = _keys(envelope)
    if not envelope.by_all():
        raise RuleError("HEAD-2", "a steward's signature does not verify")
    return head, keys


def says_more(document: StewardDocument) -> bool:
    """Whether a document has members that this version does not know.

    Signing a new version over it would silently drop them.
    """
    return _says_more(canonical.decode(document.data)["signed"], wire.dump(document.body))


def _says_more(said: Any, known: Any) -> bool:
    if isinstance(said, dict):
        return any(
            name not in known or _says_more(value, known[name])
            for name, value in said.items()
            if value is not None
        )
    if isinstance(said, list):
        return any(_says_more(one, other) for one, other in zip(said, known, strict=True))
    return False
