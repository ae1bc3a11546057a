"""The first steps of CLI.md, typed exactly as they stand there."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.typist import Typist


def test_the_first_steps_work_exactly_so(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    share = str(peer.share)
    founded = peer(
        "network", "create", share, "--cluster", "lab", "--steward", "kay", "--no-passphrase"
    )
    assert "peer join" in founded.out, "it says what to do next"
    joined = peer("join", share, "--name", "core")
    assert "trusted on first use" in joined.err
    fingerprint = joined.out.split()[1]
    assert fingerprint.count("-") == 5
    assert fingerprint in joined.out.splitlines()[1], "and what a steward types"
    root = peer("network", "show", "--json").json["root"]
    pinned = peer("join", share, "--name", "librarian", "--root", root)
    assert "trusted" not in pinned.err
    for name in ("core", "librarian"):
        assert "is a member now" in peer("admit", name).out
    assert (peer.share / "peers" / "core" / "card.json").is_file()

    sent = peer("send", "--as", "core", "librarian", "text")
    (item,) = sent.out.split()
    assert len(item) == 26
    ticked = peer("tick", "--as", "librarian", "--json").json
    assert (ticked["peer"], ticked["received"], ticked["acted"]) == ("librarian", 1, 1)
    assert "core" in peer("tick", "--all").out
    (row,) = peer("inbox", "--as", "librarian", "--json").json
    assert row.items() >= {
        "id": item, "from": "core", "kind": "note", "text": "text", "thread": item,
        "read": False, "auto": False, "sealed": False,
    }.items()  # fmt: skip
    assert row["at"].endswith("Z")
    assert len(row["at"]) == len("2026-11-21T09:00:00Z")
    assert "text" in peer("inbox", "--as", "librarian").out


def test_environment_and_options_name_the_same_things(tmp_path: Path) -> None:
    peer = Typist(tmp_path, {"PEER_HOME": str(tmp_path / "nobody"), "PEER_NAME": "stranger"})
    home, share = ("--home", str(tmp_path / "mine")), str(peer.share)
    peer(
        "network", "create", share, *home, "--cluster", "lab", "--steward", "kay", "--no-passphrase"
    )
    env = {"PEER_HOME": str(tmp_path / "mine"), "PEER_NETWORK": share, "PEER_NAME": "core"}
    assert peer("join", "--json", env=env).json["name"] == "core", "what the environment says"
    peer("admit", "core", env=env)
    peer("admit", "core", *home, "--network", share)
    peer("tick", env=env)
    peer("tick", *home, "--as", "core", "--network", share)
    peer("tick", *home, code=3)
    assert not (tmp_path / "nobody").exists()


def test_one_identity_need_not_be_named_and_several_must(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    share = str(peer.share)
    peer("network", "create", share, "--cluster", "lab", "--steward", "kay", "--no-passphrase")
    peer("join", share, "--name", "core")
    assert peer("inbox", "--json").json == []
    peer("join", share, "--name", "scout")
    assert "--as" in peer("inbox", code=2).err
    # The outer place counts where the inner one says nothing.
    assert peer("--as", "core", "--json", "outbox").json == []
    assert peer("outbox", "--as", "core", "--json").json == []


def test_joining_again_keeps_the_key_and_finds_the_share_at_its_new_place(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    share, moved = str(peer.share), tmp_path / "moved"
    peer("network", "create", share, "--cluster", "lab", "--steward", "kay", "--no-passphrase")
    before = peer("join", share, "--name", "core", "--json").json
    peer.share.rename(moved)
    # A path that moved is known by its marker, for this once; joining binds it for good.
    assert peer("inbox", "--network", str(moved), "--json").json == []
    assert "cannot be reached" in peer("inbox").err
    after = peer("join", str(moved), "--name", "core", "--json").json
    assert after["fingerprint"] == before["fingerprint"]
    assert peer("inbox").err == ""


def test_the_demo_plays_by_itself(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    said = peer("demo", str(tmp_path / "stage"), "--json")
    assert said.json == {"ok": True}
    assert "librarian" in said.err
    assert (tmp_path / "stage").is_dir()
    assert not peer.home.exists()
    assert "librarian" in peer("demo", str(tmp_path / "again")).out
    assert "not empty" in peer("demo", str(tmp_path / "again"), code=2).err


def test_json_is_one_document_alone_on_stdout(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    share = str(peer.share)
    created = peer(
        *("network", "create", share, "--cluster", "lab", "--steward", "kay", "--no-passphrase"),
        "--json",
    )
    assert created.out.count("\n") == 1
    assert created.json["cluster"] == "lab"
    joined = peer("join", share, "--name", "core", "--json")
    assert json.loads(joined.out).keys() >= {"name", "fingerprint", "root", "pinned", "admitted"}
    assert joined.err, "what it says aloud goes to stderr"


def test_a_network_in_a_folder_that_is_missing_says_which(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    missing = str(tmp_path / "drive" / "net")
    said = peer("network", "create", missing, "--cluster", "lab", "--steward", "kay",
                "--no-passphrase", code=5).err  # fmt: skip
    assert f"no folder {tmp_path / 'drive'}," in said
    assert "mount the drive" in said
    assert "may appear later" not in said


def test_one_name_on_two_networks_is_told_apart(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    shares = [str(tmp_path / one) for one in ("first", "second")]
    for share in shares:
        peer("network", "create", share, "--cluster", "lab", "--steward", "kay", "--no-passphrase")
        peer("join", share, "--name", "core")
        peer("admit", "core", "--network", share)
    peer("join", shares[0], "--name", "scout")
    peer("admit", "scout", "--network", shares[0])
    said = peer("tick", "--all").out
    assert {line.partition("  beat")[0] for line in said.splitlines()} == {
        f"core on {shares[0]}", f"core on {shares[1]}", "scout",
        f"kay on {shares[0]}", f"kay on {shares[1]}",
    }  # fmt: skip
    rows = peer("tick", "--all", "--json").json
    assert len({(row["peer"], row["network"]) for row in rows}) == 5
    (tmp_path / "second").rename(tmp_path / "away")
    assert f"core on {shares[1]}: " in peer("tick", "--all", code=5).err
