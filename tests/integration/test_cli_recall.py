"""Recall as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peer import embedding
from tests.integration.typist import Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    typist = settled(tmp_path)
    typist("share", "--as", "librarian", "copper conducts heat", "--topic", "metal")
    typist("share", "--as", "scout", "a tin roof\x1b[2J conducts rain", "--topic", "roof")
    typist.round(2)
    return typist


def test_hits_say_where_they_come_from(peer: Typist) -> None:
    """RECALL-2."""
    shown = peer("recall", "--as", "core", "conducting", "--words-only").out
    assert "librarian  insight" in shown
    assert "trust 0.5" in shown
    assert "| copper conducts heat" in shown
    assert "\x1b" not in shown
    answer = peer("recall", "--as", "core", "copper", "zeugma", "--words-only", "--json").json
    (row,) = answer["hits"]
    assert (row["from"], row["topics"], row["found"]["words"]) == (
        "librarian",
        ["metal"],
        ["copper"],
    )
    narrowed = peer(
        *("recall", "--as", "core", "conducts", "--words-only", "--json", "--from", "scout"),
        *("--topic", "roof", "--kind", "insight", "--cluster", "lab.eu", "--since", "7d"),
    )
    assert [one["from"] for one in narrowed.json["hits"]] in (["scout"], [])


def test_nothing_found_says_so(peer: Typist) -> None:
    """RECALL-3."""
    assert "nothing is known" in peer("recall", "--as", "core", "zeugma", "--words-only").out
    assert (
        peer("recall", "--as", "core", "NEAR( zeugma", "--words-only", "--json").json["hits"] == []
    )


@pytest.mark.parametrize(
    "words",
    [
        (b"recall", b"ab\xff"), (b"recall", b"--from", b"\xff"), (b"recall", b"--cluster", b"\xff"),
        (b"reputation", b"\xff"), (b"share", b"t", b"--supersedes", b"abcd\xff"),
        (b"share", b"t", b"--from-insight", b"abcd\xff"),
    ],
)  # fmt: skip
def test_what_is_no_utf_8_is_refused(peer: Typist, words: tuple[bytes, ...]) -> None:
    assert "UTF-8" in peer(*words, "--as", "core", code=2).err


def test_a_cursor_tells_what_is_new(peer: Typist) -> None:
    """RECALL-5."""
    cursor = peer("recall", "--as", "core", "--words-only", "--json").json["cursor"]
    assert "nothing" in peer("recall", "--as", "core", "--since", cursor, "--words-only").out
    peer("share", "--as", "scout", "zinc is new")
    peer.round(2)
    new = peer("recall", "--as", "core", "--since", cursor, "--words-only", "--json").json
    assert [row["text"] for row in new["hits"]] == ["zinc is new"]


def test_the_answer_keeps_its_budget_in_both_forms(peer: Typist) -> None:
    """RECALL-4."""
    for n in range(4):
        peer("share", "--as", "core", f"copper {n} " + "\n\u0301é\u2028 long " * 200)
    for form in ((), ("--json",)):
        said = peer("recall", "--as", "core", "copper", "--words-only", "--budget", "500", *form)
        assert len(said.out.encode()) <= 1500
        assert "copper" in said.out
    assert json.loads(said.out)["left_out"] > 0


def test_what_cannot_be_asked_is_a_usage_error(peer: Typist) -> None:
    for words in (
        ("--kind", "note"), ("--since", "then"), ("--budget", "10"), ("--topic", "No Topic"),
        ("--words-only", "--hybrid"),
    ):  # fmt: skip
        peer("recall", "--as", "core", "copper", *words, code=2)


@pytest.mark.skipif(not embedding.missing(), reason="the extra `embed` is here")
def test_without_the_extra_it_says_how_to_get_it(peer: Typist) -> None:
    said = peer("recall", "--as", "core", "copper", "--hybrid", code=1)
    assert "pip install 'soma-network[embed]'" in said.err


@pytest.mark.skipif(bool(embedding.missing()), reason="needs the extra `embed`")
def test_what_means_the_same_is_found(peer: Typist) -> None:
    answer = peer("recall", "--as", "core", "what carries warmth?", "--hybrid", "--json").json
    assert answer["hits"][0]["text"] == "copper conducts heat"
    assert answer["unembedded"] == 0
