"""The signed envelope: the one form of every document on the share.

    {"signatures":[{"key":…,"sig":…}],"signed":{"type":"soma/…/1",…}}

One line of canonical JSON. Signed is `pae(type, canonical bytes of "signed")`, so a signature
cannot move to another type; what `signed` says ties it to network, author and position. Some
types carry more at the top level (a page its `items`): those members are not signed themselves,
the signed part holds their hashes.

`open_envelope` checks form only, from the cheapest check to the dearest. It does *not* check
signatures, because who must have signed depends on the document: ask `Envelope.signed_by`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from protocol import limits
from protocol.canonical import b64, decode, encode, reencode, sha256_hex, unb64
from protocol.errors import RuleError
from protocol.signing import Signer, pae, verify

_own_members = frozenset(("signatures", "signed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An opened document: well formed, its type known, its signatures *not yet* checked."""

    type: str
    signed: dict[str, Any]
    body: bytes  # canonical bytes of `signed`
    signatures: tuple[tuple[str, str], ...]  # (key, signature), both base64url, sorted by key
    rest: dict[str, Any]  # the other top-level members
    raw: tuple[tuple[bytes, bytes], ...]  # the signatures once more, as bytes

    @property
    def digest(self) -> str:
        """ENV-9: what `prev` and every comparison use: sha256 of the bytes that were signed."""
        return sha256_hex(pae(self.type, self.body))

    def by_all(self) -> bool:
        """ENV-8: whether every signature that this document carries is valid."""
        message = pae(self.type, self.body)
        return all(verify(key, message, signature) for key, signature in self.raw)

    def signed_by(self, key: str) -> bool:
        """ENV-8: whether this document carries a valid signature of `key` (base64url)."""
        for (known, _), (public, signature) in zip(self.signatures, self.raw, strict=True):
            if known == key:
                return verify(public, pae(self.type, self.body), signature)
        return False


def open_envelope(
    data: bytes, types: tuple[str, ...], bytes_max: int, rest: tuple[str, ...] = ()
) -> Envelope:
    """The document in `data`, if it is one of `types`; RuleError ENV-… or CANON-… otherwise.

    `rest` names the top-level members permitted beside `signatures` and `signed`. Whether they
    are present is for the caller to check.
    """
    if len(data) > bytes_max:
        raise RuleError("ENV-1", f"{len(data)} bytes, at most {bytes_max} are allowed")
    return read_envelope(decode(data), types, rest)


def read_envelope(value: Any, types: tuple[str, ...], rest: tuple[str, ...] = ()) -> Envelope:
    """The same of what `decode` returned, or of a part of it."""
    if type(value) is not dict or not _own_members <= value.keys():
        raise RuleError("ENV-2", "not an object with the members signatures and signed")
    signed = value["signed"]
    others = {name: member for name, member in value.items() if name not in _own_members}
    if foreign := others.keys() - set(rest):
        raise RuleError("ENV-3", f"unexpected member {min(foreign)[:40]!a} beside signed")
    pairs, raw = _signature_pairs(value["signatures"])
    kind = _type_of(signed, types)
    body = reencode(signed)
    return Envelope(type=kind, signed=signed, body=body, signatures=pairs, rest=others, raw=raw)


def _signature_pairs(
    signatures: Any,
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[bytes, bytes], ...]]:
    """(key, signature) of each, as the text that it is, and as bytes."""
    if type(signatures) is not list or not 1 <= len(signatures) <= limits.signatures_max:
        raise RuleError("ENV-4", f"signatures is not a list of 1 to {limits.signatures_max}")
    pairs: list[tuple[str, str]] = []
    raw: list[tuple[bytes, bytes]] = []
    for entry in signatures:
        if type(entry) is not dict or entry.keys() != {"key", "sig"}:
            raise RuleError("ENV-5", "a signature is not an object of exactly key and sig")
        key, signature = entry["key"], entry["sig"]
        if type(key) is not str or type(signature) is not str:
            raise RuleError("ENV-5", "key and sig of a signature are not both text")
        both = unb64(key, limits.key_bytes), unb64(signature, limits.signature_bytes)
        if pairs and key <= pairs[-1][0]:
            raise RuleError("ENV-6", "signatures are not sorted by key, or one key signs twice")
        pairs.append((key, signature))
        raw.append(both)
    return tuple(pairs), tuple(raw)


def _type_of(signed: Any, types: tuple[str, ...]) -> str:
    if type(signed) is not dict:
        raise RuleError("ENV-2", "signed is not an object")
    kind = signed.get("type")
    if type(kind) is not str:
        raise RuleError("ENV-7", "signed has no type")
    if kind not in types:
        known = ", ".join(types)
        raise RuleError("ENV-7", f"type {kind[: limits.type_chars_max]!a}, expected {known}")
    return kind


def seal_envelope(
    type: str,
    body_value: dict[str, Any],
    signers: Sequence[Signer],
    rest: dict[str, Any] | None = None,
) -> bytes:
    """The document saying `body_value`, signed by `signers` in whatever order they are given.

    `type` becomes the member "type" of what is signed. ValueError for our own mistakes: no signer
    or one twice, another type already in `body_value`, a `rest` that hides the envelope's members.
    """
    if body_value.get("type", type) != type:
        raise ValueError(f"the body says it is {body_value['type']!r}, not {type!r}")
    if rest and not _own_members.isdisjoint(rest):
        raise ValueError("rest must not contain signatures or signed")
    by_key = {signer.key: signer for signer in signers}
    if not 1 <= len(signers) <= limits.signatures_max or len(by_key) != len(signers):
        raise ValueError(f"1 to {limits.signatures_max} distinct signers are needed")
    signed = {**body_value, "type": type}
    body = encode(signed)
    message = pae(type, body)
    signatures = [{"key": key, "sig": b64(by_key[key].sign(message))} for key in sorted(by_key)]
    if rest:
        return encode({**rest, "signatures": signatures, "signed": signed})
    # The body is canonical already, and the members stand in sorted order: joining is encoding.
    return b'{"signatures":%b,"signed":%b}' % (reencode(signatures), body)
