"""A steward loses a right: what he signed stays, unless others say that a thief did."""

from __future__ import annotations

import pytest

from peer.stewards.reading import anew_looks_max
from peer.stewards.trusting import Change, delegate, rotate
from peer.tick.session import tick
from protocol.charter import TYPE as CHARTER
from protocol.roster import TYPE as ROSTER
from tests.network import CLUSTER, settled
from tests.stewards import Stewards, path_and_digest


@pytest.fixture
def stewards() -> Stewards:
    return Stewards(settled())


@pytest.mark.parametrize("how", ["root", "delegation"])
def test_what_a_steward_signed_stays_when_he_leaves(stewards: Stewards, how: str) -> None:
    """AUTH-24, AUTH-25: something older that others signed does not come back."""
    if how == "root":
        stewards.rotate(("kay", "max"), 1, "kay", "max")
    else:
        stewards.sign(stewards.delegation("*", "max"), "kay")
    digest = stewards.sign(stewards.charter("by max"), "max")
    stewards.network.add("smith")
    members = stewards.sign(stewards.roster("smith"), "max")
    stewards.tick()
    kay = stewards.desk("kay")
    if how == "root":
        rotate(kay, Change(remove=("max",)))
    else:
        delegate(kay, "*", {}, ())
    assert set(stewards.tick().values()) == {"idle"}
    assert stewards.all_hold(CHARTER, "*", digest)
    assert stewards.all_hold(ROSTER, CLUSTER, members)


def test_what_is_disowned_falls_when_he_leaves(stewards: Stewards) -> None:
    """AUTH-24: whose key was stolen, of that nothing need stay."""
    stewards.rotate(("kay", "max"), 1, "kay", "max")
    good = stewards.in_force("core")
    assert good is not None
    bad = stewards.sign(stewards.charter("by a thief"), "max")
    stewards.tick()
    rotate(stewards.desk("kay"), Change(remove=("max",)), disowned=[bad])
    stewards.tick()
    assert stewards.all_hold(CHARTER, "*", good)


def test_many_that_nobody_signs_again_are_looked_at_in_turn(stewards: Stewards) -> None:
    """AUTH-25: some in each tick, so that a heap of them costs little, and hides none for good."""
    stewards.rotate(("kay", "max"), 1, "kay", "max")
    bodies = []
    for number in range(12):
        bodies.append(stewards.charter(f"number {number}"))
        stewards.sign(bodies[-1], "max")
    stewards.tick()
    stewards.rotate(("kay",), 1, "kay")  # by a program that signs nothing again
    stewards.tick()
    data = stewards.seal(bodies[4], "kay")
    stewards.place(data)
    _, digest = path_and_digest(data)
    network = stewards.network
    for _ in range(len(bodies) // anew_looks_max):
        network.clock.go(600_000)
        with network.faulty("core") as share:
            tick(network.peers["core"])
        read = [c for c in share.calls if c.op == "read" and ".charter." in c.path]
        assert len(read) <= anew_looks_max + 1  # and the one in force
    assert stewards.in_force("core") == digest
