"""Stewards of stewards, case by case: what a delegation gives, how long, how it is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol import limits
from protocol.authority import lacking, open_part, open_steward_document, seal_document
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.errors import RuleError
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.roster import Member, MemberKey, Roster
from protocol.signing import Signer
from protocol.trust import ROLES, Grant, Signed, Trust, delegates, grace_ms, trust_of, trust_with
from tests.samples import AT, HASH, NETWORK, SALT

KAY, LEE = Signer(b"k" * 32), Signer(b"l" * 32)  # of the root
EVE, FAY, GUS = Signer(b"e" * 32), Signer(b"f" * 32), Signer(b"g" * 32)
ALL = tuple(role for role in ROLES if role != "root")
ROOT = Root(
    version=1,
    at=AT,
    stewards=(Steward(name="kay", key=KAY.key), Steward(name="lee", key=LEE.key)),
    roles=tuple(Role(role=role, keys=(KAY.key, LEE.key)) for role in ROLES),
)
BASE = trust_of(NETWORK, ROOT, HASH)


def gives(scope: str, *to: Signer, by: Signer = KAY, version: int = 1, **more: Any) -> Signed:
    """A delegation of every role, unless told otherwise, that one steward signed."""
    values = {"roles": ALL, "stewards": tuple(Steward(name="s", key=one.key) for one in to)}
    body = Delegation(
        network=NETWORK, scope=scope, version=version, at=AT,
        prev=None if version == 1 else HASH, **(values | more),
    )  # fmt: skip
    return Signed(body, frozenset((by.key,)), f"{scope} {version} {by.key}")


def trust(*signed: Signed, void: tuple[Revocation, ...] = (), now: int = AT) -> Trust:
    return trust_with(BASE, signed, void, now)


def void(key: Signer, scope: str) -> Revocation:
    return Revocation(network=NETWORK, scope=scope, key=key.key, at=AT)


def may(found: Trust, who: Signer, scope: str, act: str = "charter") -> bool:
    return found.grant(act, scope, frozenset((who.key,))) is not None


def rule(found: Trust, body: Any, *signers: Signer) -> str | None:
    try:
        open_steward_document(seal_document(body, NETWORK, *signers), found)
    except RuleError as error:
        return error.rule
    return None


def roster(cluster: str, count: int) -> Roster:
    names = [f"m{n:02}" for n in range(count)]
    listed = tuple(
        Member(name=name, keys=(MemberKey(key=Signer(name.encode().ljust(32)).key),))
        for name in names
    )
    return Roster(network=NETWORK, cluster=cluster, version=1, at=AT, members=listed)


# -------------------------------------------------------------------------------- attenuation


BOUND = gives("eu", EVE, roles=("delegation", "roster"), members_max=10, until=AT + 1000)


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({"roles": ("roster",), "members_max": 10, "until": AT + 1000}, True),
        ({"roles": ("roster",), "members_max": 3, "until": AT}, True),
        ({"roles": ("roster",), "members_max": 0, "until": 0}, True),
        ({"roles": ("mayor",), "members_max": 10, "until": AT}, True),  # gives nothing
        ({"roles": ()}, True),  # takes back
        ({"roles": ("roster", "order"), "members_max": 10, "until": AT}, False),
        ({"roles": ("roster",), "members_max": 11, "until": AT}, False),
        ({"roles": ("roster",), "members_max": 10, "until": AT + 1001}, False),
        ({"roles": ("roster",), "members_max": 10, "until": None}, False),
    ],
)
@pytest.mark.parametrize("scope", ["lab.eu", "core@lab.eu", "eu", "us", "*"])
def test_a_delegation_gives_no_more_than_its_signer_has(
    scope: str, more: dict[str, Any], good: bool
) -> None:
    """AUTH-15: roles, members_max, until, scope; each member alone makes it too much."""
    values: dict[str, Any] = {"roles": ("roster",), "members_max": 10, "until": AT + 1000, **more}
    one = gives(scope, FAY, by=EVE, **values)
    inside = scope in ("lab.eu", "core@lab.eu")
    assert delegates(trust(BOUND), one.delegation, one.keys) == (good and inside)
    expected = None if good and inside else "AUTH-15" if inside or scope == "eu" else "AUTH-4"
    assert rule(trust(BOUND), one.delegation, EVE) == expected
    if scope == "lab.eu" and "roster" in values["roles"] and values["until"] != 0:
        assert may(trust(BOUND, one), FAY, scope, "roster") == good


def test_a_threshold_may_be_any_that_its_stewards_can_reach() -> None:
    """AUTH-15, AUTH-12: who delegates says how many of them sign together."""
    two = trust(gives("eu", EVE, FAY, threshold=2))
    halt = Order(network=NETWORK, order="halt", scope="lab.eu", salt=SALT, at=AT)
    resume = replace(halt, order="resume")
    assert rule(two, halt, EVE) is None
    assert rule(two, resume, EVE) == "AUTH-16"
    assert rule(two, resume, EVE, FAY) is None
    part = open_part(seal_document(resume, NETWORK, EVE), two)
    assert lacking(part, two).more == 1
    three = gives("eu", EVE, FAY, threshold=3)
    assert rule(BASE, three.delegation, KAY) == "AUTH-12"


def test_two_grants_of_one_steward_are_two_ways() -> None:
    """AUTH-15: one admits many until tomorrow, the other a few for ever; each may be passed on."""
    both = replace(
        BASE,
        grants=(
            *BASE.grants,
            *(Grant(role, "eu", frozenset((EVE.key,)), 1, 10, None, 1) for role in ALL),
            *(Grant(role, "eu", frozenset((EVE.key,)), 1, 99, AT + 5, 1) for role in ALL),
        ),
    )
    for members_max, until, good in ((10, None, True), (99, AT + 5, True), (11, None, False)):
        one = gives("lab.eu", FAY, by=EVE, members_max=members_max, until=until)
        assert delegates(both, one.delegation, one.keys) == good


def test_nobody_extends_what_he_was_given() -> None:
    """AUTH-15: not its own scope; also where he may delegate there by another right."""
    given = gives("eu", EVE, roles=("delegation", "roster"))
    assert rule(trust(given), gives("eu", EVE, FAY, by=EVE, version=2).delegation, EVE) == "AUTH-15"
    wide = gives("*", EVE, roles=("delegation",))
    lent = gives("eu", EVE, roles=("roster",))
    again = gives("eu", EVE, FAY, by=EVE, version=2, roles=("roster",))
    assert rule(trust(wide, lent), again.delegation, EVE) == "AUTH-15"
    found = trust(wide, lent, again)
    assert not may(found, FAY, "eu", "roster")
    assert may(found, EVE, "eu", "roster")


def test_a_smaller_right_over_more_is_a_right_over_its_part() -> None:
    """AUTH-15: what a delegation of the same scope gives besides takes nothing from it."""
    few = gives("eu", EVE, members_max=10)
    many = gives("lab.eu", EVE, members_max=100)
    next_ = gives("lab.eu", FAY, by=EVE, version=2, members_max=10)
    assert rule(trust(few, many), next_.delegation, EVE) is None
    assert may(trust(few, many, next_), FAY, "lab.eu")


def test_a_roster_has_no_more_members_than_its_signers_may_admit() -> None:
    """AUTH-14: active ones; whoever signs with the root's steward needs his right."""
    found = trust(gives("eu", EVE, members_max=2))
    assert [rule(found, roster("lab.eu", n), EVE) for n in (2, 3)] == [None, "AUTH-14"]
    assert rule(found, roster("lab.eu", 3), EVE, KAY) is None
    left = roster("lab.eu", 3)
    gone = replace(left.members[0].keys[0], state="retired")
    left = replace(left, members=(replace(left.members[0], keys=(gone,)), *left.members[1:]))
    assert rule(found, left, EVE) is None


# -------------------------------------------------------------------------------- how far, how long


def chain(length: int) -> list[Signed]:
    """Each steward delegates a narrower scope to the next."""
    found, by, scope = [], KAY, "x"
    for n in range(length):
        to = Signer(bytes((200 + n,)) * 32)
        found.append(gives(scope, to, by=by))
        by, scope = to, f"x.{scope}"
    return found


def test_delegations_hang_on_each_other_at_most_eight_deep() -> None:
    """AUTH-18: the ninth gives nothing, and is refused."""
    signed = chain(10)
    found = trust(*signed)
    deep = [may(found, Signer(bytes((200 + n,)) * 32), one.delegation.scope)
            for n, one in enumerate(signed)]  # fmt: skip
    assert deep == [True] * limits.delegation_depth_max + [False] * 2
    by = [KAY, *(Signer(bytes((200 + n,)) * 32) for n in range(9))]
    assert rule(trust(*signed[:7]), signed[7].delegation, by[7]) is None
    assert rule(trust(*signed[:8]), signed[8].delegation, by[8]) == "AUTH-15"


@pytest.mark.parametrize("cut", range(5))
def test_what_hangs_on_a_delegation_ends_with_it(cut: int) -> None:
    """AUTH-18, AUTH-19: taken back, ended, or its steward revoked: so are all below him."""
    signed = chain(5)
    holders = [Signer(bytes((200 + n,)) * 32) for n in range(5)]
    one = signed[cut].delegation
    back = gives(one.scope, holders[cut], version=2, roles=())
    ended = signed[cut]._replace(delegation=replace(one, until=AT))
    cuts = {
        "taken back": trust(*signed, back),
        "ended": trust(*signed[:cut], ended, *signed[cut + 1 :], now=AT + grace_ms + 1),
        "revoked": trust(*signed, void=(void(holders[cut], "*"),)),
    }
    for how, found in cuts.items():
        left = [may(found, who, s.delegation.scope) for who, s in zip(holders, signed, strict=True)]
        assert left == [n < cut for n in range(5)], how
        assert may(found, KAY, "*"), how


def test_clocks_may_be_wrong_by_two_days() -> None:
    """AUTH-18: 48 hours after `until`, to the millisecond."""
    one = gives("eu", EVE, until=AT)
    assert may(trust(one, now=AT + 48 * 3_600_000), EVE, "eu")
    assert not may(trust(one, now=AT + 48 * 3_600_000 + 1), EVE, "eu")


def test_one_that_ended_does_not_bring_back_the_one_before() -> None:
    """AUTH-18: the later version counts, and it gives nothing any more."""
    found = trust(gives("eu", EVE), gives("eu", FAY, version=2, until=AT), now=AT + grace_ms + 1)
    assert not may(found, EVE, "eu")
    assert not may(found, FAY, "eu")


def test_a_later_version_counts_whoever_may_sign_it() -> None:
    """AUTH-17, AUTH-18: also where its signer has the right by a delegation himself."""
    region = gives("eu", EVE)
    first = gives("lab.eu", FAY)
    back = gives("lab.eu", FAY, by=EVE, version=2, roles=())
    assert not may(trust(region, first, back), FAY, "lab.eu")
    other = gives("lab.eu", GUS, by=EVE, version=2)
    found = trust(region, first, other)
    assert not may(found, FAY, "lab.eu")
    assert may(found, GUS, "lab.eu")


def test_a_later_version_of_somebody_without_the_right_takes_nothing_back() -> None:
    """AUTH-17: numbers that nobody may use do not count."""
    for version in (2, limits.int_abs_max):
        found = trust(gives("eu", EVE), gives("eu", FAY, by=GUS, version=version))
        assert may(found, EVE, "eu")
        assert not may(found, FAY, "eu")


# -------------------------------------------------------------------------------- revocations


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ("*", set()),
        ("eu", set()),
        ("lab.eu", {"eu", "x.eu"}),
        ("core@lab.eu", {"eu", "x.eu", "lab.eu"}),
        ("us", {"eu", "x.eu", "lab.eu", "core@lab.eu"}),
    ],
)
def test_a_revoked_steward_counts_for_nothing_within_its_scope(scope: str, left: set[str]) -> None:
    """AUTH-19: also where it is narrower than what he was given."""
    found = trust(gives("eu", EVE), void=(void(EVE, scope),))
    assert {s for s in ("eu", "x.eu", "lab.eu", "core@lab.eu") if may(found, EVE, s)} == left
    for where in ("eu", "x.eu", "lab.eu", "core@lab.eu"):
        halt = Order(network=NETWORK, order="halt", scope=where, salt=SALT, at=AT)
        assert rule(found, halt, EVE) == (None if where in left else "AUTH-4")
        assert found.has_right("halt", where, EVE.key) == (where in left)


def test_a_revoked_one_of_three_leaves_two() -> None:
    """AUTH-19, AUTH-16: two of three still sign together; one of them and the revoked do not."""
    three = gives("eu", EVE, FAY, GUS, threshold=2)
    found = trust(three, void=(void(GUS, "eu"),))
    body = roster("lab.eu", 1)
    assert rule(found, body, EVE, FAY) is None
    assert rule(found, body, EVE) == "AUTH-16"
    assert rule(found, body, EVE, GUS) == "AUTH-4"
    part = open_part(seal_document(body, NETWORK, EVE), found)
    assert lacking(part, found).more == 1


def test_no_revocation_takes_a_right_of_the_root() -> None:
    """AUTH-19: that the next root does; a delegation to the same key is void all the same."""
    found = trust(gives("eu", KAY), void=(void(KAY, "*"),))
    assert may(found, KAY, "eu")
    assert [grant.depth for grant in found.grants_by("charter", "eu", frozenset((KAY.key,)))] == [0]


@pytest.mark.parametrize(
    "body",
    [
        gives("eu", EVE, EVE).delegation,
        gives("eu", EVE, threshold=2).delegation,
        gives("eu", EVE, roles=("root", "order")).delegation,
        Order(network=NETWORK, order="pause", scope="eu", salt=SALT, at=AT),
        Order(network=NETWORK, order="halt", scope="eu", salt=SALT, at=AT, ms=5),
        Order(network=NETWORK, order="resume", scope="eu", salt=SALT, at=AT, ms=5),
        Order(network=NETWORK, order="halt", scope="eu", salt=SALT, at=AT, lifts=(HASH,)),
        Decision(network=NETWORK, decision="deny", scope="eu", of=HASH, salt=SALT, at=AT, until=AT),
    ],
)
def test_what_contradicts_itself_is_refused(body: Any) -> None:
    """AUTH-12: whoever signed it."""
    assert rule(BASE, body, KAY) == "AUTH-12"
