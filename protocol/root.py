"""The root of trust: which stewards' keys may sign which kind of document.

`network_id` is the digest of root version 1, so a network cannot be given another root. Version
1 names no network (it would have to name itself) and later versions do.
The shape is The Update Framework's: roles with keys, a scope and a threshold; version N + 1 is
signed by the root role of version N and by its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from protocol import limits
from protocol.fields import Hash, Key, Millis, PeerName, Scope, Seq, Word
from protocol.wire import AtMost, Between, Form

TYPE: Final = "soma/root/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steward:
    """A human with a key; a name is for people, only the key counts."""

    name: PeerName
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`threshold` of these keys sign documents of this role within `scope` (`*`: the network).

    A role that the table of `protocol.trust` does not know gives no right.
    """

    role: Word
    scope: Scope = "*"
    keys: Annotated[tuple[Key, ...], AtMost(limits.stewards_max)]
    threshold: Annotated[int, Between(1, limits.stewards_max)] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """`network` is empty in version 1; `prev` is the digest of the version before.

    From `until`, ms since 1970, on peers warn that the stewards have to sign the next one.
    """

    type: Literal["soma/root/1"] = TYPE
    network: Annotated[str, Form(r"|[0-9a-f]{64}", 64)] = ""
    version: Seq
    prev: Hash | None = None
    at: Millis
    stewards: Annotated[tuple[Steward, ...], AtMost(limits.stewards_max)]
    roles: Annotated[tuple[Role, ...], AtMost(limits.stewards_max)]
    until: Millis | None = None

    def fault(self) -> str | None:
        """What keeps anybody from ever signing under it, or None."""
        named = {steward.key for steward in self.stewards}
        for role in self.roles:
            if len(set(role.keys)) != len(role.keys):
                return f"its role {role.role} names a key twice"
            if role.threshold > len(role.keys):
                return f"its role {role.role} asks for more signatures than it has keys"
            if not named.issuperset(role.keys):
                return f"its role {role.role} names the key of no steward"
        if not any(role.role == "root" and role.scope == "*" for role in self.roles):
            return "no role may sign the next root"
        return None

    def steward_of(self, key: str) -> str | None:
        """The name of the steward who holds `key`, or None."""
        return next((steward.name for steward in self.stewards if steward.key == key), None)
