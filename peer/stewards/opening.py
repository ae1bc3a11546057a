"""Opening what claims to be a steward's: the marker, documents and signed heads, on bytes.

Imported only where there is something new to verify.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from peer.home.archive import Stored
from peer.inforce import body_of
from protocol import authority, canonical, marker
from protocol.authority import StewardDocument
from protocol.errors import RuleError, WrongShareError
from protocol.head import Head
from protocol.root import Root
from protocol.trust import Trust, trust_of
from registry import layout


def open_marker(data: bytes, network: str | None) -> tuple[str, StewardDocument]:
    """(cluster, root version 1) of a marker; WrongShareError where it is another network's."""
    try:
        return marker.open_marker(data, network)
    except RuleError as error:
        raise WrongShareError(
            f"NETWORK.json is not that of this network ({error}); check the path,"
            " and ask a steward for the root's fingerprint"
        ) from error


def open_at(data: bytes, path: str, trust: Trust) -> StewardDocument:
    """A document found at a path of the share; AUTH-13 where that is not its own."""
    document = authority.open_document(data, trust)
    right = layout.document_path(document.type, document.number, document.digest)
    if path != right:
        raise RuleError("AUTH-13", f"a copy of {right} under another name")
    return document


def open_head(value: dict[str, Any], trust: Trust) -> Head:
    """A signed head as a heartbeat carries it; RuleError where no steward signed it."""
    return authority.open_head(canonical.encode(value), trust)


def stands(data: bytes, trust: Trust) -> bool:
    """Whether those who signed a head may do that now."""
    try:
        authority.open_head(data, trust)
    except RuleError:
        return False
    return True


def is_sound(data: bytes, path: str, trust: Trust) -> bool:
    """Whether a document verifies now, with the signatures that it carries."""
    try:
        open_at(data, path, trust)
    except RuleError:
        return False
    return True


def same_signed(one: bytes, other: bytes) -> bool:
    """Whether two files differ in their signatures alone."""
    try:
        signed = [canonical.decode(data)["signed"] for data in (one, other)]
    except (RuleError, KeyError, TypeError):
        return False
    return bool(signed[0] == signed[1])


def rival_root(data: bytes, chain: Sequence[tuple[str, Stored | None]]) -> StewardDocument | None:
    """The root that follows one of this chain, as another one does that is in it; else None."""
    for (before, stored), (after, _) in pairwise(chain):
        if stored is None:
            continue
        trust = trust_of(chain[0][0], body_of(Root, stored.data), before)
        try:
            found = authority.open_next_root(data, trust)
        except RuleError:
            continue
        if found.digest != after:
            return found
    return None
