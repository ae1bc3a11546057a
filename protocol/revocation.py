"""Revocations: a key counts for nothing any more, whatever a roster or a delegation says.

They have no number and no predecessor; they are a set that only grows, and nothing lifts one. Keys
that the root names are taken back by the next root, not by a revocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from protocol.fields import Key, Line, Millis, NetworkId, Scope

TYPE: Final = "soma/revocation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """`key`, a member's or a delegated steward's, is void for everybody within `scope`."""

    type: Literal["soma/revocation/1"] = TYPE
    network: NetworkId
    scope: Scope
    key: Key
    at: Millis
    because: Line = ""
