"""What is in force of all that verified once: roots, newest documents, halts, and when it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.acts import StewardBody, scope_of
from protocol.charter import Charter
from protocol.decision import Decision
from protocol.delegation import Delegation
from protocol.order import Order
from protocol.revocation import Revocation
from protocol.root import Role, Root, Steward
from protocol.ruling import Held, Ruling, ruling_of
from protocol.signing import Signer
from protocol.trust import ROLES, grace_ms
from tests.samples import AT, NETWORK, SALT

KAY, LEE, EVE = (Signer(word * 32) for word in (b"k", b"l", b"e"))
CHARTER = ("soma/charter/1", "*")


def held(body: StewardBody, digest: str, *by: Signer) -> Held:
    number = getattr(body, "version", 0)
    keys = frozenset(one.key for one in by)
    return Held(body.type, scope_of(body), number, digest, keys, lambda: body)


def root(version: int, prev: str | None, *keys: Signer, threshold: int = 1, **more: Any) -> Root:
    named = tuple(Steward(name="s", key=one.key) for one in keys)
    listed = tuple(one.key for one in keys)
    roles = tuple(Role(role=role, keys=listed, threshold=threshold) for role in ROLES)
    return Root(version=version, prev=prev, at=AT, stewards=named, roles=roles, **more)


FIRST = held(root(1, None, KAY, LEE), NETWORK, KAY)


def charter(number: int, digest: str, by: Signer) -> Held:
    prev = None if number == 1 else "0" * 64
    return held(Charter(network=NETWORK, version=number, prev=prev, at=AT), digest, by)


def order(
    word: str, digest: str, *by: Signer, scope: str = "*", lifts: tuple[str, ...] = ()
) -> Held:
    ms = 5 if word == "pause" else None
    body = Order(
        network=NETWORK, order=word, scope=scope, salt=SALT, at=AT, lifts=lifts, ms=ms  # type: ignore[arg-type]
    )  # fmt: skip
    return held(body, digest, *by)


def ruled(*some: Held, now: int = AT) -> Ruling:
    found = ruling_of(NETWORK, some, now)
    assert found is not None
    return found


# ------------------------------------------------------------------------------------ roots


def test_nothing_is_in_force_without_the_pinned_root() -> None:
    """ROOT-2: whatever else is held."""
    assert ruling_of(NETWORK, [], AT) is None
    assert ruling_of(NETWORK, [held(root(2, NETWORK, KAY), "22", KAY)], AT) is None
    assert ruling_of("f" * 64, [FIRST], AT) is None


def test_the_chain_ends_where_one_is_missing() -> None:
    """ROOT-8: a root whose predecessor is not held does not count."""
    second, third = held(root(2, NETWORK, LEE), "22", KAY), held(root(3, "22", KAY), "33", LEE)
    assert ruled(FIRST, third).roots == (NETWORK,)
    assert ruled(third, second, FIRST).roots == (NETWORK, "22", "33")
    assert ruled(third, second, FIRST).trust.digest == "33"


def test_of_two_that_follow_one_root_the_lower_hash_leads() -> None:
    """ROOT-12: for who holds both; and what follows the other one does not count."""
    one, two = (held(root(2, NETWORK, LEE), digest, KAY) for digest in ("2a", "2b"))
    after = held(root(3, "2b", KAY), "33", LEE)
    assert ruled(after, two, one, FIRST).roots == (NETWORK, "2a")


# ------------------------------------------------------------------------------------ newest


def test_the_newest_is_of_those_who_may_sign_it_now() -> None:
    """AUTH-17: number, then hash; of keys that are withdrawn only where there is no other."""
    old, new, evil = charter(1, "c1", LEE), charter(2, "c2", LEE), charter(9, "c9", KAY)
    assert ruled(FIRST, old, new, evil).newest[CHARTER] == "c9"
    second = held(root(2, NETWORK, LEE), "22", KAY)
    assert ruled(FIRST, second, old, new, evil).newest[CHARTER] == "c2"
    assert ruled(FIRST, second, evil).newest[CHARTER] == "c9"
    assert ruled(FIRST, second, evil, charter(1, "c0", KAY)).newest[CHARTER] == "c9"
    assert ruled(FIRST, charter(2, "cb", KAY), charter(2, "ca", LEE)).newest[CHARTER] == "ca"


def test_a_higher_threshold_asks_for_the_documents_again() -> None:
    """AUTH-17, AUTH-16: what one signed stays until two sign anything, also with a lower number."""
    second = held(root(2, NETWORK, KAY, LEE, threshold=2), "22", KAY, LEE)
    alone = charter(9, "c9", KAY)
    assert ruled(FIRST, second, alone).newest[CHARTER] == "c9"
    both = alone._replace(number=2, digest="c2", keys=frozenset((KAY.key, LEE.key)))
    assert ruled(FIRST, second, alone, both).newest[CHARTER] == "c2"


def test_the_delegation_in_force_is_the_one_that_gives() -> None:
    """AUTH-17, AUTH-18: a later version by a delegated steward; a revocation ends them both."""

    def given(scope: str, version: int, to: Signer, digest: str, by: Signer) -> Held:
        named = (Steward(name="s", key=to.key),)
        body = Delegation(
            network=NETWORK, scope=scope, version=version, prev="0" * 64, at=AT, stewards=named,
            roles=ROLES[1:],
        )  # fmt: skip
        return held(body, digest, by)

    some = [FIRST, given("eu", 1, EVE, "d1", KAY), given("lab.eu", 1, KAY, "d2", KAY)]
    some.append(given("lab.eu", 2, EVE, "d3", EVE))
    place = ("soma/delegation/1", "lab.eu")
    assert ruled(*some).newest[place] == "d3"
    assert [g.keys for g in ruled(*some).trust.grants if g.scope == "lab.eu"][:1] == [{EVE.key}]
    revoked = Revocation(network=NETWORK, scope="*", key=EVE.key, at=AT)
    assert ruled(*some, held(revoked, "r1", KAY)).newest[place] == "d2"


def test_what_has_no_number_is_no_newest() -> None:
    """HALT-2: orders, revocations and decisions are sets."""
    revoked = Revocation(network=NETWORK, scope="*", key=EVE.key, at=AT)
    yes = Decision(network=NETWORK, decision="approve", scope="*", of="a" * 64, salt=SALT, at=AT)
    found = ruled(FIRST, held(revoked, "r1", KAY), held(yes, "y1", KAY), order("halt", "h1", KAY))
    assert found.newest == {("soma/root/1", "*"): NETWORK}


# ------------------------------------------------------------------------------------ halts


def test_a_halt_holds_until_those_who_may_lift_it() -> None:
    """HALT-1: a resume counts while one of its signers has the right."""
    halt, pause = order("halt", "h1", KAY), order("pause", "h2", LEE, scope="eu")
    lift = order("resume", "r1", KAY, lifts=("h1", "h2"))
    assert ruled(FIRST, halt, pause).halts.keys() == {"h1", "h2"}
    assert ruled(lift, FIRST, halt, pause).halts == {}
    narrow = order("resume", "r1", KAY, scope="eu", lifts=("h1", "h2"))
    assert ruled(FIRST, halt, pause, narrow).halts.keys() == {"h1"}
    second = held(root(2, NETWORK, LEE), "22", KAY)
    assert ruled(FIRST, second, halt, pause, lift).halts.keys() == {"h1", "h2"}
    third = held(root(2, NETWORK, KAY, LEE, threshold=2), "22", KAY)
    assert ruled(FIRST, third, halt, lift).halts == {}
    both = order("resume", "r2", KAY, LEE, lifts=("h1",))
    assert ruled(FIRST, second, halt, both).halts == {}


def test_a_halt_of_a_withdrawn_key_holds_until_it_is_lifted() -> None:
    """HALT-1: whoever stops somebody has stopped him; those who may now let him go."""
    second = held(root(2, NETWORK, LEE), "22", KAY)
    halt = order("halt", "h1", KAY)
    assert ruled(FIRST, second, halt).halts.keys() == {"h1"}
    assert ruled(FIRST, second, halt, order("resume", "r1", LEE, lifts=("h1",))).halts == {}


# ------------------------------------------------------------------------------------ when


@pytest.mark.parametrize("end", ["root", "delegation"])
def test_it_is_worked_out_again_when_something_ends(end: str) -> None:
    """ROOT-11, AUTH-18: from the first millisecond on in which something else may follow."""
    ends = AT + 1_000
    one = Delegation(
        network=NETWORK, scope="eu", version=1, at=AT, roles=("order",),
        stewards=(Steward(name="eve", key=EVE.key),), until=ends,
    )  # fmt: skip
    body = FIRST.read()
    assert isinstance(body, Root)
    some = [FIRST, held(one, "d1", KAY)]
    if end == "root":
        some = [held(replace(body, until=ends), NETWORK, KAY)]
    before = ruled(*some)
    assert before.until == ends + grace_ms + 1
    last, after = ruled(*some, now=ends + grace_ms), ruled(*some, now=before.until)
    assert last.trust == before.trust
    assert after.trust != before.trust
    assert (last.until, after.until) == (before.until, None)
    assert after.newest == before.newest
