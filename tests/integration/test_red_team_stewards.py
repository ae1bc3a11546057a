"""What somebody does to stewards who can write the share, and has a key that is no good any more.

Keys: none at all, one that a former root named, or that of a steward of one place only. What the
stewards' own programs then do is looked at, and what peers make of that.
"""

from __future__ import annotations

import pytest

from peer.stewards.cosigning import cosign, waiting
from peer.stewards.trusting import delegate, revoke, upcoming
from protocol.authority import open_part
from registry import charter
from tests.network import settled
from tests.stewards import Stewards


@pytest.fixture
def stewards() -> Stewards:
    return Stewards(settled())


def test_a_root_that_only_a_stranger_signed_waits_for_nobody(stewards: Stewards) -> None:
    """AUTH-22: whoever can write the share can name himself in a root; no steward signs it."""
    kay, memory = stewards.desk("kay"), stewards.network.memory
    data = stewards.seal(stewards.next_root(("kay", "eve"), 1), "eve")
    charter.place_part(memory, open_part(data, kay.known().trust))
    known, now = kay.known(), kay.clock.wall_ms()
    assert not waiting(known, now)
    assert upcoming(known, now) == known.trust  # else a revocation signs nothing again for now
    assert not cosign(kay)
    assert set(stewards.tick().values()) == {"idle"}
    assert stewards.version_of("core") == 1


def test_a_root_that_a_steward_began_waits_for_the_next_one(stewards: Stewards) -> None:
    """AUTH-22: what a steward of the present root has signed is for those whom it adds."""
    data = stewards.seal(stewards.next_root(("kay", "lee"), 2), "kay")
    part = open_part(data, stewards.desk("kay").known().trust)
    charter.place_part(stewards.network.memory, part)
    assert [done.waits_for for done in cosign(stewards.desk("lee"))][:1] == [None]


@pytest.mark.parametrize("act", ["delegate", "revoke", "charter sign"])
def test_a_halt_of_a_withdrawn_key_is_not_signed_again(stewards: Stewards, act: str) -> None:
    """AUTH-23: a steward who sees it for the first time lends it no signature."""
    stewards.rotate(("kay", "lee"), 1, "kay")
    stewards.tick()
    stewards.rotate(("kay",), 1, "kay")  # lee's key was stolen
    stewards.tick()
    stewards.sign(stewards.order("halt"), "lee")
    kay = stewards.desk("kay")
    for _ in range(2):  # also not once his shelf has whatever it takes in
        if act == "delegate":
            delegate(kay, "other.eu", {"max": stewards.keys["max"].key}, ["order"])
        elif act == "revoke":
            revoke(kay, stewards.keys["fay"].key, "*", "")
        else:
            assert not cosign(kay)
    assert set(stewards.tick().values()) == {"idle"}


def test_a_halt_that_held_is_signed_again(stewards: Stewards) -> None:
    """AUTH-23: whoever withdraws a key signs again what halts by it alone; newcomers obey it."""
    stewards.sign(stewards.delegation("*", "max"), "kay")
    stewards.sign(stewards.order("halt"), "max")
    stewards.tick()
    kay = stewards.desk("kay")
    revoke(kay, stewards.keys["max"].key, "*", "")
    stewards.network.add("smith")
    stewards.sign(stewards.roster("smith"), "kay")
    assert set(stewards.tick().values()) == {"parked"}
