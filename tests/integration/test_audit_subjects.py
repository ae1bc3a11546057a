"""What decisions were about: told in words from homes at hand, else from the share, else a hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peer.auditing import history
from peer.subjects import homes_in
from protocol.charter import Rule
from protocol.decision import Decision
from protocol.messages import Insight
from tests.integration.test_cli_approvals import Office
from tests.integration.typist import Typist
from tests.integration.votes import SALT, allow, deny, propose
from tests.network import Network, settled


def decisions(network: Network) -> list[dict[str, Any]]:
    found = history(network.memory, network.network, network.clock.wall_ms())
    assert found.problems == []
    return [row for row in found.rows if row["document"] == "decision"]


def approve(network: Network, of: str, scope: str) -> None:
    network.desk.sign(
        Decision(
            network=network.network, decision="approve", scope=scope, of=of, salt=SALT,
            at=network.clock.wall_ms(),
        )
    )  # fmt: skip


def test_a_proposal_is_found_in_a_feed_of_the_share() -> None:
    network = settled("core", "scout")
    allow(network, "pace")
    network.round()
    slow = propose(network, "core", "slow")
    network.round()
    deny(network, slow)
    (row,) = decisions(network)
    said = f"the proposal of core@lab.eu that pace be slow ({slow[:8]})"
    assert row["about"] == said
    assert row["says"] == f"denies for lab.eu; it is {said}"


def test_a_request_is_found_in_the_mail_of_a_mailbox() -> None:
    network = settled("core", "scout")
    network.mailbox("kay")
    network.charter(Rule(effect="publish", kind="insight", verdict="approve"))
    network.round()
    (id_,) = network.send("core", "all", Insight(text="copper conducts")).ids
    (ask,) = network.peers["core"].home.asks.all()
    network.tick("core")  # the letter lies in the inbox of kay, who has not looked
    approve(network, ask.hash, "core@lab.eu")
    (row,) = decisions(network)
    assert row["about"] == (
        f"the request of core@lab.eu to publish an item of kind insight to everybody ({id_[:8]})"
    )


def test_what_is_found_nowhere_stays_a_hash() -> None:
    network = settled("core", "scout")
    approve(network, "ab" * 32, "core@lab.eu")
    (row,) = decisions(network)
    assert (row["about"], row["says"]) == (None, "approves for core@lab.eu")
    assert row["details"] == [f"it is what has the hash {'ab' * 32}"]


def test_homes_at_hand_tell_what_the_share_does_not_show_any_more(tmp_path: Path) -> None:
    """A steward's mailbox and the asker know it for good; a stranger's home knows no more."""
    office = Office(tmp_path)
    office.charter(tmp_path)
    id_ = office.core("share", "copper conducts", "--json", code=6).json["ids"][0]
    office.kay("tick", "--as", "kay")
    office.kay("approve", id_)
    office.core("tick")
    late = Typist(tmp_path, {"PEER_HOME": str(tmp_path / "lates")})
    late("join", str(office.share), "--name", "late")
    said = f"the request of core@lab to publish an item of kind insight to everybody ({id_[:8]})"
    for who, about in ((office.kay, said), (office.core, said), (late, None)):
        (row,) = [r for r in who("audit", "--json").json["history"] if r["document"] == "decision"]
        assert row["about"] == about
    assert f"; it is {said}" in office.kay("audit").out


def test_a_damaged_home_hides_no_history(tmp_path: Path) -> None:
    office = Office(tmp_path)
    for path in (tmp_path / "cores").rglob("home.db"):
        path.write_bytes(b"rust")
    network = office.made["network"]
    with homes_in(str(tmp_path / "cores"), network) as homes:
        assert homes == []
