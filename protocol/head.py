"""Signed heads: a steward's own statement of the newest document of a kind.

Heartbeats carry them verbatim. A head beyond what a reader can find proves that somebody hides a
document, because only a steward can have signed it; what a peer says without one proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from protocol.fields import Count, Hash, NetworkId, Scope

TYPE: Final = "soma/head/1"
DocumentType = Literal[
    "soma/root/1",
    "soma/charter/1",
    "soma/roster/1",
    "soma/delegation/1",
    "soma/revocation/1",
    "soma/order/1",
    "soma/decision/1",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`number` is the version of the document that `hash` is the digest of; 0 for orders."""

    type: Literal["soma/head/1"] = TYPE
    network: NetworkId
    of: DocumentType
    scope: Scope
    number: Count
    hash: Hash
