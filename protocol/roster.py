"""The roster: who belongs to a cluster, and with which keys.

A name keeps its old keys: `retired` ones still verify mail that was under way, `compromised` ones
verify nothing that is not yet in a journal. A name without an active key is not a member.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import ClusterName, Count, Hash, Key, Millis, NetworkId, PeerName, Seq, Word
from protocol.wire import AtMost

TYPE: Final = "soma/roster/1"
STEWARD: Final = "steward"  # the role of a member that is a steward's mailbox
KeyState = Literal["active", "retired", "compromised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberKey:
    """One signing key of a member; `sealing`: the X25519 key that belongs to it, if it is known."""

    key: Key
    state: KeyState = "active"
    sealing: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One peer of the cluster. `reused` counts how often the name was given to a new holder."""

    name: PeerName
    keys: Annotated[tuple[MemberKey, ...], AtMost(limits.member_keys_max)]
    roles: Annotated[tuple[Word, ...], AtMost(limits.member_roles_max)] = ()
    reused: Count = 0

    def state_of(self, key: str) -> KeyState | None:
        """What the roster says of `key`, or None where it does not know it."""
        for known in self.keys:  # the loop is asked of every heartbeat, so it is a plain one
            if known.key == key:
                return known.state
        return None

    @property
    def active(self) -> bool:
        """Whether the member has a key to act with."""
        return any(known.state == "active" for known in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The members of `cluster`, ascending by name."""

    type: Literal["soma/roster/1"] = TYPE
    network: NetworkId
    cluster: ClusterName
    version: Seq
    prev: Hash | None = None
    at: Millis
    members: Annotated[tuple[Member, ...], AtMost(limits.members_max)] = ()

    def fault(self) -> str | None:
        """What makes the list ambiguous, or None: names ascend, no key stands twice."""
        names = [member.name for member in self.members]
        keys = [known.key for member in self.members for known in member.keys]
        if names != sorted(set(names)):
            return "its members are not strictly ascending by name"
        return None if len(keys) == len(set(keys)) else "it lists a key twice"

    def member(self, name: str) -> Member | None:
        """The member called `name`, or None."""
        at = bisect_left(self.members, name, key=lambda member: member.name)
        found = self.members[at] if at < len(self.members) else None
        return found if found is not None and found.name == name else None
