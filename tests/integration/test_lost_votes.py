"""Votes under keys that a roster or a revocation calls compromised while the charter lets them."""

from __future__ import annotations

import pytest

from peer.approvals import status
from peer.cli.proposals import _proposal
from peer.deciding import proposals
from peer.stewards.trusting import revoke
from tests.integration.votes import (
    agreed,
    certificates,
    deny,
    electing,
    propose,
    row,
    states,
    vote,
)
from tests.network import CLUSTER, FIVE, Network


def lose(network: Network, name: str, how: str) -> None:
    """A steward learns that others have the key of a peer; the charter is not changed."""
    if how == "roster":
        network.rekey(name, old="compromised")
        return
    key = network.peers[name].signer.key
    revoke(network.desk, key, CLUSTER, "stolen")


def shown(network: Network, who: str, proposal: str) -> str:
    return "\n".join(_proposal(row(network, who, proposal)))


@pytest.mark.parametrize("how", ["roster", "revocation"])
def test_a_compromised_key_votes_no_more(how: str) -> None:
    """VOTE-19: its YES is lost, also one that was cast before, and makes no certificate."""
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, ["core", "librarian", "smith"], slow)
    network.round(2)
    assert row(network, "core", slow)["yes"] == ["core", "librarian", "smith"]
    lose(network, "smith", how)
    others = [name for name in FIVE if name != "smith"]
    network.round(1, only=others)
    vote(network, ["scout"], slow)
    network.round(2, only=others)
    for name in others:
        found = row(network, name, slow)
        assert found["state"] == "open"
        assert found["yes"] == ["core", "librarian", "scout"]
        assert (found["compromised"], found["missing"]) == (["smith"], ["warden"])
    assert certificates(network) == 0
    said = shown(network, "core", slow)
    assert "1 voted with a key that is compromised since" in said
    assert "names a newer roster" in said
    vote(network, ["warden"], slow)
    network.round(2, only=others)
    assert [agreed(network)[name] for name in others] == [{"pace": "slow"}] * 4


@pytest.mark.parametrize("how", ["roster", "revocation"])
def test_what_was_agreed_on_before_holds_until_a_steward_denies_it(how: str) -> None:
    """VOTE-10, VOTE-19: nothing flips when a key is lost; all are shown it, and a no ends it.

    Who learns of the loss first and of the certificate afterwards holds the same as all others.
    """
    network = electing()
    slow = propose(network, "core", "slow")
    network.round()
    vote(network, ["core", "librarian", "scout", "smith"], slow)
    quick = [name for name in FIVE if name not in ("smith", "warden")]
    network.round(2, only=quick)
    assert certificates(network) == 1
    lose(network, "smith", how)
    others = [*quick, "warden"]
    network.round(2, only=others)
    for name in others:
        assert agreed(network)[name] == {"pace": "slow"}
        found = row(network, name, slow)
        assert (found["state"], found["compromised"]) == ("agreed", ["smith"])
        assert f"a steward can undo it: `peer deny {slow[:8]}`" in shown(network, name, slow)
    deny(network, slow)
    network.round(1, only=others)
    assert [agreed(network)[name] for name in others] == [{}] * 4
    assert states(network, "warden") == {"slow": "vetoed"}


def test_a_mailbox_is_shown_that_a_vote_is_open() -> None:
    """Its steward may deny what is proposed, and has no vote."""
    network = electing()
    network.mailbox("kay")
    network.round()
    propose(network, "core", "slow")
    network.round()
    assert status(network.peers["kay"])["votes"] == 1
    vote(network, FIVE, proposals(network.peers["core"])[0]["id"])
    network.round(2)
    assert status(network.peers["kay"])["votes"] == 0
