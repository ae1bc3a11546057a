"""What is known, as it is typed: knowledge, why, graph, retract; and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.integration.typist import Typist, settled

NASTY = 'x"] ; "evil" [label="\x1b[2J </svg><script>alert(1)</script> & \\" ]'


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


@pytest.fixture
def claim(peer: Typist) -> str:
    """An insight of librarian that core vouches for and scout disputes."""
    id_ = peer(
        *("share", "--as", "librarian", "copper conducts", "--topic", "metal"),
        *("--confidence", "0.9", "--evidence", "measured twice"),
    ).out.strip()
    peer.round()
    peer("endorse", "--as", "core", id_)
    peer("dispute", "--as", "scout", id_, "--because", "not this alloy")
    peer.round(2)
    return id_


def test_a_topic_shows_who_says_what_and_how_certain_it_is(peer: Typist, claim: str) -> None:
    """KNOW-8: contradictions stand beside what they contradict, with their reason."""
    (row,) = peer("knowledge", "metal", "--as", "core", "--json").json
    assert (row["id"], row["from"], row["supported_by"]) == (claim, "librarian", ["core"])
    assert [(one["from"], one["because"]) for one in row["disputed_by"]] == [
        ("scout", "not this alloy")
    ]
    assert (row["contested"], row["state"], row["private"]) == (True, "current", False)
    assert (row["confidence"], row["evidence"]) == (0.9, ["measured twice"])
    assert row["belief"] + row["disbelief"] + row["uncertainty"] == pytest.approx(1, abs=0.002)
    shown = peer("knowledge", "metal", "--as", "core").out
    assert "disputed by scout: not this alloy" in shown
    assert "vouched for by core" in shown
    assert f"{row['certainty']:.2f}" in shown
    assert peer("knowledge", "--as", "core", "--json").json == [{"topic": "metal", "insights": 1}]
    assert "`peer ask" in peer("knowledge", "cheese", "--as", "core").out
    peer("share", "--as", "core", "tin melts", "--topic", "metal")
    assert "and 1 insight more" in peer("knowledge", "metal", "--as", "core", "--limit", "1").out
    peer("share", "--as", "core", "oak floats", "--topic", "wood")
    assert len(peer("knowledge", "--as", "core", "--limit", "1", "--json").json) == 1
    assert "and 1 more" in peer("knowledge", "--as", "core", "--limit", "1").out


def test_why_adds_up(peer: Typist, claim: str) -> None:
    """KNOW-4: each word with what it is worth here, and their sum is what is believed."""
    row = peer("why", claim[:8], "--as", "core", "--json").json
    support = sum(one["support"] for one in row["words"])
    dispute = sum(one["dispute"] for one in row["words"])
    assert row["certainty"] == pytest.approx((support + 1) / (support + dispute + 2), abs=0.002)
    assert {(one["from"], one["link"]) for one in row["words"]} == {
        ("librarian", "claims"), ("core", "supports"), ("scout", "refutes"),
    }  # fmt: skip
    assert next(one for one in row["words"] if one["from"] == "core")["trust"] == 1.0
    shown = peer("why", claim, "--as", "core").out
    assert "not this alloy" in shown
    peer("why", "zzzzzzzz", "--as", "core", code=3)
    peer("why", "z", "--as", "core", code=2)


def test_why_follows_what_a_claim_was_concluded_from(peer: Typist, claim: str) -> None:
    so = peer(
        *("share", "--as", "librarian", "wires may be copper", "--topic", "wires"),
        *("--from-insight", claim[:8]),
    ).out.strip()
    instead = peer(
        *("share", "--as", "librarian", "pure copper conducts", "--topic", "metal"),
        *("--supersedes", claim, "--valid-until", "2099-12-31"),
    ).out.strip()
    peer.round(2)
    row = peer("why", so, "--as", "core", "--json").json
    assert [(one["link"], one["id"]) for one in row["rests_on"]] == [("derived-from", claim)]
    first, second = peer("knowledge", "metal", "--as", "core", "--json").json
    assert (first["id"], first["valid_until"]) == (instead, "2099-12-31T00:00:00Z")
    assert (second["id"], second["state"]) == (claim, "superseded")
    row = peer("why", claim, "--as", "core", "--json").json
    assert [one["id"] for one in row["replaced_by"]] == [instead]
    assert [one["id"] for one in row["led_to"]] == [so]
    assert "replaced by" in peer("why", claim, "--as", "core").out
    opinion = next(
        one["id"] for one in peer("feed", "--as", "core", "--json").json if one["kind"] == "dispute"
    )
    assert f"peer why {claim[:8]}" in peer("why", opinion, "--as", "core", code=2).err


def test_what_is_taken_back_is_marked(peer: Typist, claim: str) -> None:
    """KNOW-6, KNOW-7."""
    peer("retract", "--as", "core", claim, code=2)
    peer("retract", "--as", "librarian", claim[:8], "--because", "I measured wrongly")
    peer.round(2)
    (row,) = peer("knowledge", "metal", "--as", "core", "--json").json
    assert row["state"] == "retracted"
    assert "retracted" in peer("knowledge", "metal", "--as", "core").out
    letter = peer("send", "--as", "core", "scout", "hello").out.strip()
    assert "claims nothing" in peer("retract", "--as", "core", letter, code=2).err


def test_what_was_erased_is_not_known(peer: Typist, claim: str) -> None:
    """KNOW-9."""
    peer("erase", "--as", "librarian", claim)
    peer.round(2)
    assert peer("knowledge", "metal", "--as", "core", "--json").json == []
    peer("why", claim, "--as", "core", code=3)


def test_an_erased_opinion_stays_one_without_words(peer: Typist, claim: str) -> None:
    """KNOW-9: whoever shows what is known shows that, in every form."""
    row = peer("knowledge", "metal", "--as", "core", "--json").json[0]
    peer("erase", "--as", "scout", row["disputed_by"][0]["id"])
    words = peer("why", claim, "--as", "librarian", "--json").json["words"]
    peer("erase", "--as", "core", next(one["id"] for one in words if one["link"] == "supports"))
    peer.round(2)
    (row,) = peer("knowledge", "metal", "--as", "librarian", "--json").json
    assert [(one["from"], one["because"]) for one in row["disputed_by"]] == [("scout", "")]
    assert "disputed by scout" in peer("why", claim, "--as", "librarian").out
    for words in (
        ("graph", "metal"),
        ("recall", "copper"),
        ("recall", "--for-restart"),
        ("digest",),
    ):
        assert "not this alloy" not in peer(*words, "--as", "librarian").out


def test_a_letter_in_the_graph_is_marked_as_one(peer: Typist) -> None:
    asked = peer("ask", "--as", "core", "what conducts?", "--topic", "metal").out.split()[0]
    peer.round(2)
    peer("reply", "--as", "scout", asked, "copper, between us")
    peer.round(2)
    graph = peer("graph", "metal", "--as", "core", "--json").json
    (answer,) = [one for one in graph["nodes"] if one["kind"] == "claim"]
    assert answer["private"]
    assert "answers" in {one["link"] for one in graph["edges"]}
    for form in ("dot", "svg"):
        assert "a letter" in peer("graph", "metal", "--as", "core", "--format", form).out


def test_the_graph_is_json_dot_and_a_picture(peer: Typist, claim: str) -> None:
    peer("share", "--as", "scout", NASTY, "--topic", "metal")
    peer.round(2)
    graph = peer("graph", "metal", "--as", "core", "--format", "json").json
    assert graph == peer("graph", "metal", "--as", "core", "--json").json
    links = {(one["from"], one["to"], one["link"]) for one in graph["edges"]}
    assert {
        (claim, "peer:librarian", "authored-by"), (claim, "topic:metal", "about"),
        ("peer:core", claim, "supports"), ("peer:scout", claim, "refutes"),
    } <= links  # fmt: skip
    picture = peer("graph", "--as", "core", "--format", "svg").out
    root = ElementTree.fromstring(picture)
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert "copper conducts" in "".join(root.itertext())
    written = peer("graph", "--as", "core").out
    assert "\x1b" not in written + picture
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tjson"], input=written.encode(), check=True, capture_output=True)
    inside = written.replace("\\\\", "").replace('\\"', "")
    assert inside.count('"') % 2 == 0
    assert not any(line.strip().startswith('"evil"') for line in inside.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ("share", "x", "--valid-until", "tomorrow"),
        ("share", "x", "--valid-from", "2031-01-01", "--valid-until", "2030-01-01"),
        ("share", "x", "--evidence", ""),
        ("share", "x", "--evidence", "two\nlines"),
        ("share", "x", *(f"--evidence={n}" for n in range(17))),
        ("knowledge", "Two Words"),
        ("graph", "--format", "png"),
        ("why",),
        ("why", "abc"),
        ("retract",),
    ],
)
def test_what_cannot_be_meant_is_refused(peer: Typist, words: tuple[str, ...]) -> None:
    peer(*words, "--as", "core", code=2)
    assert peer("feed", "--as", "core", "--json").json == []


def test_an_unknown_source_is_refused_and_nothing_is_published(peer: Typist) -> None:
    for option in ("--supersedes", "--from-insight"):
        peer("share", "--as", "core", "x", option, "zzzzzzzz", code=3)
    assert peer("feed", "--as", "core", "--json").json == []


def test_nothing_known_is_said(peer: Typist) -> None:
    assert "nothing is known here yet" in peer("knowledge", "--as", "core").out
    graph = json.loads(peer("graph", "--as", "core", "--json").out)
    assert graph == {"nodes": [], "edges": []}
    ElementTree.fromstring(peer("graph", "--as", "core", "--format", "svg").out)
