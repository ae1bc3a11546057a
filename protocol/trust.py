"""Trust: who may sign what, as the root, delegations and revocations in force say it together.

`RIGHTS` is *the* table: what is signed → the role whose keys sign it, and whether one of them is
enough or the role's threshold must be reached. A grant gives a role to keys within a scope. The
root gives some; a delegation passes on what its own signers have, never more. A peer's key is in no
grant, so nothing that a peer signs is ever a steward's word. Values in, values out: no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from protocol import limits
from protocol.delegation import Delegation
from protocol.order import contains
from protocol.remembered import remembered
from protocol.revocation import Revocation
from protocol.root import Root


class Right(NamedTuple):
    """`together`: as many keys of the role as its threshold says; else any one of them."""

    role: str
    together: bool


RIGHTS: Final = {
    # what is signed        role          together
    "root": Right("root", True),  # and by the root before it
    "charter": Right("charter", True),
    "roster": Right("roster", True),
    "delegation": Right("delegation", True),
    "revocation": Right("revocation", True),
    "halt": Right("order", False),
    "pause": Right("order", False),
    "resume": Right("order", True),
    "approve": Right("approval", True),
    "deny": Right("approval", False),
}
STOPS: Final = ("halt", "pause")  # what any one of them can do, and also under a root that ended
ROLES: Final = tuple(dict.fromkeys(right.role for right in RIGHTS.values()))
grace_ms: Final = 48 * 3_600_000  # clocks may be wrong


@dataclass(frozen=True, slots=True)
class Grant:
    """`threshold` of these keys have a role within a scope; `given`: by a delegation."""

    role: str
    scope: str
    keys: frozenset[str]
    threshold: int = 1
    members_max: int = limits.members_max
    until: int | None = None
    given: bool = False


class Signed(NamedTuple):
    """A delegation that verified once, and the keys whose signatures it carries."""

    delegation: Delegation
    keys: frozenset[str]
    digest: str


@dataclass(frozen=True, slots=True)
class Trust:
    """What a network's stewards may do now. Two of them are equal where they allow the same."""

    network: str
    root: Root
    digest: str
    grants: tuple[Grant, ...]
    void: frozenset[tuple[str, str]] = frozenset()  # (key, scope)
    expired: bool = False
    called: tuple[tuple[str, str], ...] = ()  # (key, name) of those whom delegations name

    def grant(self, act: str, scope: str, keys: frozenset[str]) -> Grant | None:
        """The widest grant by which these keys may sign together; None where there is none.

        `act` is a word of `RIGHTS`. Keys that are void, or have no such right, do not count.
        """
        right = RIGHTS.get(act)
        if right is None:
            return None
        found = [
            grant
            for grant in self.grants
            if grant.role == right.role
            and contains(grant.scope, scope)
            and len(self._sound(grant, keys)) >= (grant.threshold if right.together else 1)
        ]
        return max(found, key=lambda grant: grant.members_max, default=None)

    def has_right(self, act: str, scope: str, key: str) -> bool:
        """Whether a key may be one of those who sign it."""
        right = RIGHTS.get(act)
        return right is not None and any(
            grant.role == right.role
            and contains(grant.scope, scope)
            and self._sound(grant, frozenset((key,)))
            for grant in self.grants
        )

    def lacking(self, act: str, scope: str, keys: frozenset[str]) -> tuple[int, frozenset[str]]:
        """How many more have to sign, and who can; 0 where these are enough.

        Of several grants the one counts that lacks least; (1, nobody) where there is none.
        """
        right = RIGHTS[act]
        found = []
        for grant in self.grants:
            if grant.role == right.role and contains(grant.scope, scope):
                signed = self._sound(grant, keys)
                asked = grant.threshold if right.together else 1
                rest = frozenset(self.name_of(key) for key in self._sound(grant, grant.keys) - keys)
                found.append((max(asked - len(signed), 0), rest))
        return min(found, key=lambda one: (one[0], sorted(one[1])), default=(1, frozenset()))

    def name_of(self, key: str) -> str:
        """What the steward who holds `key` is called; the start of the key where nobody says it."""
        return self.root.steward_of(key) or dict(self.called).get(key) or f"{key[:8]}…"

    def is_void(self, key: str, scope: str) -> bool:
        """Whether a revocation takes this key's word for `scope`."""
        return any(void == key and contains(where, scope) for void, where in self.void)

    def __hash__(self) -> int:
        """Of what usually tells two of them apart; a whole root takes long."""
        return hash((self.network, self.digest, len(self.grants), self.void, self.expired))

    def _sound(self, grant: Grant, keys: frozenset[str]) -> frozenset[str]:
        both = grant.keys & keys
        if not grant.given or not self.void:
            return both
        return frozenset(key for key in both if not self.is_void(key, grant.scope))


def trust_of(network: str, root: Root, digest: str) -> Trust:
    """What a root alone gives."""
    grants = [
        Grant(role.role, role.scope, frozenset(role.keys), role.threshold) for role in root.roles
    ]
    return Trust(network, root, digest, tuple(grants))


def trust_with(
    trust: Trust, signed: Iterable[Signed], void: Iterable[Revocation], now_ms: int
) -> Trust:
    """The same with delegations and revocations that verified once.

    A delegation counts as long as its signers have what it gives. Of those of one scope the highest
    version counts (of two the lower digest) whose signers have any right to it. Those that ended
    more than two days ago give nothing.
    """
    revoked = frozenset((one.key, one.scope) for one in void)
    over = trust.root.until is not None and now_ms > trust.root.until + grace_ms
    known = replace(trust, void=revoked, expired=over)
    left = sorted(signed, key=lambda one: (-one.delegation.version, one.digest))
    taken: set[str] = set()
    called: list[tuple[str, str]] = []
    for _ in range(limits.delegation_depth_max):
        fresh = []
        for one in left:
            if one.delegation.scope not in taken and delegates(known, one.delegation, one.keys):
                taken.add(one.delegation.scope)
                fresh += _given(one, now_ms)
                called += [(steward.key, steward.name) for steward in one.delegation.stewards]
        if not fresh:
            break
        known = replace(known, grants=(*known.grants, *fresh), called=tuple(called))
    return known


def ever(trust: Trust, signed: Iterable[Signed]) -> Trust:
    """What was granted under a root at any time, whatever was taken back or revoked since."""
    found = list(signed)
    given = [grant for one in found for grant in _given(one, 0)]
    called = [(steward.key, steward.name) for one in found for steward in one.delegation.stewards]
    return replace(
        trust, grants=(*trust.grants, *given), void=frozenset(), expired=False, called=tuple(called)
    )


def delegates(trust: Trust, delegation: Delegation, keys: frozenset[str]) -> bool:
    """Whether these keys may sign this delegation: they have every right that it gives."""
    scope = delegation.scope
    base = trust.grant("delegation", scope, keys)
    if base is None or (base.given and base.scope == scope):
        return False  # who was given a scope cannot extend what he was given
    return all(_passes(trust, role, delegation, keys) for role in delegation.roles)


def _passes(trust: Trust, role: str, delegation: Delegation, keys: frozenset[str]) -> bool:
    act = next((act for act, right in RIGHTS.items() if right == Right(role, True)), None)
    if act is None:
        return True  # an unknown word gives nothing
    grant = trust.grant(act, delegation.scope, keys)
    if grant is None or delegation.members_max > grant.members_max:
        return False
    return grant.until is None or (delegation.until or limits.int_abs_max) <= grant.until


def _given(one: Signed, now_ms: int) -> list[Grant]:
    delegation = one.delegation
    if delegation.until is not None and now_ms > delegation.until + grace_ms:
        return []
    keys = frozenset(steward.key for steward in delegation.stewards)
    return [
        Grant(
            role, delegation.scope, keys, delegation.threshold, delegation.members_max,
            delegation.until, given=True,
        )
        for role in delegation.roles
        if role in ROLES and role != "root"
    ]  # fmt: skip


@remembered
def interned(trust: Trust) -> Trust:
    """Equal ones as one object, where many peers remember together: they compare at once."""
    return trust
