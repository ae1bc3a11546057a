"""A digest: what was learned, on what, since when; and that it is bounded, true and harmless."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peer import digesting
from peer.digesting import digest
from peer.knowing import Knowing
from peer.results.digests import Digest, Learned, Part
from protocol.messages import Answer, Body, Dispute, Endorsement, Insight, Question, Retraction
from tests.integration.typist import settled as typed
from tests.network import DAY_MS, Network, settled


@pytest.fixture
def network() -> Network:
    return settled("core", "scout", "smith")


def says(network: Network, who: str, body: Body, to: str = "all", **more: Any) -> str:
    """Somebody says something; everybody has heard it at the next round."""
    return network.send(who, to, body, **more).ids[0]


def learned(network: Network, text: str, who: str = "scout", **more: Any) -> str:
    return says(network, who, Insight(text=text, topics=("metal",), **more))


def of(network: Network, *topics: str, days: int = 3, **more: Any) -> Digest:
    core = network.peers["core"]
    knowing = Knowing(core.home, core.address, network.clock.wall_ms())
    return digest(knowing, topics, knowing.day - days + 1, **more)


def metal(network: Network, days: int = 3) -> Learned:
    (one,) = of(network, "metal", days=days).topics
    assert one == of(network, days=days).topics[0], "what is busiest is shown without a name"
    return one


def texts(part: Part) -> list[str]:
    return [f"{one.text}{f' ({one.why})' if one.why else ''}" for one in part.entries]


def test_what_is_new_stands_with_its_author_the_best_first(network: Network) -> None:
    learned(network, "tin melts", confidence=300)
    best = learned(network, "copper conducts", confidence=900)
    learned(network, "iron rusts", "smith", confidence=900)
    network.round()
    says(network, "smith", Endorsement(), re=best, thread=best)
    network.round()
    one = metal(network)
    assert texts(one.new) == ["copper conducts", "iron rusts", "tin melts"]
    assert [entry.author for entry in one.new.entries] == ["scout", "smith", "scout"]
    sure = [entry.certainty or 0 for entry in one.new.entries]
    assert sure == sorted(sure, reverse=True)
    assert one.contributors == (("scout", 2), ("smith", 1))
    assert of(network, "salt").topics == ()
    assert of(network, "salt").as_text() == "nothing was learned in 3 days"


def test_what_is_old_is_shown_where_something_became_of_it(network: Network) -> None:
    """RESTART-4: contested now, superseded, retracted: each by what came in these days."""
    disputed = learned(network, "tin melts at 100 °C")
    replaced = learned(network, "iron melts")
    wrong = learned(network, "salt is metal")
    learned(network, "gold is heavy")
    network.round(2)
    network.round(40)
    assert of(network).topics == ()
    says(network, "smith", Dispute(because="at 232"), re=disputed, thread=disputed)
    learned(network, "iron melts at 1538 °C", supersedes=(replaced,))
    says(network, "scout", Retraction(because="no"), re=wrong, thread=wrong)
    network.round()
    one = metal(network)
    assert texts(one.new) == ["iron melts at 1538 °C"]
    assert texts(one.contested) == ["tin melts at 100 °C (contested)"]
    assert texts(one.gone) == ["iron melts (superseded)", "salt is metal (retracted)"]
    assert one.contributors == (("scout", 1),)
    assert len(metal(network, days=60).new.entries) == 3


def test_what_ended_in_these_days_is_shown_and_what_ended_before_is_not(network: Network) -> None:
    now = network.clock.wall_ms()
    learned(network, "the oven is hot", valid_until=now + 12 * DAY_MS)
    learned(network, "the oven is on", valid_until=now + 2 * DAY_MS)
    network.round(4 * 13)
    assert texts(of(network, "metal").topics[0].gone) == ["the oven is hot (expired)"]


def test_questions_are_open_until_an_answer_is_here(network: Network) -> None:
    asked = says(network, "core", Question(text="who melts iron?", topics=("metal",)))
    says(network, "core", Question(text="and gold?", topics=("metal",)))
    network.round()
    one = metal(network)
    assert sorted(texts(one.open)) == ["and gold?", "who melts iron?"]
    says(network, "smith", Answer(text="I do"), "core", re=asked, thread=asked)
    network.round()
    one = metal(network)
    assert (texts(one.open), texts(one.answered)) == (["and gold?"], ["who melts iron?"])
    assert one.contributors == (("smith", 1),)


def test_what_is_for_others_names_nothing_private(network: Network) -> None:
    """RESTART-4."""
    says(network, "scout", Question(text="a secret?", topics=("metal",)), "core")
    learned(network, "copper conducts")
    network.round()
    assert texts(of(network).topics[0].open) == ["a secret?"]
    assert "secret" not in of(network, public=True).as_text()


def test_it_is_bounded_and_says_what_is_left_out(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digesting, "topics_max", 2)
    for n in range(7):
        learned(network, f"metal {n} " + "x" * 1000)
    for topic in ("a", "b", "c"):
        says(network, "scout", Insight(text=f"on {topic}", topics=(topic,)))
    says(network, "scout", Insight(text="on nothing\nat all \x1b[31m"))
    network.round()
    found = of(network)
    assert [one.topic for one in found.topics] == ["metal", ""]
    assert found.more_topics == 3
    new = found.topics[0].new
    assert (len(new.entries), new.more) == (5, 2)
    assert len(new.entries[0].text) < 310
    assert found.topics[1].new.entries[0].text == "on nothing at all ?[31m"
    text = found.as_text()
    assert "and 2 more" in text
    assert "and 3 more topics" in text
    assert "(no topic)" in text
    monkeypatch.setattr(digesting, "nodes_max", 3)
    assert of(network).passed_over == 8, "only the newest of each author are looked at"
    assert "8 more items came" in of(network).as_text()


def test_it_is_typed_in_days(tmp_path: Path) -> None:
    peer = typed(tmp_path)
    peer("share", "--as", "librarian", "copper conducts", "--topic", "metal", "--confidence", "0.9")
    peer.round()
    said = peer("digest", "--as", "core").out
    assert said.startswith("learned in 7 days; each line is the word of whom it names\n\nmetal\n")
    assert "copper conducts (librarian, certainty 0." in said
    found = peer("digest", "--as", "core", "--topic", "metal", "--since", "90m", "--json").json
    assert found["days"] == 1
    (topic,) = found["topics"]
    assert topic["new"][0]["text"] == "copper conducts"
    assert topic["contributors"] == [{"name": "librarian", "items": 1}]
    assert "nothing was learned in one day" in peer(
        "digest", "--as", "core", "--topic", "salt", "--since", "1d"
    ).out  # fmt: skip
    peer("digest", "--as", "core", "--since", "soon", code=2)
    peer("digest", "--as", "core", "--topic", "No", code=2)
