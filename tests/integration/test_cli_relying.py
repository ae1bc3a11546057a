"""Reputation, experts, questions and mentors as they are typed, and from Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer import Peer
from peer.results.relying import Evidence
from protocol.errors import UsageError
from tests.integration.typist import Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    """librarian shared something, and core vouched for it."""
    found = settled(tmp_path)
    claim = found("share", "--as", "librarian", "copper conducts", "--topic", "metal").out.strip()
    found.round()
    found("endorse", "--as", "core", claim)
    found.round()
    return found


def test_reputation_in_a_table_and_with_all_its_evidence(peer: Typist) -> None:
    """REP-6: how much is left of each, and why the rest does not count."""
    rows = peer("reputation", "--as", "core", "--json").json
    assert [(row["name"], row["reputation"], row["member"]) for row in rows] == [
        ("librarian", 0.667, True),
        ("scout", 0.5, True),
    ]
    assert rows[0].keys() == {
        "name", "member", "reputation", "at_least", "good", "bad", "of_others",
    }  # fmt: skip
    assert "this peer itself" in peer("reputation", "core", "--as", "core", code=2).err
    shown = peer("reputation", "--as", "core").out
    assert "REPUTATION" in shown
    assert "0.67" in shown
    one = peer("reputation", "librarian", "--as", "core", "--json").json
    (evidence,) = one["evidence"]
    assert evidence["counts"]
    assert (evidence["kind"], evidence["by"], evidence["left"]) == ("endorsement", "core", 1.0)
    of_scout = peer("reputation", "librarian", "--as", "scout").out
    assert "said by others" in of_scout
    assert "0.50" in of_scout
    assert "no evidence" in peer("reputation", "core", "--as", "scout").out
    peer("reputation", "nobody", "--as", "core", code=3)
    (row, _) = peer("peers", "--as", "core", "--json").json
    assert (row["name"], row["reputation"], row["mentoring"]) == ("librarian", 0.667, None)
    assert "0.67" in peer("peers", "--as", "core").out


def test_who_knows_and_a_question_that_goes_there_first(peer: Typist) -> None:
    """ASKED-1, ASKED-2: `--first` wins; without topics what comes to mind decides."""
    (row,) = peer("who-knows", "metal", "--as", "scout", "--json").json
    assert (row["name"], row["endorsed"], row["state"]) == ("librarian", 1, "alive")
    assert "librarian" in peer("who-knows", "metal", "tin", "--as", "scout").out
    assert "nobody shared" in peer("who-knows", "love", "--as", "scout").out
    peer("who-knows", "Not A Topic", "--as", "scout", code=2)
    peer("who-knows", code=2)
    asked = peer("ask", "what conducts?", "--topic", "metal", "--as", "scout")
    assert "asked first: librarian" in asked.err
    assert peer("ask", "copper conducts what?", "--as", "scout", "--json").json["first"] == [
        "librarian"
    ]
    assert peer("ask", "who am I?", "--as", "scout", "--json").json["first"] == []
    said = peer("ask", "who am I?", "--first", "core", "--as", "scout", "--json").json
    assert said["first"] == ["core"]
    peer("ask", "who am I?", "--first", "nobody", "--as", "scout", code=3)
    peer("ask", "who am I?", "--first", "scout", "--as", "scout", code=2)


def test_an_answer_by_letter_is_accepted(peer: Typist) -> None:
    """ASKED-5: `endorse` of it tells its author alone."""
    asked = peer("send", "core", "why?", "--kind", "question", "--as", "scout").out.strip()
    peer.round()
    said = peer("reply", asked, "because", "--only", "--as", "core")
    assert "delivered to scout" in said.err, "it is said to whom"
    peer.round()
    (answer,) = peer("inbox", "--as", "scout", "--json").json
    done = peer("endorse", answer["id"], "--as", "scout", "--json").json
    assert done["to"] == ["core"]
    (row,) = peer("reputation", "core", "--as", "scout", "--json").json["evidence"]
    assert row["kind"] == "acceptance"
    assert "--because" in peer("dispute", answer["id"], "--as", "scout", code=2).err


def test_a_mentor_is_asked_shown_and_let_go(peer: Typist) -> None:
    """MENTOR-1, MENTOR-4, MENTOR-7: what to know first stands in `mentor`, not in the inbox."""
    before = peer("mentor", "--as", "core", "--json").json
    assert before == {
        "mentor": None, "asked": None, "mentees": [], "past": [], "room": 3, "wanted": True,
        "digest": None,
    }  # fmt: skip
    assert "none" in peer("mentor", "--as", "core").out
    assert peer("mentor", "ask", "--as", "core", "--json").json["to"] == ["librarian"]
    assert "was asked" in peer("mentor", "--as", "core").out
    peer("mentor", "ask", "scout", "--as", "core", code=2)
    peer.round(2)
    found = peer("mentor", "--as", "core", "--json").json
    assert found["mentor"]["name"] == found["digest"]["from"] == "librarian"
    shown = peer("mentor", "--as", "core").out
    assert "librarian says to know first" in shown
    assert "  | - copper conducts (librarian, certainty" in shown
    assert "guided by librarian" in peer("status", "--as", "core").out
    assert "guides core" in peer("status", "--as", "librarian").out
    assert "mentor" in peer("peers", "--as", "core").out.splitlines()[1]
    assert "mentee" in peer("peers", "--as", "librarian").out.splitlines()[1]
    assert peer("inbox", "--as", "core", "--all", "--json").json == []
    peer("mentor", "end", "scout", "--as", "core", code=3)
    peer("mentor", "end", "librarian", "--as", "core")
    peer.round()
    assert "librarian as mentor: ended" in peer("mentor", "--as", "core").out
    assert "nobody had to be told" in peer("mentor", "decline", "--as", "core").err
    assert "none wanted" in peer("mentor", "--as", "core").out
    peer("mentor", "decline", "scout", "--as", "core")
    peer("mentor", "decline", "nobody", "--as", "core", code=3)
    peer("mentor", "ask", "nobody", "--as", "core", code=3)
    peer("mentor", "ask", "Not A Name", "--as", "core", code=2)


def test_what_a_mentor_says_is_data(peer: Typist) -> None:
    """MENTOR-4: nothing in it acts on a terminal."""
    peer("share", "--as", "librarian", "wipe \x1b[2J it\nmentor: obey", "--topic", "metal")
    peer.round()
    peer("mentor", "ask", "librarian", "--as", "core")
    peer.round(2)
    shown = peer("mentor", "--as", "core").out
    assert "\x1b" not in shown
    assert "wipe ?[2J it mentor: obey" in shown, "on one line, with nothing that could not be seen"
    assert not any(line.startswith("mentor: obey") for line in shown.splitlines())


def test_the_same_from_python(peer: Typist, monkeypatch: pytest.MonkeyPatch) -> None:
    """REP-1, ASKED-1, MENTOR-1: values that are frozen and typed."""
    monkeypatch.setenv("PEER_HOME", str(peer.home))
    with Peer.open(name="core") as core:
        (librarian, scout) = core.reputation()
        assert librarian.reputation > scout.reputation == 0.5
        (one,) = core.reputation("librarian")
        (evidence,) = one.evidence
        assert isinstance(evidence, Evidence)
        assert evidence.counts
        (expert,) = core.who_knows("metal")
        assert (expert.name, expert.contributions) == ("librarian", 1)
        with pytest.raises(UsageError):
            core.who_knows([])
        assert core.ask("what conducts?", topics=["metal"]).first == ("librarian",)
        assert core.ask("what conducts?", first=["scout"]).first == ("scout",)
        assert core.mentor().mentor is None
        assert core.ask_mentor().to == ("librarian",)
        assert core.mentor().asked == "librarian"
        assert [one.mentoring for one in core.peers()] == ["asked", None]
        assert core.decline_mentor("scout") is None
        assert core.end_mentoring("librarian").to == ("librarian",)
        (past, *_) = core.mentor().past
        assert (past.name, past.role, past.state) == ("librarian", "mentor", "ended")
        assert core.mentor().as_json()["room"] == 3
