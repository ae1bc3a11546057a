"""Decisions of stewards: yes or no to exactly one thing, named by its hash.

What a peer may only do with a human's consent waits until a decision names it;
a no to a proposal is a veto, also when it was agreed on (`protocol.ballots`). Decisions have no
number and no predecessor; of a yes and a no to one thing the no holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from protocol.fields import Hash, Line, Millis, NetworkId, Salt, Scope

TYPE: Final = "soma/decision/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`of` is the hash of what is asked; `scope` the full address of who asks, or its cluster.

    From `until`, ms since 1970, on a yes permits nothing any more.
    """

    type: Literal["soma/decision/1"] = TYPE
    network: NetworkId
    decision: Literal["approve", "deny"]
    scope: Scope
    of: Hash
    salt: Salt
    at: Millis
    until: Millis | None = None
    because: Line = ""

    def fault(self) -> str | None:
        """What makes it contradict itself, or None."""
        return "only a yes ends" if self.until is not None and self.decision == "deny" else None
