"""Stewards' commands as they are typed: founding, passphrases, admitting, halting."""

from __future__ import annotations

import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from tests.integration.typist import Typist, settled

CREATE = ("--cluster", "lab", "--steward", "kay")


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def at_terminal(
    peer: Typist, words: tuple[str, ...], answers: list[tuple[str, str]]
) -> tuple[int, str]:
    """Run a command at a terminal of its own; give each answer once its question was asked."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        peer.command(*words), stdin=follower, stdout=follower, stderr=follower, close_fds=True,
        env=peer.environment | {"TERM": "xterm"}, cwd=peer.base, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    said, waiting, end = "", list(answers), time.monotonic() + 30
    try:
        while time.monotonic() < end:
            try:
                data = os.read(leader, 4096)
            except OSError:  # Linux says EIO where the other end is closed
                break
            if not data:
                break
            said += data.decode()
            if waiting and waiting[0][0] in said:
                os.write(leader, waiting.pop(0)[1].encode() + b"\n")
    finally:
        os.close(leader)
    return process.wait(10), said


def test_a_new_key_wants_a_word_about_its_passphrase(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    share = str(peer.share)
    said = peer("network", "create", share, *CREATE, code=2)
    assert "--passphrase-file" in said.err
    assert "--no-passphrase" in said.err
    empty, missing = tmp_path / "empty", tmp_path / "missing"
    empty.write_text("\n")
    peer("network", "create", share, *CREATE, "--passphrase-file", str(empty), code=2)
    peer("network", "create", share, *CREATE, "--passphrase-file", str(missing), code=2)
    peer("network", "create", share, *CREATE, "--no-passphrase", "--passphrase-file", "x", code=2)
    assert not peer.share.exists()
    assert not peer.home.exists()


def test_a_sealed_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    share, right, wrong = str(peer.share), tmp_path / "right", tmp_path / "wrong"
    right.write_text("correct horse\n")
    wrong.write_text("battery staple\n")
    created = peer("network", "create", share, *CREATE, "--passphrase-file", str(right), "--json")
    assert created.json["sealed"] is True
    peer("join", share, "--name", "core")
    assert "--passphrase-file" in peer("admit", "core", code=6).err, (
        "nobody is asked without a terminal"
    )
    assert "wrong passphrase" in peer("admit", "core", "--passphrase-file", str(wrong), code=6).err
    assert peer("admit", "core", "--passphrase-file", str(right), "--json").json["changed"] is True
    assert peer("network", "show", "--json").json["members"][0]["name"] == "core", "needs no key"


@pytest.mark.slow
def test_at_a_terminal_the_passphrase_is_asked_for(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    code, said = at_terminal(
        peer,
        ("network", "create", str(peer.share), *CREATE),
        [("New passphrase", "correct horse"), ("Repeat", "correct horse")],
    )
    assert code == 0, said
    assert "correct horse" not in said
    peer("join", str(peer.share), "--name", "core")
    words = ("admit", "core")
    code, said = at_terminal(peer, words, [("Passphrase of kay", "correct horse")])
    assert code == 0, said
    assert "is a member now" in said


def test_a_folder_that_holds_something_is_not_made_a_network(peer: Typist) -> None:
    said = peer("network", "create", str(peer.share), *CREATE, "--no-passphrase", code=2)
    assert "network already" in said.err or "not empty" in said.err
    peer("network", "create", "nats://127.0.0.1", *CREATE, "--no-passphrase", code=2)
    for name in ("Kay", "con", "all", "-kay", "x" * 33):
        who = ("--cluster", "lab", f"--steward={name}", "--no-passphrase")
        peer("network", "create", "new", *who, code=2)
    peer(
        "network",
        "create",
        "new",
        "--cluster",
        "a..b",
        "--steward",
        "kay",
        "--no-passphrase",
        code=2,
    )
    peer("network", "create", "no/such/parent", *CREATE, "--no-passphrase", code=5)
    assert not (peer.base / "new").exists()


def test_only_a_key_of_this_home_is_admitted_unseen(peer: Typist) -> None:
    other = Typist(peer.base, {"PEER_HOME": str(peer.base / "other")})
    shown = other("join", str(peer.share), "--name", "guest", "--json").json["fingerprint"]
    said = peer("admit", "guest", code=6)
    assert shown in said.err, "exit 6 with the card's fingerprint"
    another = "abcde-fghi-jklm-nopqr-stuv-wxyz"
    assert another in peer("admit", "guest", "--fingerprint", another, code=6).err
    code, text = at_terminal(peer, ("admit", "guest"), [("read out", "n")])
    assert code == 6, text
    assert peer("network", "show", "--json").json["roster"] == 4
    code, text = at_terminal(peer, ("admit", "guest"), [("read out", "y")])
    assert code == 0, text
    again = peer("admit", "guest", "--fingerprint", shown.upper().replace("-", ""), "--json").json
    assert (again["changed"], again["fingerprint"]) == (False, shown)
    assert "peer join" in peer("admit", "stranger", code=3).err
    peer("admit", "../x", code=2)


def test_a_steward_needs_the_home_with_his_key(peer: Typist) -> None:
    other = Typist(peer.base, {"PEER_HOME": str(peer.base / "other")})
    other("admit", "core", code=3)
    other("join", str(peer.share), "--name", "guest")
    other("halt", code=3)
    # PEER_NAME names a peer; it does not hide the steward.
    peer("admit", "core", env={"PEER_NAME": "librarian"})
    peer("admit", "core", "--as", "librarian", code=3)


def test_a_halt_stops_and_a_resume_lets_go(peer: Typist) -> None:
    halted = peer("halt", "core", "--because", "it loops", "--json").json
    assert (halted["scope"], halted["because"]) == ("core@lab", "it loops")
    peer("send", "--as", "librarian", "core", "wake up")
    said = peer("tick", "--as", "core", "--json")
    assert (said.json["state"], said.json["received"], said.json["acted"]) == ("parked", 1, 0)
    assert "halted" in peer("send", "--as", "core", "librarian", "x", code=6).err
    assert "it loops" in peer("status", "--as", "core").out
    assert peer("network", "show", "--json").json["halts"][0]["because"] == "it loops"
    assert "it loops" in peer("network", "show").out
    peer("tick", "--as", "librarian")
    rows = {row["name"]: row["state"] for row in peer("peers", "--as", "librarian", "--json").json}
    assert rows["core"] == "halted"
    assert peer("resume", "--json").json["lifted"] == 1
    report = peer("tick", "--as", "core", "--json").json
    assert (report["state"], report["acted"]) == ("idle", 1)
    peer("resume", code=3)


def test_halts_have_scopes(peer: Typist) -> None:
    assert peer("halt", "--json").json["scope"] == "*"
    assert peer("halt", "lab", "--json").json["scope"] == "lab"
    peer("halt", "nobody", code=3)
    peer("halt", "--because", "two\nlines", code=2)
    peer("halt", "--because", "x" * 501, code=2)
    assert "whole network" in peer("halt").out
    assert "3 halts lifted" in peer("resume").out


def test_a_region_is_named_with_a_star(tmp_path: Path) -> None:
    """Orders, goals, charters and resumes, as `delegate` and `revoke` have it; a member never."""
    peer = Typist(tmp_path)
    found = ("network", "create", "share", "--cluster", "lab.eu", "--steward", "kay")
    peer(*found, "--no-passphrase")
    for name in ("core", "eu"):
        peer("join", "share", "--name", name)
        peer("admit", name)
    said = peer("halt", "*.eu", "--because", "the grid")
    assert "peer resume '*.eu'" in said.out
    assert peer("network", "show", "--json").json["halts"][0]["scope"] == "eu"
    assert peer("tick", "--as", "core", "--json").json["state"] == "parked"
    assert peer("resume", "*.eu", "--json").json["lifted"] == 1
    assert peer("goal", "add", "x", "We want x.", "--scope", "*.eu", "--json").json["scope"] == "eu"
    assert peer("tick", "--as", "core", "--json").json["state"] == "idle"
    for who in ("kay", "core"):
        show = ("charter", "show", "--scope", "*.eu", "--as", who, "--json")
        assert peer(*show).json["goals"][0]["id"] == "x"
    assert peer("halt", "eu", "--json").json["scope"] == "eu@lab.eu"
    assert "region" in peer("halt", "*.us", code=3).err


def test_the_network_is_shown_by_stewards_and_by_peers(peer: Typist) -> None:
    shown = peer("network", "show", "--json").json
    assert shown.items() >= {"cluster": "lab", "roster": 4, "halts": []}.items()
    assert [row["name"] for row in shown["members"]] == ["core", "librarian", "scout"]
    assert [row["name"] for row in shown["stewards"]] == ["kay"]
    assert peer("network", "show", "--as", "core", "--json").json == shown
    assert shown["root"] in peer("network", "show").out
    (peer.home / "stewards").rename(peer.base / "stewards")
    assert peer("network", "show", "--json").json == shown, "any of the peers can tell"


def test_what_a_death_left_half_written_goes_when_a_steward_signs_again(tmp_path: Path) -> None:
    """LAYOUT-10: his own temporaries, and nothing of anybody else."""
    peer = settled(tmp_path)
    folders = [peer.share / folder for folder in ("charter", "orders")]
    for folder in folders:
        (folder / ".kay.abcdefghijklmnop").write_bytes(b'{"sig')
        (folder / ".core.abcdefghijklmnop").write_bytes(b'{"sig')
        (folder / ".kayak.abcdefghijklmnop").write_bytes(b'{"sig')
    (folders[0] / ".kay.folder").mkdir()
    peer("halt", "librarian")
    for folder in folders:
        left = {path.name for path in folder.glob(".*")} - {".kay.folder"}
        assert left == {".core.abcdefghijklmnop", ".kayak.abcdefghijklmnop"}
    assert "halted" in peer("tick", "--as", "librarian").out
