"""Who may sign what: the one check of steward documents, on bytes, in the order it is made.

`AUTHORITY` is the table document type → role; a role in the root names keys and a scope. A peer's
key is in no role, so nothing a peer signs is ever a steward document.

A steward document is an envelope with a `head` beside `signed`: the steward's signed head of this
very document (`protocol.head`), so that it can be copied into heartbeats.

Not here: which of several valid documents is in force (`peer.stewards.standing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protocol import canonical, limits, wire
from protocol.charter import TYPE as CHARTER
from protocol.charter import Charter
from protocol.envelope import Envelope, open_envelope, seal_envelope
from protocol.errors import RuleError
from protocol.head import TYPE as HEAD
from protocol.head import Head
from protocol.order import TYPE as ORDER
from protocol.order import Order
from protocol.remembered import remembered
from protocol.root import TYPE as ROOT
from protocol.root import Role, Root
from protocol.roster import TYPE as ROSTER
from protocol.roster import Roster
from protocol.signing import Signer, pae

StewardBody = Root | Charter | Roster | Order
FORMS: dict[str, type[StewardBody]] = {ROOT: Root, CHARTER: Charter, ROSTER: Roster, ORDER: Order}
# Document type → the role whose keys may sign it.
AUTHORITY = {ROOT: "root", CHARTER: "charter", ROSTER: "roster", ORDER: "order"}


@dataclass(frozen=True, slots=True)
class StewardDocument:
    """A verified steward document; `number` is its version, 0 for an order."""

    type: str
    scope: str
    number: int
    digest: str
    key: str
    body: StewardBody
    head: dict[str, Any]
    data: bytes


def seal_document(body: StewardBody, network: str, signer: Signer) -> bytes:
    """Sign a document and its head with one steward's key; `network` is empty for a new root."""
    value = wire.dump(body)
    digest = canonical.sha256_hex(pae(body.type, canonical.encode(value)))
    head = Head(
        network=network or digest,
        of=body.type,
        scope=scope_of(body),
        number=getattr(body, "version", 0),
        hash=digest,
    )
    sealed_head = canonical.decode(seal_envelope(HEAD, wire.dump(head), [signer]))
    data = seal_envelope(body.type, value, [signer], rest={"head": sealed_head})
    if len(data) > limits.steward_bytes_max:
        raise ValueError(f"document of {len(data)} bytes; {limits.steward_bytes_max} are allowed")
    return data


@remembered
def open_root(data: bytes, network: str | None = None) -> StewardDocument:
    """Root version 1: it verifies under its own keys, and its digest is the network's id.

    `network` is the pinned id; None accepts any (first use). RuleError ROOT-1 to ROOT-4.
    """
    envelope = open_envelope(data, (ROOT,), limits.steward_bytes_max, rest=("head",))
    root = wire.validate(Root, envelope.body, "ROOT-1")
    if network is not None and envelope.digest != network:
        raise RuleError("ROOT-2", f"another root ({envelope.digest[:8]}…) than the pinned one")
    if (root.version, root.network, root.prev) != (1, "", None):
        raise RuleError("ROOT-3", "the first root has version 1 and names no network and no prev")
    return _authorised(data, envelope, root, root, envelope.digest)


@remembered
def open_steward_document(data: bytes, root: Root, network: str) -> StewardDocument:
    """A charter, roster or order that `root` gives its signer the right to sign.

    Raises RuleError: ENV-* for the envelope, AUTH-1 to AUTH-6 here.
    """
    types = (CHARTER, ROSTER, ORDER)
    envelope = open_envelope(data, types, limits.steward_bytes_max, rest=("head",))
    body = wire.validate(FORMS[envelope.type], envelope.body, "AUTH-1")
    if body.network != network:
        raise RuleError("AUTH-2", f"document of another network ({body.network[:8]}…)")
    if isinstance(body, Charter | Roster) and (body.prev is None) != (body.version == 1):
        raise RuleError("AUTH-3", "prev is null exactly in version 1")
    if isinstance(body, Roster) and (fault := body.fault()) is not None:
        raise RuleError("AUTH-12", fault)
    return _authorised(data, envelope, body, root, network)


def _authorised(
    data: bytes, envelope: Envelope, body: StewardBody, root: Root, network: str
) -> StewardDocument:
    scope = scope_of(body)
    signer = envelope.signatures[0][0] if len(envelope.signatures) == 1 else None
    if signer is None or not _may_sign(root, envelope.type, scope, signer):
        raise RuleError("AUTH-4", f"no steward with authority over {scope} signed it")
    if not envelope.signed_by(signer):
        raise RuleError("AUTH-5", "the steward's signature does not verify")
    head = envelope.rest.get("head")
    opened, head_signer = _open_head(canonical.encode(head), root, network)
    number = getattr(body, "version", 0)
    said = (opened.of, opened.scope, opened.number, opened.hash, head_signer)
    if said != (envelope.type, scope, number, envelope.digest, signer):
        raise RuleError("AUTH-6", "its signed head is that of another document or steward")
    assert isinstance(head, dict)
    return StewardDocument(
        envelope.type, scope, number, envelope.digest, signer, body, head, data
    )  # fmt: skip


@remembered
def open_head(data: bytes, root: Root, network: str) -> Head:
    """A signed head, under the authority for the document that it names; HEAD-1, HEAD-2."""
    return _open_head(data, root, network)[0]


def _open_head(data: bytes, root: Root, network: str) -> tuple[Head, str]:
    envelope = open_envelope(data, (HEAD,), limits.document_bytes_max)
    head = wire.validate(Head, envelope.body, "HEAD-1")
    key = envelope.signatures[0][0] if len(envelope.signatures) == 1 else None
    if (
        key is None
        or head.network != network
        or not _may_sign(root, head.of, head.scope, key)
        or not envelope.signed_by(key)
    ):
        raise RuleError("HEAD-2", "not signed by a steward with authority over what it names")
    return head, key


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


def scope_of(body: StewardBody) -> str:
    """What a document speaks for: `*`, a cluster or a full address."""
    if isinstance(body, Roster):
        return body.cluster
    return "*" if isinstance(body, Root) else body.scope


def _may_sign(root: Root, document_type: str, scope: str, key: str) -> bool:
    return any(
        role.role == AUTHORITY[document_type] and key in role.keys and _covers(role, scope)
        for role in root.roles
    )


def _covers(role: Role, scope: str) -> bool:
    # Narrower scopes come with delegation; today every role speaks for the whole network.
    return role.scope in ("*", scope)
