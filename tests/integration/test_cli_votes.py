"""Proposing and voting as it is typed, by whole processes over a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from peer import Peer, keys
from peer.clock import SystemClock, SystemEntropy
from peer.deciding import find_proposal
from peer.home.places import choose
from peer.polls import polls
from peer.send import send
from peer.stewards.desk import Desk
from peer.stewards.shelf import FolderShelf
from peer.wiring import open_share
from protocol import ballots, canonical
from protocol.ballots import open_ballot
from protocol.charter import Charter, Votable
from protocol.decision import Decision
from protocol.errors import UsageError
from protocol.messages import Proposal
from tests.integration.typist import NAMES, Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    """A network whose charter lets its three members agree on `pace`."""
    typist = settled(tmp_path)
    desk = kay(typist)
    charter = max(desk.documents("soma/charter/1"), key=lambda d: d.number)
    roster = max(d.number for d in desk.documents("soma/roster/1"))
    assert isinstance(charter.body, Charter)
    votable = (Votable(key="pace", cluster="lab", roster=roster),)
    body: Any = replace(
        charter.body, version=charter.number + 1, prev=charter.digest, votable=votable
    )
    desk.sign(body)
    typist.round()
    return typist


def kay(typist: Typist) -> Desk:
    folder, identity = choose(str(typist.home), "stewards", None, None)
    return Desk(
        home=str(typist.home), identity=identity, shelf=FolderShelf(folder),
        share=open_share(identity.share, "kay"), clock=SystemClock(), entropy=SystemEntropy(),
        unlock=lambda: keys.load_key(folder),
    )  # fmt: skip


def proposed(peer: Typist, who: str, value: str) -> str:
    said = peer("propose", "--as", who, "pace", value, "--json").json
    assert (said["to"], said["state"]) == (["all"], "delivered")
    found: str = said["ids"][0]
    return found


def test_three_agree_as_they_type(peer: Typist) -> None:
    """VOTE-9, VOTE-11, VOTE-12: propose, vote, see how it stands, in words and as JSON."""
    nothing = peer("proposals", "--as", "core")
    assert nothing.out == "nothing is open for a vote or agreed on\n"
    said = peer("propose", "--as", "core", "pace", "slow", "--because", "drives are old")
    slow = said.out.strip()
    assert f"peer vote {slow[:8]} yes" in said.err
    peer.round()
    shown = peer("proposals", "--as", "scout").out
    assert f"{slow[:8]}  pace = slow  open\n" in shown
    assert "    | drives are old\n" in shown
    assert "0 of 3 voted yes, 2 are needed\n" in shown
    assert "3 did not vote yet: core, librarian, scout\n" in shown
    waits = "votes      1 proposal is open: `peer proposals --as core`"
    assert waits in peer("status", "--as", "core").out
    first = peer("vote", "--as", "core", slow[:8], "yes").out
    assert waits not in peer("status", "--as", "core").out, "it has voted"
    assert peer("vote", "--as", "core", slow, "yes").out == first
    refused = peer("vote", "--as", "core", slow, "no", code=1)
    assert "a ballot stands" in refused.err
    peer.round()
    peer("vote", "--as", "scout", slow[:8], "yes")
    peer.round(2)
    for name in NAMES:
        (row,) = peer("proposals", "--as", name, "--json").json
        assert row["id"] == slow
        assert (row["state"], row["yes"], row["needed"]) == ("agreed", ["core", "scout"], 2)
        status = peer("status", "--as", name, "--json").json
        (holds,) = status["agreed"]
        assert (holds["key"], holds["value"], holds["proposal"]) == ("pace", "slow", slow)
    assert "agreed     pace = slow" in peer("status", "--as", "librarian").out
    assert "pace = slow" in peer("feed", "--as", "librarian").out


def test_what_cannot_be_meant_is_refused(peer: Typist) -> None:
    """VOTE-13: exit codes 1, 2, 3 and 6, each with a line that says what to do."""
    assert "votable as far as this home knows: pace" in (
        peer("propose", "--as", "core", "colour", "red", code=2).err
    )
    peer("propose", "--as", "core", "Pace!", "slow", code=2)
    peer("propose", "--as", "core", "pace", "two\nlines", code=2)
    peer("propose", "--as", "core", "pace", " ", code=2)
    slow = proposed(peer, "core", "slow")
    assert "already" in peer("propose", "--as", "core", "pace", "slow", code=1).err
    peer("vote", "--as", "core", "zzzzzzzz", "yes", code=3)
    peer("vote", "--as", "core", "no id", "yes", code=2)
    peer("vote", "--as", "core", slow, "perhaps", code=2)
    peer("halt", "core", "--because", "rest")
    peer("tick", "--as", "core", code=0)
    assert "halted" in peer("vote", "--as", "core", slow, "yes", code=6).err
    assert "halted" in peer("propose", "--as", "core", "pace", "fast", code=6).err
    peer("join", str(peer.share), "--name", "late")
    assert "not admitted" in peer("propose", "--as", "late", "pace", "fast", code=6).err


def test_a_double_voter_and_a_veto_are_shown(peer: Typist) -> None:
    """VOTE-4, VOTE-14, VOTE-15: both ballots are there for everybody to check; a no is shown."""
    slow, fast = proposed(peer, "core", "slow"), proposed(peer, "scout", "fast")
    peer.round()

    for value, proposal in (("slow", slow), ("fast", fast)):
        with Peer.open(home=str(peer.home), name="scout") as scout:
            running = scout.running
            electors = polls(running)["pace"].electors
            assert electors is not None
            digest = find_proposal(running, proposal).hash
            choice, slot = ballots.Choice(digest, value), electors.slot("pace", 1)
            body = ballots.cast(slot, choice, True, running.identity.network, running.signer)
            send(running, ["all"], [body])
    peer.round(2)
    found = {r["id"]: r for r in peer("proposals", "--as", "librarian", "--json").json}
    (void,) = found[slow]["void"]
    assert void["name"] == "scout"
    network = peer("status", "--as", "librarian", "--json").json["network"]
    values = {open_ballot(canonical.encode(b), network).choice.value for b in void["ballots"]}
    assert values == {"slow", "fast"}
    assert "1 voted both ways and are void: scout" in peer("proposals", "--as", "librarian").out
    assert "scout signed two ballots" in peer("escalations", "--as", "librarian").out
    with Peer.open(home=str(peer.home), name="core") as core:
        what = find_proposal(core.running, slow[:8])
        with pytest.raises(UsageError, match="use `propose` and `vote`"):
            core.send("all", Proposal(key="pace", roster=1, version=1, value="slow"))
    desk = kay(peer)
    no: Any = Decision(
        network=desk.identity.network, decision="deny", scope=what.scope, of=what.hash,
        salt="c" * 26, at=desk.clock.wall_ms(),
    )  # fmt: skip
    desk.sign(no)
    peer.round()
    assert peer("proposals", "--as", "core", "--json").json == []
    rows = peer("proposals", "--all", "--json", "--as", "core").json
    states = {row["value"]: row["state"] for row in rows}
    assert states == {"slow": "vetoed", "fast": "void"}
    assert "denied by a steward" in peer("vote", "--as", "core", slow, "yes", code=1).err


def test_from_python(peer: Typist) -> None:
    """VOTE-11: the same, typed."""
    with Peer.open(home=str(peer.home), name="core") as core:
        slow = core.propose("pace", "slow", because="drives are old").ids[0]
        core.vote(slow, True)
        (row,) = core.proposals()
        assert (row.id, row.state, row.yes, row.missing) == (
            slow, "open", ("core",), ("librarian", "scout")
        )  # fmt: skip
        assert (row.sender, row.needed, row.void, core.agreed()) == ("core", 2, (), {})
    peer.round()
    with Peer.open(home=str(peer.home), name="scout") as scout:
        scout.vote(slow, True)
    peer.round(2)
    with Peer.open(home=str(peer.home), name="librarian") as librarian:
        assert librarian.agreed() == {"pace": "slow"}
        assert [one.state for one in librarian.proposals(everything=True)] == ["agreed"]
