"""Opening what claims to be a steward's: the marker, documents and signed heads, on bytes.

Imported only where there is something new to verify.
"""

from __future__ import annotations

from typing import Any

from protocol import authority, canonical, marker
from protocol.authority import StewardDocument
from protocol.errors import RuleError, WrongShareError
from protocol.head import Head
from protocol.trust import Trust
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
