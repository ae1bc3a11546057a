"""Publishing as it is typed: what goes out, who sees it where, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.typist import Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_what_was_learned_answers_a_question(peer: Typist) -> None:
    peer(
        *("share", "--as", "librarian", "copper conducts", "--topic", "metal"),
        *("--topic", "physics", "--confidence", "0.9"),
    )
    peer.round()
    asked = peer("ask", "--as", "core", "what conducts?", "--topic", "metal").out.strip()
    peer.round(2)
    answers = peer("inbox", "--as", "core", "--json").json
    assert {row["kind"] for row in answers} == {"answer"}
    assert all(row["re"] == asked and row["auto"] for row in answers)
    assert "copper conducts" in answers[0]["text"], "the claim itself stands in the text"
    assert "automatic" in peer("inbox", "--as", "core").out


def test_the_feed_shows_what_was_published_newest_first(peer: Typist) -> None:
    claim = peer("share", "--as", "librarian", "copper conducts", "--topic", "metal").out.strip()
    peer("announce", "--as", "librarian", "I sort the alloys", "--topic", "metal")
    peer("alert", "--as", "librarian", "my disk is full", "--severity", "critical")
    peer.round()
    peer("endorse", "--as", "core", claim[:8])
    peer("dispute", "--as", "scout", claim, "--because", "not this alloy")
    peer.round()
    rows = peer("feed", "--as", "core", "--json").json
    kinds = [row["kind"] for row in rows]
    assert sorted(kinds) == ["alert", "announcement", "dispute", "endorsement", "insight"]
    assert kinds[-3:] == ["alert", "announcement", "insight"]
    insight = rows[-1]
    assert (insight["topics"], insight["confidence"], insight["trust"]) == (
        ["metal"],
        0.5,
        "admitted",
    )
    assert rows[-3]["severity"] == "critical"
    assert {row["re"] for row in rows[:2]} == {claim}
    assert "not this alloy" in [row["text"] for row in rows]
    of_one = peer("feed", "librarian", "--as", "core", "--json", "--limit", "2").json
    assert [row["kind"] for row in of_one] == ["alert", "announcement"]
    shown = peer("feed", "--as", "core").out
    assert "confidence 0.5" in shown
    assert "published nothing" in peer("feed", "stranger", "--as", "core").out


def test_an_alert_is_no_letter_but_waits_for_a_human(peer: Typist) -> None:
    peer("alert", "--as", "librarian", "my disk is full", "--severity", "critical")
    peer.round()
    (row,) = peer("escalations", "--as", "core", "--json").json
    assert row["level"] == "human"
    assert "my disk is full" in row["text"]
    assert row["mend"]
    for command in ("escalations", "status"):
        assert "my disk is full" in peer(command, "--as", "core").out


def test_only_what_others_published_can_be_judged(peer: Typist) -> None:
    mine = peer("share", "--as", "core", "iron rusts", "--topic", "metal").out.strip()
    peer("endorse", "--as", "core", mine, code=2)
    letter = peer("send", "--as", "core", "librarian", "a secret").out.strip()
    peer.round()
    assert (
        "peer reply" in peer("dispute", "--as", "librarian", letter, "--because", "x", code=2).err
    )
    peer("endorse", "--as", "core", "zzzzzzzz", code=3)


@pytest.mark.parametrize(
    "words",
    [
        ("share", "x", "--topic", "two words"),
        ("share", "x", "--topic", "Metal"),
        ("share", "x", "--confidence", "1.5"),
        ("share", "x", "--confidence", "nan"),
        ("share", "x", *(f"--topic=t{n}" for n in range(17))),
        ("share",),
        ("ask", ""),
        ("alert", "x", "--severity", "terrible"),
        ("dispute", "abcd"),
        ("send", "librarian", "x", "--topic", "metal"),
        ("send", "librarian", "x", "--priority", "5"),
        ("send", "librarian", "x", "--kind", "poem"),
        ("send", "librarian", "x", "--wait", "acted", "--timeout", "nan"),
        ("send", "librarian", "x", "--wait", "acted", "--timeout", "-1"),
        ("feed", "--limit", "0"),
        ("feed", "UPPER"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    peer: Typist, words: tuple[str, ...]
) -> None:
    peer(*words, "--as", "core", code=2)
    assert peer("feed", "--as", "core", "--json").json == []
