"""Ticks and neighbours as they are typed: reports, exit codes, the health table, one screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer import lock
from tests.integration.typist import NAMES, Typist, settled

TICK = {
    "peer", "seq", "received", "acted", "quarantined", "delivered", "published", "state", "peers",
    "problems",
}  # fmt: skip
PEER = {"name", "state", "phi", "last_seen_s", "lifecycle", "reputation"}


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_a_tick_reports_as_promised(peer: Typist) -> None:
    peer("send", "--as", "core", "librarian", "hello")
    report = peer("tick", "--as", "librarian", "--json").json
    assert report.keys() >= TICK
    assert (report["state"], report["received"], report["problems"]) == ("idle", 1, [])
    assert [row["name"] for row in report["peers"]] == ["core", "scout"]
    assert all(row.keys() >= PEER and row["state"] == "alive" for row in report["peers"])
    said = peer("tick", "--as", "librarian").out
    assert "nothing new" in said
    assert "2 alive" in said


def test_a_tick_beside_another_is_busy_and_that_is_no_fault(peer: Typist) -> None:
    with lock.held(str(peer.folder("core"))):
        assert peer("tick", "--as", "core", "--json").json["state"] == "busy"
        assert "another tick" in peer("tick", "--as", "core").out


def test_ticks_of_everybody_exit_with_the_worst(peer: Typist) -> None:
    reports = peer("tick", "--all", "--json").json
    assert [report["peer"] for report in reports] == list(NAMES)
    assert [r["peer"] for r in peer("tick", "--all", "--as", "core", "--json").json] == ["core"]
    (peer.folder("librarian") / "key").unlink()
    said = peer("tick", "--all", "--json", code=1)
    assert [bool(report.get("error")) for report in said.json] == [False, True, False]
    assert "key is gone" in said.err
    peer("join", str(peer.share), "--name", "newcomer")
    said = peer("tick", "--all", "--json", code=6)
    assert {r["peer"]: r.get("state") for r in said.json}["newcomer"] == "parked"
    peer("tick", "--all", "--as", "nobody", code=3)


def test_who_is_not_admitted_parks_with_exit_6_and_its_report(peer: Typist) -> None:
    peer("join", str(peer.share), "--name", "newcomer")
    said = peer("tick", "--as", "newcomer", "--json", code=6)
    assert said.json["state"] == "parked"
    assert "peer admit newcomer --fingerprint" in said.json["human"]
    assert "peer admit newcomer" in said.err
    assert "not admitted" in peer("send", "--as", "newcomer", "core", "x", code=6).err
    assert "not admitted" in peer("status", "--as", "newcomer").out
    rows = peer("peers", "--as", "newcomer", "--json").json
    assert [(row["state"], row["last_seen_s"]) for row in rows] == [("unknown", None)] * 3
    assert "never" in peer("peers", "--as", "newcomer").out


def test_peers_and_status_tell_how_everybody_is(peer: Typist) -> None:
    rows = peer("peers", "--as", "core", "--json").json
    assert [(row["name"], row["state"]) for row in rows] == [
        ("librarian", "alive"),
        ("scout", "alive"),
    ]
    assert all(row.keys() >= PEER and row["reputation"] == 0.5 for row in rows)
    assert "librarian" in peer("peers", "--as", "core").out
    status = peer("status", "--as", "core", "--json").json
    assert status.items() >= {
        "peer": "core", "admitted": True, "unread": 0, "outbox": 0, "quarantined": 0,
        "peers": {"alive": 2}, "concerns": [], "parked": None,
    }.items()  # fmt: skip
    screen = peer("status", "--as", "core").out
    assert "admitted" in screen
    assert len(screen.splitlines()) < 24
    assert "nothing waits" in peer("escalations", "--as", "core").out


def test_who_leaves_says_so_and_may_come_back(peer: Typist) -> None:
    assert peer("leave", "--as", "scout", "--json").json["state"] == "left"
    peer("tick", "--as", "core")
    row = peer("peers", "--as", "core", "--json").json[1]
    assert (row["name"], row["state"], row["lifecycle"]) == ("scout", "unknown", "parked")
    assert "peer join" in peer("tick", "--as", "scout", code=6).err
    assert "peer join" in peer("send", "--as", "scout", "core", "x", code=6).err
    assert "left the network" in peer("status", "--as", "scout").out
    assert peer("join", str(peer.share), "--name", "scout", "--json").json["admitted"]
    peer("tick", "--as", "scout")
    assert "left" in peer("leave", "--as", "scout").out
