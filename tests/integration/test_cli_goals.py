"""Goals and charters as they are typed, what is shown before it is signed, and passphrases."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.typist import Typist, settled

CREATE = ("--cluster", "lab", "--steward", "kay")
RULE = '\n[[policy]]\neffect = "publish"\nkind = "insight"\nverdict = "approve"\n'


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def draft(peer: Typist, more: str = "", *words: str) -> Path:
    """The charter in force as a draft, with some more in it."""
    file = peer.base / "charter.toml"
    file.write_text(peer("charter", "show", "--toml", *words).out + more)
    return file


# -------------------------------------------------------------------------------- goals


def test_a_goal_is_set_shown_everywhere_and_retired(peer: Typist) -> None:
    added = peer("goal", "add", "clean-stock", "Know what we have.", "--json").json
    assert added == {
        "goal": "clean-stock", "text": "Know what we have.", "state": "active", "scope": "*",
        "charter": 2, "changed": True,
    }  # fmt: skip
    again = peer("goal", "add", "clean-stock", "Know what we have.", "--json").json
    assert (again["changed"], again["charter"]) == (False, 2)
    peer("goal", "add", "dry", "Keep it dry.", "--scope", "core")
    peer.round()
    wide = {"id": "clean-stock", "text": "Know what we have.", "scope": "*"}
    narrow = {"id": "dry", "text": "Keep it dry.", "scope": "core@lab"}
    assert peer("goal", "list", "--json").json == [wide, narrow]
    assert peer("goal", "list", "--as", "core", "--json").json == [wide, narrow]
    assert peer("goal", "list", "--as", "scout", "--json").json == [wide]
    assert peer("goal", "list", "--as", "core", "--scope", "core", "--json").json == [narrow]
    assert peer("status", "--as", "core", "--json").json["goals"] == [wide, narrow]
    assert "clean-stock, dry" in peer("status", "--as", "core").out
    shown = peer("network", "show", "--json").json
    assert shown["goals"] == [wide, narrow]
    assert peer("network", "show", "--as", "scout", "--json").json == shown
    assert "Keep it dry." in peer("network", "show").out
    over = peer("goal", "retire", "clean-stock", "--because", "we know", "--json").json
    assert (over["state"], over["because"], over["charter"]) == ("retired", "we know", 3)
    assert peer("goal", "list", "--scope", "*", "--json").json == []
    (row,) = peer("goal", "list", "--all", "--scope", "*", "--json").json
    assert row == wide | {"state": "retired", "because": "we know"}
    assert "[retired: we know]" in peer("goal", "list", "--all").out
    assert peer("goal", "retire", "clean-stock", "--json").json["changed"] is False


def test_without_goals_there_is_a_word_about_how_to_set_one(peer: Typist) -> None:
    assert "peer goal add" in peer("goal", "list").out
    assert "  goals  " not in peer("status", "--as", "core").out
    assert peer("status", "--as", "core", "--json").json["goals"] == []


def test_what_is_no_goal_is_refused(peer: Typist) -> None:
    for id in ("Clean", "", "a b", "x" * 65, "-a"):
        peer("goal", "add", "--", id, "text", code=2)
    for text in ("", "  ", "two\nlines", "x" * 501, b"\xff"):
        peer("goal", "add", "a", text, code=2)
    peer("goal", "add", "a", "A.", "--scope", "nowhere", code=3)
    peer("goal", "add", "a", "A.")
    assert "another id" in peer("goal", "add", "a", "B.", code=2).err
    assert "peer goal list" in peer("goal", "retire", "b", code=3).err
    peer("goal", "retire", "a", "--because", "two\nlines", code=2)


def test_a_peer_s_home_lists_goals_and_signs_none(peer: Typist) -> None:
    peer("goal", "add", "a", "A.")
    peer.round()
    (peer.home / "stewards").rename(peer.base / "stewards")
    assert [row["id"] for row in peer("goal", "list", "--as", "core", "--json").json] == ["a"]
    assert "steward key" in peer("goal", "add", "b", "B.", code=3).err
    peer("goal", "retire", "a", code=3)
    file = draft(peer, RULE, "--as", "core")
    assert peer("charter", "diff", str(file), "--as", "core", "--json").json["changed"] is True
    peer("charter", "sign", str(file), code=3)
    peer("charter", "show", "--as", "core", "--scope", "A B", code=2)
    peer("charter", "show", "--as", "core", "--scope", "eu", code=3)


def test_announcements_name_goals_and_are_flagged_where_they_name_none(peer: Typist) -> None:
    """GOAL-1: at the author's command, at readers, in the feed."""
    free = peer("announce", "--as", "core", "anything", "--json").json
    assert free["flag"] is None
    peer("goal", "add", "clean", "Clean up.")
    peer.round()
    serving = peer("announce", "--as", "core", "I clean", "--goal", "clean", "--json").json
    assert (serving["flag"], serving["state"]) == (None, "delivered")
    said = peer("announce", "--as", "core", "I draw")
    assert "serves no goal" in said.err
    assert "clean" in said.err
    assert peer("announce", "--as", "core", "x", "--goal", "no", "--json").json["flag"] == "no-goal"
    both = ("--goal", "no", "--goal", "clean", "--json")
    assert peer("announce", "--as", "core", "y", *both).json["flag"] == "unknown-goal"
    peer("announce", "--as", "core", "z", "--goal", "No!", code=2)
    many = [word for n in range(17) for word in ("--goal", f"g{n}")]
    peer("announce", "--as", "core", "z", *many, code=2)
    peer.round()
    rows = {row["text"]: row for row in peer("feed", "--as", "scout", "--json").json}
    assert (rows["I clean"]["serves"], rows["I clean"]["flag"]) == (["clean"], None)
    assert (rows["I draw"]["serves"], rows["I draw"]["flag"]) == ([], "no-goal")
    assert rows["y"]["flag"] == "unknown-goal"
    text = peer("feed", "--as", "scout").out
    assert "serves clean)" in text
    assert "serves no goal)" in text
    assert "names an unknown goal" in text
    told = peer("escalations", "--as", "scout").out
    assert "core@lab announced what serves no goal: I draw" in told
    assert "I clean" not in told


# ----------------------------------------------------------------------------- charters


def test_a_charter_is_edited_compared_and_signed(peer: Typist) -> None:
    file = draft(peer, RULE)
    found = peer("charter", "diff", str(file), "--json").json
    assert (found["scope"], found["version"]) == ("*", 2)
    assert (found["changed"], found["stale"]) == (True, False)
    assert "new rule 1 of 1: publishing an insight needs approval" in found["lines"]
    assert "needs approval" in peer("charter", "diff", str(file)).out
    signed = peer("charter", "sign", str(file), "--json")
    assert signed.json == {"scope": "*", "version": 2, "changed": True}
    assert "publishing an insight needs approval" in signed.err, "GOAL-3: told before it is signed"
    again = peer("charter", "sign", str(file), "--json")
    assert (again.json["changed"], again.err) == (False, "")
    assert "1 rule" in peer("charter", "show").out
    shown = peer("charter", "show", "--json").json
    assert shown["policy"] == [{"effect": "publish", "kind": "insight", "verdict": "approve"}]
    assert shown["others"] == []
    peer.round()
    assert peer("charter", "show", "--as", "core", "--json").json == shown
    milder = file.read_text().replace('"approve"', '"free"').replace("replaces = 1", "replaces = 2")
    file.write_text(milder)
    assert "WARNING: publishing an insight needed approval and is now free" in (
        peer("charter", "sign", str(file)).err
    )


def test_a_draft_of_an_older_version_takes_nothing_back(peer: Typist) -> None:
    file = draft(peer, RULE)
    peer("goal", "add", "a", "A.")
    assert peer("charter", "diff", str(file), "--json").json["stale"] is True
    assert "another version" in peer("charter", "diff", str(file)).out
    said = peer("charter", "sign", str(file), code=2).err
    assert "version 1" in said
    assert "version 2" in said
    assert [row["id"] for row in peer("goal", "list", "--json").json] == ["a"]


def test_a_charter_of_a_scope_begins_with_an_empty_draft(peer: Typist) -> None:
    peer("charter", "show", "--scope", "lab", code=3)
    file = draft(peer, RULE, "--scope", "lab")
    assert "replaces = 0" in file.read_text()
    assert "is for lab" in peer("charter", "sign", str(file), "--scope", "*", code=2).err
    assert peer("charter", "sign", str(file), "--json").json["scope"] == "lab"
    assert peer("charter", "show", "--json").json["others"] == ["lab"]
    assert "lab" in peer("charter", "show").out
    short = peer.base / "short.toml"
    short.write_text('values = ["Honesty."]\n')
    assert (
        peer("charter", "sign", str(short), "--scope", "core", "--json").json["scope"] == "core@lab"
    )


def test_what_is_no_draft_is_refused_with_its_name(peer: Typist) -> None:
    file = peer.base / "x.toml"
    for text in ("goals = ", '[[policy]]\neffect = "send"\nverdict = "aprove"\n', "a = 1"):
        file.write_text(text)
        for command in ("diff", "sign"):
            assert "x.toml: " in peer("charter", command, str(file), code=2).err
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in peer("charter", "diff", str(file), code=2).err
    peer("charter", "diff", "missing.toml", code=2)
    assert "nothing waits" in peer("charter", "sign").out, "without a draft: what others signed"
    peer("charter", "show", "--toml", "--json", code=2)
    file.write_bytes(b"\xef\xbb\xbf" + b'values = ["Honesty."]\r\n')
    assert peer("charter", "diff", str(file), "--json").json["changed"] is True


def test_texts_in_a_charter_cannot_act_on_a_terminal(peer: Typist) -> None:
    file = peer.base / "x.toml"
    file.write_text('[[goals]]\nid = "a"\ntext = "\\u001b[2J\\u202enot"\n')
    said = peer("charter", "sign", str(file)).err + peer("charter", "show").out
    said += peer("charter", "show", "--toml").out + peer("charter", "diff", str(file)).out
    said += peer("goal", "list").out + peer("network", "show").out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "<1b>" in said


# --------------------------------------------------------------------- before it is signed


def test_every_command_that_signs_says_first_what_it_signs(peer: Typist) -> None:
    """GOAL-3: in plain words, on stderr; JSON stays one document on stdout."""
    assert "halts core@lab until stewards let it go on: x" in (
        peer("halt", "core", "--because", "x").err
    )
    said = peer("resume", "--json")
    assert "lifts the halt of core@lab: x" in said.err
    assert said.json["lifted"] == 1
    peer("join", str(peer.share), "--name", "new")
    admitted = peer("admit", "new", "--json")
    assert f"new: new with the key {admitted.json['fingerprint']}" in admitted.err
    assert "core" not in admitted.err, "who is there already is no news"
    assert peer("admit", "new").err == "", "nothing is signed"


def test_what_is_signed_is_told_before_the_passphrase_is_wanted(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    (tmp_path / "right").write_text("correct horse\n")
    peer("network", "create", str(peer.share), *CREATE, "--passphrase-file", "right")
    said = peer("goal", "add", "a", "A.", code=6).err
    assert "new goal a: A." in said
    assert peer("goal", "list", "--json").json == []


# ------------------------------------------------------------------------------ passphrases


def test_a_passphrase_comes_from_a_descriptor(tmp_path: Path) -> None:
    """GOAL-4: as from a file; the wrong one is exit 6."""
    peer, right = Typist(tmp_path), "correct horse"
    share, fd = str(peer.share), ("--passphrase-fd", "0")
    assert peer("network", "create", share, *CREATE, *fd, "--json", stdin=right).json["sealed"]
    peer("join", share, "--name", "core")
    assert "wrong passphrase" in peer("admit", "core", *fd, stdin="battery staple", code=6).err
    assert peer("admit", "core", *fd, "--json", stdin=f"{right}\n").json["changed"] is True
    (tmp_path / "right").write_text(f"{right}\r\n")
    peer("halt", "--passphrase-file", "right")
    assert peer("resume", *fd, "--json", stdin=right).json["lifted"] == 1
    assert peer("goal", "add", "a", "A.", *fd, "--json", stdin=right).json["changed"] is True


def test_another_descriptor_than_stdin_comes_in_pieces(tmp_path: Path) -> None:
    peer = Typist(tmp_path)
    (tmp_path / "right").write_text("correct horse\n")
    peer("network", "create", str(peer.share), *CREATE, "--passphrase-file", "right")
    near, far = os.pipe()
    with subprocess.Popen(
        peer.command("goal", "add", "a", "A.", "--passphrase-fd", str(near)),
        env=peer.environment, cwd=peer.base, pass_fds=[near], stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        os.close(near)
        for piece in (b"correct ", b"hor", b"se\n"):
            os.write(far, piece)
        os.close(far)
        assert process.wait(60) == 0


def test_a_descriptor_that_says_nothing_is_a_fault_of_usage(peer: Typist, tmp_path: Path) -> None:
    base = tmp_path / "sealed"
    base.mkdir()
    other = Typist(base)
    create = ("network", "create", str(other.share), *CREATE)
    assert "descriptor 97" in other(*create, "--passphrase-fd", "97", code=2).err
    assert "1 to 4096 bytes" in other(*create, "--passphrase-fd", "0", code=2).err
    too_long = "x" * 4097
    assert "1 to 4096 bytes" in other(*create, "--passphrase-fd", "0", stdin=too_long, code=2).err
    for word in ("-1", "x", "99999999999", ""):
        other(*create, "--passphrase-fd", word, code=2)
    for option in (("--passphrase-file", "f"), ("--no-passphrase",)):
        said = other(*create, "--passphrase-fd", "0", *option, stdin="x", code=2)
        assert "contradict" in said.err
    assert not other.share.exists()
    both = ("--passphrase-fd", "0", "--passphrase-file", "f")
    assert "contradict" in peer("halt", *both, stdin="x", code=2).err
