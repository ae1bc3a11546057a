"""A peer whose key counts no more: a person hears it from escalations and status, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer.approvals import status
from peer.home.concerns import Concern
from peer.stewards.trusting import revoke
from tests.integration.typist import settled as typed
from tests.network import CLUSTER, FIVE, Network, settled


def told(network: Network, name: str = "smith") -> list[Concern]:
    concerns = network.peers[name].home.concerns.all()
    return [one for one in concerns if one.key == "lost-key"]


def written(network: Network) -> dict[str, bytes]:
    """What lies in its folder."""
    return {path: network.data(path) for path in network.files("peers/smith")}


@pytest.mark.parametrize("how", ["revoked", "retired", "compromised"])
def test_it_is_told_once_and_until_a_key_counts(how: str) -> None:
    """REKEY-5: nothing is written to the share under it meanwhile."""
    network = settled(*FIVE)
    if how == "revoked":
        revoke(network.desk, network.peers["smith"].signer.key, CLUSTER, "stolen")
    else:
        members = network.members()
        members["smith"] = dict.fromkeys(members["smith"], how)  # type: ignore[arg-type]
        network.roster(members)
    before = written(network)
    network.clock.go(60_000)
    assert network.tick("smith").state == "parked"
    (first,) = told(network)
    assert first.level == "human"
    assert ("retired" if how == "retired" else "compromised") in first.text
    assert "peer rekey --as smith" in first.mend
    network.clock.go(60_000)
    assert network.tick("smith").state == "parked"
    assert told(network) == [first]
    assert [row["key"] for row in status(network.peers["smith"])["concerns"]] == ["lost-key"]
    assert written(network) == before
    network.round(1, only=[name for name in FIVE if name != "smith"])
    assert all(told(network, name) == [] for name in FIVE if name != "smith")
    network.admit_next("smith", "retired" if how == "retired" else "compromised")
    network.round()
    assert told(network) == []
    assert network.tick("smith").state == "idle"


def test_a_newcomer_is_told_nothing_of_a_key_that_never_counted() -> None:
    network = settled("core", "scout")
    network.add("late")
    assert network.tick("late").state == "parked"
    assert told(network, "late") == []


def test_it_stands_among_the_escalations_as_they_are_typed(tmp_path: Path) -> None:
    """REKEY-5: beside the exit code of the tick."""
    peer = typed(tmp_path)
    peer("revoke", "core", "--because", "stolen")
    said = peer("tick", "--as", "core", code=6)
    assert "compromised" in said.err
    shown = peer("escalations", "--as", "core").out
    assert "the key of this home is compromised, as a steward said" in shown
    assert "peer rekey --as core" in shown
    assert "the key of this home is compromised" in peer("status", "--as", "core").out
    (row,) = peer("escalations", "--as", "core", "--json").json
    assert row["key"] == "lost-key"
