"""What votes rest on outlives its signers' keys and its files: rosters and charters that name them.

Everybody who has the same certificates holds the same agreed on, also who comes later.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from peer import voting
from peer.stewards.cosigning import cosign
from peer.stewards.trusting import Change, revoke, rotate
from protocol.charter import Charter, Votable
from protocol.errors import WaitingError
from registry import layout
from tests.integration.votes import propose, vote
from tests.network import CLUSTER, FIVE, settled
from tests.stewards import Stewards

ROSTER, CHARTER = "soma/roster/1", "soma/charter/1"
Withdraw = Callable[[Stewards], None]


@pytest.fixture
def stewards() -> Stewards:
    """Kay and max may sign everything; a charter by max lets a roster by max agree on `pace`."""
    found = Stewards(settled(*FIVE))
    found.rotate(("kay", "max"), 1, "kay", "max")
    found.sign(found.roster(), "max")
    found.sign(votable(found, "max"), "max")
    found.tick()
    return found


def votable(stewards: Stewards, text: str) -> Charter:
    number, _ = stewards.last[ROSTER, CLUSTER]
    names = Votable(key="pace", cluster=CLUSTER, roster=number)
    return stewards.charter(text, votable=(names,))


def agree(stewards: Stewards, value: str) -> None:
    """All but one say yes, and all learn it."""
    network = stewards.network
    proposal = propose(network, "core", value)
    network.round()
    vote(network, FIVE[:4], proposal)
    network.round(2)


def values(stewards: Stewards) -> dict[str, dict[str, str]]:
    return {
        name: {key: one.value for key, one in voting.agreed(peer).items()}
        for name, peer in stewards.network.peers.items()
    }


def by_root(stewards: Stewards) -> None:
    rotate(stewards.desk("kay"), Change(remove=("max",)))


def newcomer(stewards: Stewards) -> None:
    """Smith joins, and is in the newest roster only."""
    desk = stewards.desk("kay")
    before = max(desk.documents(ROSTER), key=lambda d: d.number)
    stewards.last[ROSTER, CLUSTER] = (before.number, before.digest)
    stewards.network.add("zoe")
    stewards.sign(stewards.roster("zoe"), "kay")
    stewards.network.round(3)


def test_what_was_agreed_on_holds_for_newcomers_after_a_rotation(stewards: Stewards) -> None:
    """AUTH-24, VOTE-20: the roster that the charter names is signed again, newest or not."""
    agree(stewards, "slow")
    stewards.sign(stewards.roster(), "kay")  # another roster is in force than the one that votes
    stewards.tick()
    by_root(stewards)
    newcomer(stewards)
    assert values(stewards) == {name: {"pace": "slow"} for name in (*FIVE, "zoe")}


def test_so_do_former_charters_that_named_who_agreed(stewards: Stewards) -> None:
    """VOTE-20: by the roster of a former charter something holds until others have agreed."""
    agree(stewards, "slow")
    stewards.sign(stewards.roster(), "kay")
    stewards.sign(votable(stewards, "kay"), "kay")
    stewards.tick()
    by_root(stewards)
    newcomer(stewards)
    assert values(stewards) == {name: {"pace": "slow"} for name in (*FIVE, "zoe")}


def test_who_knew_it_before_takes_the_signatures_that_count_now(stewards: Stewards) -> None:
    """AUTH-25, VOTE-20: else old peers and newcomers could judge by different ones."""
    number, digest = stewards.last[ROSTER, CLUSTER]
    stewards.sign(stewards.roster(), "kay")
    stewards.tick()
    by_root(stewards)
    stewards.tick()
    for name in FIVE:
        stored = stewards.network.peers[name].home.archive.get(digest)
        assert stored is not None
        assert (stored.number, stored.keys) == (number, stewards.keys["kay"].key)


def test_more_stewards_than_one_sign_it_again(stewards: Stewards) -> None:
    """AUTH-24: it waits with the root, for each to sign once."""
    stewards.rotate(("kay", "max", "lee"), 2, "kay", "max")
    stewards.sign(stewards.roster(), "kay", "max")
    stewards.sign(votable(stewards, "two"), "kay", "max")
    stewards.tick()
    agree(stewards, "slow")
    stewards.sign(stewards.roster(), "kay", "lee")
    stewards.tick()
    kay, lee = stewards.desk("kay"), stewards.desk("lee")
    for desk in (kay, lee):
        desk.keep(desk.known())
    with pytest.raises(WaitingError):
        rotate(kay, Change(remove=("max",)))
    assert all(signed.waits_for is None for signed in cosign(lee))
    desk = stewards.desk("kay")
    before = max(desk.documents(ROSTER), key=lambda d: d.number)
    stewards.last[ROSTER, CLUSTER] = (before.number, before.digest)
    stewards.network.add("zoe")
    stewards.sign(stewards.roster("zoe"), "kay", "lee")
    stewards.network.round(3)
    assert values(stewards) == {name: {"pace": "slow"} for name in (*FIVE, "zoe")}


def test_what_votes_rest_on_is_put_back_where_its_file_is_gone(stewards: Stewards) -> None:
    """AUTH-9, VOTE-20: newcomers could not judge what was agreed on without it."""
    number, digest = stewards.last[ROSTER, CLUSTER]
    stewards.sign(stewards.roster(), "kay")
    stewards.tick()
    path = layout.document_path(ROSTER, number, digest)
    stewards.network.memory.remove(path)
    stewards.tick()
    assert path in stewards.network.files()


def test_a_roster_of_a_stolen_key_is_not_signed_again(stewards: Stewards) -> None:
    """AUTH-23: what only a key that is withdrawn bears out, and nobody saw before, stays out."""
    stewards.sign(stewards.delegation(CLUSTER, "eve"), "kay")
    stewards.tick()
    revoke(stewards.desk("kay"), stewards.keys["eve"].key, "*", "stolen")
    number, digest = stewards.last[ROSTER, CLUSTER]
    hers = stewards.roster(without="core")
    data = stewards.seal(hers, "eve")
    path = stewards.place(data)
    by_root(stewards)
    stewards.tick()
    assert stewards.network.data(path) == data
    assert hers.version == number + 1
    assert digest
