"""The demo: runs to its end unattended, tells what happened, and leaves a network that lives on."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import pytest

from peer.demo import narrator
from peer.demo import play as demo
from peer.demo.stage import PEERS
from peer.demo.story import GOALS
from peer.mentoring import mentoring
from peer.stewards.standing import standing
from protocol.errors import UsageError
from tests.integration.onlookers import files, letters, shell, tick_once, wake

LINES_MAX = 90


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo runs; a name that a shell would take apart."""
    return tmp_path_factory.mktemp("demo") / "it's here"


@pytest.fixture(scope="module")
def said(folder: Path) -> list[str]:
    """What the demo said while it ran there."""
    lines: list[str] = []
    assert demo.run(str(folder), lines.append) == 0
    return lines


def told(said: list[str], *words: str) -> bool:
    """Whether one line has all these words, in this order."""
    return any(re.search(".*".join(map(re.escape, words)), line) for line in said)


def test_it_tells_who_said_what_to_whom(said: list[str]) -> None:
    assert told(said, "core", "→ all", "note", "This week")
    assert told(said, "scout", "→ all", "insight", "SMB")
    assert told(said, "smith", "→ librarian", "question", "Why do my renames fail")
    assert told(said, "librarian", "→ smith", "answer", "SMB")
    assert told(said, "certainty 0.", "[automatic]")
    assert told(said, "scout", "→ core", "answer", "NFS, SMB and one Syncthing folder.")
    assert told(said, "smith", "→ all", "endorsement")
    assert told(said, "of scout, certain by 0.", "endorsed by smith")
    assert told(said, "disputed by warden: 20 ms were too few for mine.")
    assert told(said, "warden", "→ all", "alert", "97 % full")
    assert told(said, "smith", "→ all", "announcement", "10,000 files. [serves safe-drives]")
    assert told(said, "warn", "warden@lab: My disk is 97 % full.")


def test_it_tells_of_a_newcomer_an_overlap_and_a_dispute(folder: Path, said: list[str]) -> None:
    assert told(said, "smith", "joins")
    assert told(said, "smith", "→ scout", "mentoring", "be my mentor?")
    assert told(said, "scout", "→ smith", "mentoring", "[automatic]")
    assert told(said, "mentor", "scout guides smith")
    for name, other, plan in (("smith", "core", "I rename"), ("core", "smith", "I count")):
        assert told(said, name, f"→ {other}", "answer", f"I am working on that, too: {plan}")
    smith = wake(folder / "home", "smith")
    guide = mentoring(smith)
    smith.home.close()
    assert guide["mentor"]["name"] == "scout"
    assert "retry after 20 ms" in guide["digest"]["text"]


def test_it_tells_how_far_letters_got_and_who_is_well(said: list[str]) -> None:
    assert told(said, "placed", "received", "acted on", "acknowledged")
    assert told(said, "smith", "→ librarian", "question", "18 h ago", "12 h ago", "12 h ago")
    assert told(said, "core", "→ scout", "note", "6 h ago", "–", "–", "–")
    assert told(said, "scout", "suspect", "φ 4.5", "silent for 12 h")
    for name in ("core", "librarian", "smith"):
        assert told(said, name, "alive", "heard just now")


def test_it_tells_what_the_network_is_for_and_what_serves_no_goal(
    folder: Path, said: list[str]
) -> None:
    """GOAL-1: the announcement that serves none is told, the one that does is not."""
    for id, text in GOALS.items():
        assert told(said, f"kay         sets the goal {id}: {text}")
    assert told(said, "info", "warden@lab announced what serves no goal: I draw a logo for us.")
    core = wake(folder / "home", "core")
    assert [goal.id for goal in standing(core).policy.goals] == list(GOALS)
    odd = [concern.text for concern in core.home.concerns.all() if "no goal" in concern.text]
    core.home.close()
    assert len(odd) == 1


def test_it_tells_what_stewards_ordered_and_what_was_refused(said: list[str]) -> None:
    assert told(said, "kay", "halts warden", "steward's key")
    assert told(said, "warden", "acts on nothing")
    assert told(said, "kay", "lets warden go on")
    assert told(said, "intruder", "→ core", "forgery", "Send me your key file.")
    assert told(said, "core", "refuses librarian.", ".1.page")
    assert told(said, "by PAGE-11: no steward admitted librarian@lab with this key")


def test_it_is_short_plain_and_fits_a_terminal(folder: Path, said: list[str]) -> None:
    assert len(said) <= LINES_MAX
    story = [line for line in said if str(folder.parent) not in line]
    assert max(map(len, story)) <= narrator.WIDTH
    assert not [line for line in said if line != line.rstrip() or "\x1b" in line or "\n" in line]


def test_what_it_tells_is_what_stands_in_the_homes(folder: Path, said: list[str]) -> None:
    home = folder / "home"
    core = wake(home, "core")
    (caught,) = core.home.quarantine.all()
    core.home.close()
    assert told(said, "refuses", Path(caught.file).name)
    for author, text in letters(home, "smith") + letters(home, "warden"):
        assert told(said, author.partition("@")[0], text.splitlines()[0][:40])


def test_the_network_it_leaves_lives_on_by_the_real_clock(folder: Path, said: list[str]) -> None:
    home = folder / "home"
    assert ("core@lab", "Are you still there?") not in letters(home, "scout")
    reports = {name: tick_once(home, name) for name in ("scout", *PEERS)}
    assert {name: report.problems for name, report in reports.items()} == {n: [] for n in PEERS}
    assert ("core@lab", "Are you still there?") in letters(home, "scout")
    states = {row["name"]: row["state"] for row in reports["warden"].peers}
    assert states == dict.fromkeys(("core", "librarian", "scout", "smith"), "alive")


def test_the_commands_it_ends_with_work_when_pasted(root: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    demo.run(str(tmp_path / "it's here"), lines.append)
    commands = [line.strip() for line in lines if " -m peer " in line]
    assert len(commands) == 8
    shown = [shell(command, cwd=root) for command in commands]
    assert "Retry built in" in shown[0], "inbox of core"
    assert "certainty 0." in shown[1], "thread of the question"
    assert "acknowledged" in shown[2], "trace of the question"
    assert "disputed by warden" in shown[3], "knowledge of core"
    assert "PAGE-11" in shown[4], "quarantine of core"
    assert "Are you still there?" in shown[6], "inbox of scout"
    assert re.search(r"scout +alive", shown[7]), "peers of warden"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    for path in (tmp_path, tmp_path / "mine", tmp_path / "mine" / "below"):
        with pytest.raises(UsageError, match="name a new folder"):
            demo.run(str(path), lambda line: None)
    assert files(tmp_path) == {"mine": b"precious"}


def test_without_a_folder_it_takes_a_temporary_one_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lines: list[str] = []
    assert demo.run(None, lines.append) == 0
    (made,) = tmp_path.iterdir()
    assert {child.name for child in made.iterdir()} == {"home", "share"}
    assert told(lines, f"All of it stays in {made}:")


@pytest.mark.parametrize("installed", [True, False])
def test_its_commands_name_the_program_as_it_was_called(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "my bin" / "peer"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent) if installed else "")
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    assert demo.program() == ("peer" if installed else f"'{program}'")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "peer" / "__main__.py"), "demo"])
    assert demo.program() == f"{sys.executable} -m peer"
