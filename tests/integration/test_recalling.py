"""Recall in a network: what may be found, in which order, within a budget, and since when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer import embedding, recalling
from peer.cancelling import cancel
from peer.erasing import erase
from peer.home import Home, create_home
from peer.instance import RunningPeer
from peer.recalling import Asked, Recalling, silently
from protocol.charter import Rule
from protocol.errors import SomaError, UsageError
from protocol.messages import (
    Announcement,
    Answer,
    Body,
    Dispute,
    Endorsement,
    Head,
    Insight,
    Question,
    Retraction,
    compose,
)
from registry.faulty import Fault
from tests.network import Network, SeededEntropy, insight, settled

SECRET = "the vault is behind the mirror"
ME = "core@lab.eu"
AWAY = Fault(name="unavailable", times=-1)


def size(answer: dict[str, Any]) -> int:
    return len(json.dumps(answer).encode())


def ask(home: Home, text: str = "", **asked: Any) -> dict[str, Any]:
    found = Recalling(home, ME, 1_790_000_000_000)
    return found.answer(Asked(text=text, **{"meaning": False} | asked), silently, size)


def recall(peer: RunningPeer, text: str, **asked: Any) -> list[str]:
    """The texts that a peer recalls."""
    found = Recalling(peer.home, peer.address, peer.clock.wall_ms())
    answer = found.answer(Asked(text=text, **{"meaning": False} | asked), silently, size)
    return [row["text"] for row in answer["hits"]]


def fold(
    home: Home, n: int, body: Body, author: str = "scout@lab.eu", re: str | None = None
) -> str:
    item = compose(Head(author=author, kind=body.kind, salt=f"{n:022}", at=n, re=re), body)
    with home.transaction():
        home.knowledge.fold(item, "all", getattr(body, "topics", ()), 0)
    return item.id


def fresh() -> Home:
    return create_home(":memory:", SeededEntropy("recalling").draw)


class TestWhatMayBeFound:
    def test_what_everybody_published_and_answered(self) -> None:
        network = settled("core", "scout")
        network.send("scout", "all", insight("copper conducts heat", "metal"))
        network.send("scout", "all", Announcement(text="I sort copper", topics=("metal",)))
        asked = network.send("core", "all", Question(text="who has copper wire?")).ids[0]
        network.round(2)
        network.send("scout", "core", Answer(text="I have copper wire"))
        network.round(2)
        core = network.peers["core"]
        found = set(recall(core, "copper"))
        assert {"copper conducts heat", "I sort copper", "I have copper wire"} <= found
        assert recall(core, "copper", kinds=("question",)) == ["who has copper wire?"]
        assert core.home.knowledge.get(asked) is not None

    @pytest.mark.parametrize(
        "body", [Answer(text=SECRET), Insight(text=SECRET), Question(text=SECRET)]
    )
    def test_nothing_sealed_is(self, body: Body) -> None:
        """RECALL-1: neither its reader nor its author finds what was sealed."""
        network = settled("core", "scout")
        network.send("core", "scout", body, seal=True)
        network.round(3)
        for peer in network.peers.values():
            assert recall(peer, "vault mirror") == []
            assert SECRET not in "".join(recall(peer, "vault") + recall(peer, "", limit=100))
            words = "SELECT count(*) FROM known_words WHERE known_words MATCH 'vault OR mirror'"
            assert peer.home.db.read(words) == [(0,)]

    def test_nothing_erased_is(self) -> None:
        """RECALL-1."""
        network = settled("core", "scout")
        id_ = network.send("core", "all", insight(SECRET)).ids[0]
        network.round(2)
        scout = network.peers["scout"]
        assert recall(scout, "vault") == [SECRET]
        erase(network.peers["core"], id_)
        network.round(2)
        assert recall(scout, "vault") == recall(network.peers["core"], "vault") == []

    def test_nothing_that_waits_for_a_yes_is(self) -> None:
        """RECALL-1."""
        network = _governed(Rule(effect="publish", kind="insight", verdict="approve"))
        network.send("core", "all", insight(SECRET))
        assert recall(network.peers["core"], "vault") == []

    @pytest.mark.parametrize(("verdict", "state"), [("approve", "asked"), ("forbidden", "dropped")])
    def test_nothing_that_a_new_charter_holds_back_is(self, verdict: Any, state: str) -> None:
        """RECALL-1: it was known while it could go out, and stood in no page yet."""
        network = _governed(Rule(effect="publish", kind="insight", verdict="free"))
        id_ = network.send("core", "all", insight(SECRET), AWAY).ids[0]
        core = network.peers["core"]
        assert recall(core, "vault") == [SECRET]
        network.charter(Rule(effect="publish", kind="insight", verdict=verdict))
        network.round(2)
        assert core.home.mail.get(id_).state == state
        assert recall(core, "vault") == []

    def test_nothing_taken_back_is(self) -> None:
        """RECALL-1."""
        network = settled("core", "scout")
        core = network.peers["core"]
        id_ = network.send("core", "scout", Question(text=SECRET), AWAY).ids[0]
        assert recall(core, "vault") == [SECRET]
        cancel(core.home, id_, network.clock.wall_ms())
        assert recall(core, "vault") == []


def _governed(*rules: Rule) -> Network:
    network = settled()
    network.mailbox("kay")
    network.charter(*rules)
    network.round(2)
    return network


class TestWhatAHitSays:
    def test_who_said_it_and_how_far_it_is_believed(self) -> None:
        """RECALL-2."""
        home = fresh()
        id_ = fold(home, 1, Insight(text="copper conducts", topics=("metal",), confidence=800))
        fold(home, 2, Endorsement(), "smith@lab.eu", id_)
        fold(home, 3, Dispute(because="no"), "warden@lab.us", id_)
        (row,) = ask(home, "copper")["hits"]
        assert row["id"] == id_
        assert (row["from"], row["kind"], row["topics"]) == ("scout", "insight", ["metal"])
        assert (row["support"], row["disputes"], row["contested"]) == (1, 1, True)
        assert (row["state"], row["trust"], row["confidence"]) == ("current", 0.5, 0.8)
        assert 0 < row["certainty"] < 1
        assert row["at"] == "1970-01-01T00:00:00Z"
        assert row["found"] == {"words": ["copper"], "meaning": None}
        assert not row["private"]

    def test_what_does_not_hold_stands_below_what_does(self) -> None:
        """RECALL-2."""
        home = fresh()
        gone = fold(home, 1, Insight(text="copper copper copper"))
        fold(home, 2, Retraction(), re=gone)
        over = fold(home, 3, Insight(text="copper, copper!", valid_until=5))
        old = fold(home, 4, Insight(text="copper and copper"))
        fold(home, 5, Insight(text="another metal is tin", supersedes=(old,)))
        fold(home, 6, Insight(text="in a long text about roofs the word copper stands only once"))
        rows = ask(home, "copper")["hits"]
        assert [row["state"] for row in rows] == ["current", "expired", "superseded", "retracted"]
        assert [row["id"] for row in rows][1:] == [over, old, gone]


class TestBudget:
    @given(
        texts=st.lists(st.text(min_size=1, max_size=700), min_size=1, max_size=8),
        tokens=st.integers(400, 1_500),
    )
    def test_the_whole_answer_fits_and_has_a_hit(self, texts: list[str], tokens: int) -> None:
        """RECALL-4."""
        home = fresh()
        for n, text in enumerate(texts):
            topics = tuple(f"{'t' * 50}-{n}-{k}" for k in range(n))
            fold(home, n, Insight(text=f"copper {text}", topics=topics))
        answer = ask(home, "copper", budget_tokens=tokens)
        assert size(answer) <= tokens * recalling.token_bytes
        assert answer["hits"]
        assert len(answer["hits"]) + answer["left_out"] == len(texts)
        whole = ask(home, "copper")["hits"]
        assert [row["id"] for row in answer["hits"]] == [r["id"] for r in whole][
            : len(answer["hits"])
        ]
        for row, full in zip(answer["hits"], whole, strict=False):
            if row["cut"]:
                assert row["text"].endswith(" …")
                assert full["text"].startswith(row["text"][:-2])
            else:
                assert row == full

    def test_a_budget_that_is_too_small_is_refused(self) -> None:
        with pytest.raises(UsageError, match="at least 400"):
            Asked(budget_tokens=399)


class TestCursor:
    @given(st.lists(st.integers(0, 3), max_size=25), st.integers(1, 4))
    def test_nothing_that_comes_is_missed_or_told_twice(self, steps: list[int], limit: int) -> None:
        """RECALL-5. 0: the new things are asked for; else so many come, opinions among them."""
        home, told, come = fresh(), list[str](), list[str]()
        cursor = ask(home)["cursor"]
        for step in [*steps, *[0] * 80]:
            for _ in range(step):
                n = len(come)
                come.append(fold(home, n, Insight(text=f"number {n}")))
                fold(home, 1000 + n, Endorsement(), "smith@lab.eu", come[-1])
            if not step:
                answer = ask(home, since=cursor, limit=limit)
                told += [row["id"] for row in answer["hits"]]
                cursor = answer["cursor"]
                assert answer["left_out"] == len(come) - len(told)
        assert told == come

    def test_a_budget_passes_nothing_over(self) -> None:
        """RECALL-5."""
        home, told = fresh(), list[str]()
        cursor = ask(home)["cursor"]
        come = [fold(home, n, Insight(text=f"number {n} " * 60)) for n in range(9)]
        for _ in range(9):
            answer = ask(home, since=cursor, budget_tokens=600)
            told += [row["id"] for row in answer["hits"]]
            cursor = answer["cursor"]
        assert told == come

    def test_what_is_erased_meanwhile_makes_nothing_new(self) -> None:
        network = settled("core", "scout")
        network.send("scout", "all", Insight(text="copper conducts"))
        last = network.send("scout", "all", Insight(text="tin melts")).ids[0]
        network.round(2)
        home = network.peers["core"].home
        cursor = ask(home)["cursor"]
        erase(network.peers["scout"], last)
        network.round(2)
        assert ask(home, since=cursor)["hits"] == []
        network.send("scout", "all", Insight(text="gold is soft"))
        network.round(2)
        assert [row["text"] for row in ask(home, since=cursor)["hits"]] == ["gold is soft"]

    def test_with_words_it_narrows_down(self) -> None:
        home = fresh()
        fold(home, 1, Insight(text="copper one"))
        cursor = ask(home)["cursor"]
        fold(home, 2, Insight(text="copper two"))
        fold(home, 3, Insight(text="tin"))
        assert [row["text"] for row in ask(home, "copper", since=cursor)["hits"]] == ["copper two"]

    def test_after_a_repair_everything_counts_as_new(self) -> None:
        """RECALL-5: numbers may have been given anew."""
        home = fresh()
        fold(home, 1, Insight(text="copper"))
        epoch, _, n = ask(home)["cursor"].partition(".")
        assert ask(home, since=f"{epoch}.{n}")["hits"] == []
        assert len(ask(home, since=f"aaaaaaaa.{n}")["hits"]) == 1
        assert len(ask(home, since=f"{epoch}.{int(n) + 5}")["hits"]) == 1, "of a restored backup"


@pytest.mark.parametrize(
    "asked",
    [{"kinds": ("dispute",)}, {"limit": 0}, {"text": "!?"}, {"text": "x" * 1001}],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Asked(**asked)


def test_a_time_that_is_none_is_refused() -> None:
    for given_ in ({"since": "yesterday"}, {"until": "1"}):
        with pytest.raises(UsageError, match="write 30d"):
            ask(fresh(), "copper", **given_)


class TestMeaning:
    def test_without_the_extra_words_alone_are_compared(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(embedding, "missing", lambda: ["numpy"])
        embedding.embedder.cache_clear()
        home = fresh()
        fold(home, 1, Insight(text="copper"))
        answer = ask(home, "copper", meaning=None)
        assert (len(answer["hits"]), answer["by"]) == (1, "words")
        with pytest.raises(SomaError, match="pip install"):
            ask(home, "copper", meaning=True)

    @pytest.mark.skipif(bool(embedding.missing()), reason="needs the extra `embed`")
    def test_what_shares_no_word_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        home = fresh()
        for n, text in enumerate(
            ("no space is left on the disk", "tin melts early", "a poem about the sea")
        ):
            fold(home, n, Insight(text=text))
        answer = ask(home, "the drive is full", meaning=None)
        assert answer["by"] == "words and meaning"
        assert answer["unembedded"] == 0
        assert answer["hits"][0]["text"] == "no space is left on the disk"
        assert answer["hits"][0]["found"]["meaning"] > 0.4
        assert ask(home, "drive full")["hits"] == [], "by words alone"
        monkeypatch.setattr(recalling, "embedded_max", 1)
        fold(home, 8, Insight(text="my storage is exhausted"))
        fold(home, 9, Insight(text="the storage has no room"), "smith@lab.eu")
        answer = ask(home, "the drive is full", meaning=True)
        assert answer["unembedded"] == 1
        assert "the storage has no room" in [row["text"] for row in answer["hits"]]
        assert ask(home, embed_all=True, meaning=None)["unembedded"] == 0
        only = ask(home, "the drive is full", meaning=True, author="smith")["hits"]
        assert [row["from"] for row in only] == ["smith"]
