"""Who may sign what, read word by word from SPEC.md §13: it knows nothing of `protocol.trust`.

Which scope covers which stands in a literal table, and so does the table of authority.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from protocol.acts import StewardBody, act_of, scope_of
from protocol.delegation import Delegation
from protocol.revocation import Revocation
from protocol.root import Root
from protocol.roster import Roster
from protocol.trust import Signed
from tests.samples import AT

CORE = "core@lab.eu.acme"
COVERS = {  # scope → the scopes all of whose peers it covers
    "*": {"*", "acme", "eu.acme", "lab.eu.acme", "us.acme", CORE},
    "acme": {"acme", "eu.acme", "lab.eu.acme", "us.acme", CORE},
    "eu.acme": {"eu.acme", "lab.eu.acme", CORE},
    "lab.eu.acme": {"lab.eu.acme", CORE},
    "us.acme": {"us.acme"},
    CORE: {CORE},
}
TABLE = {  # of SPEC.md §13: what is signed → role, and whether its threshold is asked for
    "root": ("root", True), "charter": ("charter", True), "roster": ("roster", True),
    "delegation": ("delegation", True), "revocation": ("revocation", True),
    "halt": ("order", False), "pause": ("order", False), "resume": ("order", True),
    "approve": ("approval", True), "deny": ("approval", False),
}  # fmt: skip
DAY = 86_400_000


@dataclass(frozen=True)
class Right:
    """What somebody was given; `depth` 0: by the root."""

    role: str
    scope: str
    keys: frozenset[str]
    threshold: int
    members: int = 1000
    until: float = float("inf")
    depth: int = 0


@dataclass(frozen=True)
class World:
    """Everything that decides."""

    rights: tuple[Right, ...]
    void: frozenset[tuple[str, str]] = frozenset()
    expired: bool = False

    def counts(self, right: Right, key: str, scope: str) -> bool:
        gone = right.depth and any(k == key and scope in COVERS[s] for k, s in self.void)
        return key in right.keys and not gone

    def enough(self, act: str, scope: str, keys: Iterable[str]) -> list[Right]:
        role, together = TABLE[act]
        return [
            right
            for right in self.rights
            if right.role == role
            and scope in COVERS[right.scope]
            and sum(self.counts(right, key, scope) for key in keys)
            >= (right.threshold if together else 1)
        ]

    def named(self, act: str, scope: str, key: str) -> bool:
        return any(
            right.role == TABLE[act][0]
            and scope in COVERS[right.scope]
            and self.counts(right, key, scope)
            for right in self.rights
        )

    def may_delegate(self, body: Delegation, keys: Iterable[str]) -> bool:
        """AUTH-15: every member is no more than what its signers have, and not from itself."""
        above = [r for r in self.rights if not r.depth or (r.scope != body.scope and r.depth < 8)]
        world = replace(self, rights=tuple(above))
        keys = list(keys)
        until = float("inf") if body.until is None else body.until
        words = {"order": "resume", "approval": "approve"}
        return bool(world.enough("delegation", body.scope, keys)) and all(
            any(
                body.members_max <= right.members and until <= right.until
                for right in world.enough(words.get(role, role), body.scope, keys)
            )
            for role in body.roles
            if role in {role for role, _ in TABLE.values()}  # another word gives nothing
        )

    def verdict(self, body: StewardBody, keys: Iterable[str]) -> str | None:
        """The rule that a document breaks under these signatures, or None."""
        act, scope, keys = act_of(body), scope_of(body), list(keys)
        if not all(self.named(act, scope, key) for key in keys):
            return "AUTH-4"
        if self.expired and act not in ("halt", "pause"):
            return "ROOT-11"
        enough = self.enough(act, scope, keys)
        if not enough:
            return "AUTH-16"
        if isinstance(body, Delegation) and not self.may_delegate(body, keys):
            return "AUTH-15"
        if isinstance(body, Roster) and len(body.members) > max(r.members for r in enough):
            return "AUTH-14"
        return None


def world_of(
    root: Root, signed: Sequence[Signed] = (), revoked: Sequence[Revocation] = (), now: int = AT
) -> World:
    """AUTH-18: from the widest scope down, in each the highest version with a right to it."""
    own = tuple(Right(r.role, r.scope, frozenset(r.keys), r.threshold) for r in root.roles)
    void = frozenset((one.key, one.scope) for one in revoked)
    over = root.until is not None and now - root.until > 2 * DAY
    given: dict[str, list[Right]] = {}
    for scope in COVERS:  # each stands after those that cover it
        for one in sorted(signed, key=lambda one: (-one.delegation.version, one.digest)):
            body = one.delegation
            if body.scope != scope or scope in given:
                continue
            wider = [r for where, rs in given.items() if scope in COVERS[where] for r in rs]
            for depth in range(8):
                near = tuple(r for r in (*own, *wider) if r.depth <= depth)
                if World(near, void).may_delegate(body, one.keys):
                    given[scope] = list(_gives(body, depth + 1, now))
                    break
    return World((*own, *(r for rs in given.values() for r in rs)), void, over)


def _gives(body: Delegation, depth: int, now: int) -> Iterator[Right]:
    if body.until is None or now - body.until <= 2 * DAY:
        keys = frozenset(steward.key for steward in body.stewards)
        until = float("inf") if body.until is None else body.until
        for role in body.roles:
            if role in {role for role, _ in TABLE.values()}:
                yield Right(
                    role, body.scope, keys, body.threshold, body.members_max, until, depth
                )  # fmt: skip


def may_stand(world: World, body: StewardBody, keys: Iterable[str]) -> bool:
    """AUTH-17: whether the signers may sign it now; keys without a right do no harm here."""
    keys = list(keys)
    enough = world.enough(act_of(body), scope_of(body), keys)
    if isinstance(body, Delegation):
        return bool(enough) and world.may_delegate(body, keys)
    if isinstance(body, Roster):
        return any(len(body.members) <= right.members for right in enough)
    return bool(enough)
