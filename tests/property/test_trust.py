"""Who may sign what: generated roots, delegations and revocations against `oracle`.

Documents are really signed and really opened. Every signature is checked once and then remembered,
so that each example asks for every pair of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.acts import StewardBody, act_of, scope_of, type_of
from protocol.authority import open_head, open_steward_document, seal_document
from protocol.canonical import encode
from protocol.charter import Charter
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.order import Order
from protocol.remembered import remembering
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey, Roster
from protocol.ruling import Held, ruling_of
from protocol.signing import Signer
from protocol.trust import RIGHTS, ROLES, Signed, Trust, trust_of, trust_with
from tests.property.oracle import COVERS, DAY, TABLE, Right, World, may_stand, world_of
from tests.samples import AT, HASH, NETWORK, SALT
from tests.strategies import attempt

A, B, C, E, F, P = (Signer(bytes((60 + n,)) * 32) for n in range(6))  # P is a peer
NAME = {one.key: word for one, word in zip((A, B, C, E, F, P), "abcefp", strict=True)}
NOW = AT + 100 * DAY


# ------------------------------------------------------------------------------------ the documents


def members(count: int) -> tuple[Member, ...]:
    keys = [Signer(bytes((100 + n,)) * 32).key for n in range(count)]
    return tuple(Member(name=f"m{n}", keys=(MemberKey(key=k),)) for n, k in enumerate(keys))


def bodies() -> list[StewardBody]:
    """One document of every act in every scope that it can have, and variants of some."""
    common: dict[str, Any] = {"network": NETWORK, "at": AT}
    found: list[StewardBody] = []
    for scope in COVERS:
        found.append(Charter(**common, scope=scope, version=1))
        found.append(Revocation(**common, scope=scope, key=P.key))
        eve = (Steward(name="eve", key=E.key),)
        for more in ({"roles": ("roster",)}, {"roles": ()}, {"roles": ROLES[1:], "until": AT}):
            given: dict[str, Any] = {"stewards": eve, "members_max": 2, **more}
            found.append(Delegation(**common, scope=scope, version=1, **given))
        for order in ("halt", "pause", "resume"):
            ms = 5 if order == "pause" else None
            found.append(Order(**common, order=order, scope=scope, salt=SALT, ms=ms))
        found += [
            Decision(**common, decision=decision, scope=scope, of=HASH, salt=SALT)
            for decision in ("approve", "deny")
        ]
        if scope != "*" and "@" not in scope:
            found += [
                Roster(**common, cluster=scope, version=1, members=members(count))
                for count in (0, 1, 3)
            ]
    return found


BODIES = bodies()


@cache
def sealed(index: int, signers: tuple[Signer, ...]) -> bytes:
    return seal_document(BODIES[index], NETWORK, *signers)


@pytest.fixture(scope="module", autouse=True)
def _each_signature_once() -> Iterator[None]:
    with remembering(1_000_000):
        yield


def groups(some: Sequence[Signer]) -> list[tuple[Signer, ...]]:
    return [g for size in range(1, len(some) + 1) for g in combinations(some, size)]


def judge(trust: Trust, world: World, some: Sequence[Signer]) -> tuple[int, int]:
    """(accepted, refused) of every document under every group; each as the oracle says."""
    counted = [0, 0]
    for index, body in enumerate(BODIES):
        for group in groups(some):
            keys = [one.key for one in group]
            data = sealed(index, group)
            document, rule = attempt(lambda data=data: open_steward_document(data, trust))  # type: ignore[misc]
            expected = world.verdict(body, keys)
            who = "".join(sorted(NAME[key] for key in keys))
            assert rule == expected, f"{act_of(body)} of {scope_of(body)} by {who}: {rule}"
            counted[rule is not None] += 1
            if document is None:
                continue
            assert document.keys == frozenset(keys)
            assert open_head(encode(document.head), trust).hash == document.digest
    return counted[0], counted[1]


# ------------------------------------------------------------------------------------- strategies

STEWARDS = tuple(Steward(name=NAME[k.key], key=k.key) for k in (A, B, C, E, F))


@st.composite
def keysets(draw: st.DrawFn, some: Sequence[Signer]) -> tuple[tuple[str, ...], int]:
    """Keys, and a threshold that they can reach, of 3 at most."""
    keys = draw(st.lists(st.sampled_from([k.key for k in some]), min_size=1, unique=True))
    return tuple(sorted(keys)), draw(st.integers(1, min(3, len(keys))))


@st.composite
def roots(draw: st.DrawFn, some: Sequence[Signer] = (A, B, C)) -> Root:
    """A root with up to eight random roles, beside the one that it must have."""
    roles = [Role(role="root", keys=(A.key,))]
    for _ in range(draw(st.integers(0, 8))):
        role, scope = draw(st.sampled_from((*ROLES, "mayor"))), draw(st.sampled_from([*COVERS]))
        keys, threshold = draw(keysets(some))
        roles.append(Role(role=role, scope=scope, keys=keys, threshold=threshold))
    until = draw(st.none() | st.sampled_from((NOW - 3 * DAY, NOW - DAY, NOW + DAY)))
    return Root(version=1, at=AT, stewards=STEWARDS, roles=tuple(roles), until=until)


@st.composite
def delegations(draw: st.DrawFn) -> Signed:
    """What somebody, who may have no right to it, gives somebody, who may be himself."""
    keys, threshold = draw(keysets((A, B, E, F)))
    body = Delegation(
        network=NETWORK, scope=draw(st.sampled_from([*COVERS])), at=AT,
        version=(version := draw(st.integers(1, 3))), prev=None if version == 1 else HASH,
        stewards=tuple(one for one in STEWARDS if one.key in keys), threshold=threshold,
        roles=tuple(draw(st.lists(st.sampled_from((*ROLES[1:], "mayor")), unique=True))),
        members_max=draw(st.sampled_from((0, 1, 2, 1000))),
        until=draw(st.none() | st.sampled_from((0, NOW - 3 * DAY, NOW - DAY, NOW + DAY))),
    )  # fmt: skip
    signers, _ = draw(keysets((A, B, E, F)))
    return Signed(body, frozenset(signers), sha256(repr(body).encode()).hexdigest())


def signed_lists(max_size: int) -> st.SearchStrategy[list[Signed]]:
    return st.lists(delegations(), max_size=max_size, unique_by=lambda one: one.digest)


@st.composite
def revocations(draw: st.DrawFn) -> Revocation:
    scope, key = draw(st.sampled_from([*COVERS])), draw(st.sampled_from((A, E, F))).key
    return Revocation(network=NETWORK, scope=scope, key=key, at=AT)


@st.composite
def rich_roots(draw: st.DrawFn) -> Root:
    """A root under which much can be delegated: one key, or two together, have every role."""
    root = draw(roots((A, B, E)))
    scope, threshold = draw(st.sampled_from(("*", "*", "acme"))), draw(st.integers(1, 2))
    every = tuple(
        Role(role=role, scope=scope, keys=(A.key, B.key), threshold=threshold) for role in ROLES[1:]
    )
    return replace(root, roles=(*root.roles, *every))


# -------------------------------------------------------------------------------------- properties


def test_the_table_is_that_of_the_specification() -> None:
    """AUTH-4, AUTH-16: word by word."""
    assert {act: tuple(right) for act, right in RIGHTS.items()} == TABLE
    assert {act_of(body) for body in BODIES} == TABLE.keys() - {"root"}


@pytest.mark.parametrize("scope", COVERS)
@pytest.mark.parametrize("role", ROLES)
def test_one_grant_lets_its_key_sign_its_row_within_its_scope_and_nothing_else(
    role: str, scope: str
) -> None:
    """AUTH-4: every pair of the table: what is signed × key's role × scope."""
    roles = (Role(role="root", keys=(B.key,)), Role(role=role, scope=scope, keys=(A.key,)))
    root = Root(version=1, at=AT, stewards=STEWARDS, roles=roles)
    trust = trust_of(NETWORK, root, HASH)
    accepted, refused = judge(trust, world_of(root), (A, P))
    assert accepted == sum(
        TABLE[act_of(body)][0] == role and scope_of(body) in COVERS[scope]
        and not (isinstance(body, Delegation) and body.roles)
        for body in BODIES
    )  # fmt: skip
    assert accepted + refused == 3 * len(BODIES)


@settings(max_examples=60)
@given(roots())
def test_a_root_decides_every_pair_as_the_table_says(root: Root) -> None:
    """AUTH-4, AUTH-14, AUTH-15, AUTH-16, ROOT-11: every document under every group of keys."""
    trust = trust_with(trust_of(NETWORK, root, HASH), (), (), NOW)
    judge(trust, world_of(root, now=NOW), (A, B, C, P))


@settings(max_examples=100)
@given(
    rich_roots(), signed_lists(max_size=8), st.lists(revocations(), max_size=3),
    st.sampled_from((AT, NOW)),
)  # fmt: skip
def test_delegations_and_revocations_decide_every_pair_as_the_table_says(
    root: Root, signed: list[Signed], revoked: list[Revocation], now: int
) -> None:
    """AUTH-4, AUTH-14 to AUTH-16, AUTH-18, AUTH-19: stewards of stewards, and without them."""
    trust = trust_with(trust_of(NETWORK, root, HASH), signed, revoked, now)
    judge(trust, world_of(root, signed, revoked, now), (A, B, E, F))


@settings(max_examples=300)
@given(
    rich_roots(), signed_lists(max_size=10), st.lists(revocations(), max_size=4),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_trust_does_not_depend_on_the_sequence(
    root: Root, signed: list[Signed], revoked: list[Revocation], chance: random.Random
) -> None:
    """AUTH-18: of the same documents all make the same; and who may sign which follows from it."""
    base = trust_of(NETWORK, root, HASH)
    trust = trust_with(base, signed, revoked, NOW)
    world = world_of(root, signed, revoked, NOW)
    assert {
        Right(g.role, g.scope, g.keys, g.threshold, g.members_max,
              float("inf") if g.until is None else g.until, g.depth)
        for g in trust.grants
    } == set(world.rights)  # fmt: skip
    for _ in range(4):
        chance.shuffle(signed)
        chance.shuffle(revoked)
        assert trust_with(base, signed, [*revoked, *revoked[:1]], NOW) == trust


@settings(max_examples=150)
@given(
    rich_roots(), signed_lists(max_size=6), st.lists(revocations(), max_size=2),
    st.lists(st.tuples(st.integers(0, len(BODIES) - 1), st.integers(1, 3)), max_size=20),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_what_is_in_force_does_not_depend_on_the_sequence(
    root: Root,
    signed: list[Signed],
    revoked: list[Revocation],
    others: list[tuple[int, int]],
    chance: random.Random,
) -> None:
    """AUTH-17, HALT-2: the highest number of whom may sign it now, else of all; then the hash."""
    everyone = [frozenset(one.key for one in group) for group in groups((A, B, E, F))]
    held = [_held(root, NETWORK, frozenset((A.key,)))]
    held += [_held(one.delegation, one.digest, one.keys) for one in signed]
    held += [_held(one, f"{n:063x}r", frozenset((A.key,))) for n, one in enumerate(revoked)]
    for n, (index, version) in enumerate(others):
        body = BODIES[index]
        if isinstance(body, Charter | Roster):
            body = replace(body, version=version)
        if not isinstance(body, Delegation | Revocation):
            held.append(
                _held(body, f"{chance.getrandbits(64):056x}{n:08x}", chance.choice(everyone))
            )
    ruling = ruling_of(NETWORK, held, NOW)
    assert ruling is not None
    for _ in range(4):
        chance.shuffle(held)
        assert ruling_of(NETWORK, held, NOW) == ruling
    world = world_of(root, signed, revoked, NOW)
    places = {(one.type, one.scope) for one in held if one.number and one.type != root.type}
    for place in places:
        ranked = sorted(
            (one for one in held if (one.type, one.scope) == place),
            key=lambda one: (-one.number, one.digest),
        )
        good = [one for one in ranked if may_stand(world, one.read(), one.keys)]
        assert ruling.newest[place] == (good or ranked)[0].digest
    taken = {
        digest for (type_, _), digest in ruling.newest.items() if type_ == type_of("delegation")
    }
    giving = {right.scope for right in world.rights if right.depth}
    assert giving <= {one.scope for one in held if one.digest in taken}


def _held(body: StewardBody, digest: str, keys: frozenset[str]) -> Held:
    number = getattr(body, "version", 0)
    return Held(body.type, scope_of(body), number, digest, keys, lambda: body)
