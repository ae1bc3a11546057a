"""Own troubles as they are typed and seen: settings, ticks, `alert --over`, status, the API."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from peer import Peer, Trouble, UsageError
from tests.integration.typist import NAMES, Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def everybody(peer: Typist) -> None:
    """Everybody ticks, each in a process of its own."""
    peer("tick", "--all")


def shown(peer: Typist, name: str) -> list[tuple[str, str]]:
    return [
        (c["level"], c["text"]) for c in peer("status", "--as", name, "--json").json["concerns"]
    ]


def test_what_a_command_prints_is_told_once_and_ends_by_itself(
    peer: Typist, tmp_path: Path
) -> None:
    """CHECK-1, CHECK-2: a setting is all that it takes, and no Python."""
    said = tmp_path / "said"
    said.write_text("warn model answers take 40 s\n")
    look = f"import sys; sys.stdout.write(open({str(said)!r}).read())"
    command = shlex.join([sys.executable, "-c", look])
    peer("config", "set", "checks.command", command, "--as", "core")
    everybody(peer)
    everybody(peer)
    assert shown(peer, "core") == [("warn", "answers take 40 s")]
    assert shown(peer, "scout") == [("warn", "core@lab: answers take 40 s")]
    assert len(peer("feed", "core", "--as", "scout", "--json").json) == 1
    said.write_text("critical model nobody answers\x1b[31m\n")
    everybody(peer)
    everybody(peer)
    assert shown(peer, "scout") == [("human", "core@lab: nobody answers?[31m")]
    assert "\x1b[31m" not in peer("escalations", "--as", "scout").out
    said.write_text("ok model\n")
    everybody(peer)
    assert len(shown(peer, "core")) == 1, "an hour is not over"


def test_a_full_disk_is_told_and_names_no_path(peer: Typist) -> None:
    """CHECK-1: the disk of this machine is at least 1 % full."""
    tight = {
        "PEER_CHECKS_DISK_WARN_PERCENT": "1", "PEER_CHECKS_DISK_CRITICAL_PERCENT": "1",
        "PEER_CHECKS_COMMAND": "/nowhere/at-all",
    }  # fmt: skip
    report = peer("tick", "--as", "core", "--json", env=tight).json
    assert len(report["problems"]) == 2
    peer("tick", "--as", "scout")
    told = peer("feed", "core", "--as", "scout", "--json").json
    assert sorted(row["severity"] for row in told) == ["critical", "warn"]
    assert all(row["auto"] for row in told)
    text = " ".join(row["text"] for row in told)
    assert "% full" in text
    assert "the check command cannot be run (No such file or directory)" in text
    assert str(peer.base) not in text
    assert "nowhere" not in text
    mend = [c["mend"] for c in peer("escalations", "--as", "core", "--json").json]
    assert any(str(peer.home) in one for one in mend), "my own people see where"


def test_what_was_told_by_hand_is_over_when_its_author_says_so(peer: Typist) -> None:
    """CHECK-7: and by nobody else's word; an open setting of a check is not asked."""
    first = peer("alert", "--as", "core", "my fan is loud").out.strip()
    everybody(peer)
    assert shown(peer, "scout") == [("warn", "core@lab: my fan is loud")]
    assert (
        "no alert that you published" in peer("alert", "--over", first, "--as", "scout", code=2).err
    )
    peer("alert", "--over", "zzzzzzzz", "--as", "core", code=3)
    peer("alert", "--over", "no id", "--as", "core", code=2)
    note = peer("send", "--as", "core", "all", "hello").out.strip()
    assert "no alert" in peer("alert", "--over", note, "--as", "core", code=2).err
    over = peer("alert", "--over", first[:8], "--as", "core", "--json").json["ids"][0]
    everybody(peer)
    assert shown(peer, "scout") == []
    (row,) = [one for one in peer("feed", "--as", "scout", "--json").json if one["id"] == over]
    assert (row["text"], row["severity"], row["re"]) == ("it is over", "info", first)
    again = peer("alert", "--over", over, "it is quiet now", "--as", "core").out.strip()
    (row,) = [one for one in peer("feed", "--as", "core", "--json").json if one["id"] == again]
    assert (row["text"], row["re"]) == ("it is quiet now", first), "whichever of them is named"


def test_a_program_adds_a_check(peer: Typist) -> None:
    """CHECK-1: and what a scheduler's tick does not know lasts; `alert_over` ends it by hand."""
    found = [Trouble("slow", "warn", "answers take 40 s")]
    with Peer.open(home=str(peer.home), name="core") as core:

        @core.check("model")
        def model() -> list[Trouble]:
            return found

        assert model() is found
        for name in ("disk", "ticks", "command", "Model", "a/b", ""):
            with pytest.raises(UsageError):
                core.check(name)
        core.tick()
        core.close()
        core.tick()
        assert "model" in core.running.checks, "also when the home was opened anew"
        (concern,) = core.concerns()
        assert concern.text == "answers take 40 s"
        for name in NAMES:
            peer("tick", "--as", name)
        assert shown(peer, "scout") == [("warn", "core@lab: answers take 40 s")]
        core.alert_over(concern.key.rpartition(":")[2])
        assert core.concerns() == []
    everybody(peer)
    assert shown(peer, "scout") == []
