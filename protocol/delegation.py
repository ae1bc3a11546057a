"""Delegations: stewards of a region or a cluster, with no more rights than those who made them.

A new version replaces the one before; one without roles takes all of it back. What a delegation
gives ends with the rights of its signers, and with `until`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import Hash, Millis, NetworkId, Scope, Seq, Word
from protocol.root import Steward
from protocol.wire import AtMost, Between

TYPE: Final = "soma/delegation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`stewards` may do within `scope` what `roles` say; `threshold` of them sign together.

    `members_max` bounds the active members of each roster that they sign; `until`, ms since 1970,
    ends it.
    """

    type: Literal["soma/delegation/1"] = TYPE
    network: NetworkId
    scope: Scope
    version: Seq
    prev: Hash | None = None
    at: Millis
    stewards: Annotated[tuple[Steward, ...], AtMost(limits.stewards_max)]
    roles: Annotated[tuple[Word, ...], AtMost(limits.stewards_max)] = ()
    threshold: Annotated[int, Between(1, limits.stewards_max)] = 1
    members_max: Annotated[int, Between(0, limits.members_max)] = limits.members_max
    until: Millis | None = None

    def fault(self) -> str | None:
        """What makes it say nothing that could hold, or None."""
        keys = {steward.key for steward in self.stewards}
        if len(keys) != len(self.stewards):
            return "it names a key twice"
        if self.roles and self.threshold > len(keys):
            return f"{self.threshold} signatures of {len(keys)} stewards cannot be had"
        return "it delegates the root" if "root" in self.roles else None
