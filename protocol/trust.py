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
    """`threshold` of these keys have a role within a scope.

    `depth`: how many delegations it hangs on; 0: the root itself gives it.
    """

    role: str
    scope: str
    keys: frozenset[str]
    threshold: int = 1
    members_max: int = limits.members_max
    until: int | None = None
    depth: int = 0


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
    # By which revocations are weighed, where delegated stewards revoked somebody: without that.
    weighing: Trust | None = None

    def grant(self, act: str, scope: str, keys: frozenset[str]) -> Grant | None:
        """The widest grant by which these keys may sign together; None where there is none.

        `act` is a word of `RIGHTS`. Keys that are void, or have no such right, do not count.
        """
        found = self.grants_by(act, scope, keys)
        return max(found, key=lambda grant: grant.members_max, default=None)

    def grants_by(self, act: str, scope: str, keys: frozenset[str]) -> list[Grant]:
        """Every grant by which these keys may sign together."""
        if act == "revocation" and self.weighing is not None:
            return self.weighing.grants_by(act, scope, keys)
        right = RIGHTS.get(act)
        return [
            grant
            for grant in self.grants
            if right is not None
            and grant.role == right.role
            and contains(grant.scope, scope)
            and len(self._sound(grant, keys, scope)) >= (grant.threshold if right.together else 1)
        ]

    def has_right(self, act: str, scope: str, key: str) -> bool:
        """Whether a key may be one of those who sign it."""
        if act == "revocation" and self.weighing is not None:
            return self.weighing.has_right(act, scope, key)
        right = RIGHTS.get(act)
        return right is not None and any(
            grant.role == right.role
            and contains(grant.scope, scope)
            and self._sound(grant, frozenset((key,)), scope)
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
                signed = self._sound(grant, keys, scope)
                asked = grant.threshold if right.together else 1
                others = self._sound(grant, grant.keys, scope) - keys
                rest = frozenset(self.name_of(key) for key in others)
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

    def _sound(self, grant: Grant, keys: frozenset[str], scope: str) -> frozenset[str]:
        """Those of the grant's keys whose word counts for `scope`, which may be a part of it."""
        both = grant.keys & keys
        if not grant.depth or not self.void:
            return both
        return frozenset(key for key in both if not self.is_void(key, scope))


def trust_of(network: str, root: Root, digest: str) -> Trust:
    """What a root alone gives."""
    grants = [
        Grant(role.role, role.scope, frozenset(role.keys), role.threshold) for role in root.roles
    ]
    return Trust(network, root, digest, tuple(grants))


def trust_with(
    trust: Trust,
    signed: Iterable[Signed],
    void: Iterable[Revocation],
    now_ms: int,
    more: Iterable[Revocation] = (),
) -> Trust:
    """The same with delegations and revocations that verified once.

    A delegation counts as long as its signers have what it gives. Of those of one scope the highest
    version counts (of two the lower digest) whose signers have any right to it. Those that ended
    more than two days ago give nothing. `void`: revocations by keys that a root names; `more`: by
    delegated stewards. Of these none takes another's right to revoke, or what holds would hang on
    which of two stewards who revoke each other was heard first.
    """
    known, firm = list(signed), frozenset((one.key, one.scope) for one in void)
    before = _with(trust, known, firm, now_ms)
    rest = frozenset((one.key, one.scope) for one in more)
    if rest <= firm:
        return before
    return replace(_with(trust, known, firm | rest, now_ms), weighing=before)


def _with(
    trust: Trust, signed: Iterable[Signed], revoked: frozenset[tuple[str, str]], now_ms: int
) -> Trust:
    over = trust.root.until is not None and now_ms > trust.root.until + grace_ms
    known = replace(trust, void=revoked, expired=over)
    by_scope: dict[str, list[Signed]] = {}
    for one in sorted(signed, key=lambda one: (-one.delegation.version, one.digest)):
        by_scope.setdefault(one.delegation.scope, []).append(one)
    # The wide ones first: what a delegation hangs on always speaks for more than itself.
    for scope in sorted(by_scope, key=_width):
        for one in by_scope[scope]:
            depth = _depth(known, one)
            if depth is not None:
                called = [(steward.key, steward.name) for steward in one.delegation.stewards]
                known = replace(
                    known,
                    grants=(*known.grants, *_given(one, depth, now_ms)),
                    called=(*known.called, *called),
                )
                break
    return known


def ever(trust: Trust, signed: Iterable[Signed]) -> Trust:
    """What was granted under a root at any time, whatever was taken back or revoked since."""
    found = list(signed)
    given = [grant for one in found for grant in _given(one, 1, 0)]
    called = [(steward.key, steward.name) for one in found for steward in one.delegation.stewards]
    return replace(
        trust, grants=(*trust.grants, *given), void=frozenset(), expired=False,
        called=tuple(called), weighing=None,
    )  # fmt: skip


def _width(scope: str) -> tuple[int, str]:
    """Ascending: whatever contains a scope stands before it."""
    labels = 0 if scope == "*" else scope.count(".") + 1
    return (limits.address_chars_max if "@" in scope else labels, scope)


def _depth(trust: Trust, one: Signed) -> int | None:
    """On how many delegations this one hangs, itself counted; None where it has no right."""
    for depth in sorted({grant.depth for grant in trust.grants}):
        near = replace(trust, grants=tuple(g for g in trust.grants if g.depth <= depth))
        if delegates(near, one.delegation, one.keys):
            return depth + 1
    return None


def delegates(trust: Trust, delegation: Delegation, keys: frozenset[str]) -> bool:
    """Whether these keys may sign this delegation: they have every right that it gives.

    What a delegation of the same scope gives does not count: who was given a scope cannot extend
    what he was given, and no delegation hangs on one that it would replace.
    """
    scope = delegation.scope
    above = replace(
        trust,
        grants=tuple(
            grant
            for grant in trust.grants
            if not grant.depth
            or (grant.scope != scope and grant.depth < limits.delegation_depth_max)
        ),
        weighing=None,
    )
    return bool(above.grants_by("delegation", scope, keys)) and all(
        _passes(above, role, delegation, keys) for role in delegation.roles
    )


def _passes(trust: Trust, role: str, delegation: Delegation, keys: frozenset[str]) -> bool:
    act = next((act for act, right in RIGHTS.items() if right == Right(role, True)), None)
    if act is None:
        return True  # an unknown word gives nothing
    until = limits.int_abs_max if delegation.until is None else delegation.until
    return any(
        delegation.members_max <= grant.members_max
        and (grant.until is None or until <= grant.until)
        for grant in trust.grants_by(act, delegation.scope, keys)
    )


def _given(one: Signed, depth: int, now_ms: int) -> list[Grant]:
    delegation = one.delegation
    if delegation.until is not None and now_ms > delegation.until + grace_ms:
        return []
    keys = frozenset(steward.key for steward in delegation.stewards)
    return [
        Grant(
            role, delegation.scope, keys, delegation.threshold, delegation.members_max,
            delegation.until, depth,
        )
        for role in delegation.roles
        if role in ROLES and role != "root"
    ]  # fmt: skip


@remembered
def interned(trust: Trust) -> Trust:
    """Equal ones as one object, where many peers remember together: they compare at once."""
    return trust
