"""Full text over a home: whatever is typed are plain words, and rows go when their items go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.home import search
from peer.home.words import plain_words, snippet
from protocol.errors import SomaError, UsageError
from protocol.messages import Question
from tests.network import Network, insight, settled


def found(network: Network, name: str, text: str, **more: object) -> list[str]:
    """The texts that a search gives, best first."""
    home = network.peers[name].home
    home.search.catch_up(lambda done, of, what: None)
    ns = home.search.find(
        plain_words(text),
        author=more.get("author"),  # type: ignore[arg-type]
        since_ms=more.get("since_ms", 0),  # type: ignore[arg-type]
        hits_max=more.get("hits_max", 100),  # type: ignore[arg-type]
    )
    rows = {letter.n: letter.data.decode() for letter in home.mail.by_number(ns)}
    return [rows[n].split('"text":"')[1].split('"')[0] for n in ns]


@pytest.fixture
def network() -> Network:
    network = settled("core", "scout", "smith")
    for text in (
        "copper conducts heat",
        "Copper, copper and copper",
        "a tin roof",
        "Grüße aus Köln",
    ):
        network.send("core", "scout", text)
    network.send("scout", "core", "what about copper wire?")
    network.round(2)
    return network


def test_all_words_must_begin_a_word_and_the_best_come_first(network: Network) -> None:
    texts = ["Copper, copper and copper", "copper conducts heat", "what about copper wire?"]
    assert sorted(found(network, "scout", "copper")) == sorted(texts)
    assert found(network, "scout", "copper")[0] == texts[0]
    assert found(network, "scout", "heat copp") == ["copper conducts heat"]
    assert found(network, "scout", "copper tin") == []
    assert found(network, "scout", "grusse") == []
    assert found(network, "scout", "gruße köln") == ["Grüße aus Köln"]


def test_it_is_narrowed_down(network: Network) -> None:
    mine = found(network, "scout", "copper", author="scout@lab.eu")
    assert mine == ["what about copper wire?"]
    assert found(network, "scout", "copper", since_ms=network.clock.wall_ms() + 1) == []
    assert len(found(network, "scout", "copper", hits_max=1)) == 1


def test_languages_without_spaces_are_found() -> None:
    network = settled()
    network.send("core", "scout", "この電池は危険です")
    network.send("core", "scout", "電気の池")
    network.round(2)
    assert found(network, "scout", "電池") == ["この電池は危険です"]
    assert found(network, "scout", "危険") == ["この電池は危険です"]


def test_the_topics_count_too() -> None:
    network = settled()
    network.send("core", "all", insight("it conducts", "metal/copper"))
    network.send("core", "scout", Question(text="and this?", topics=("copper",)))
    network.round(2)
    assert len(found(network, "scout", "copper")) == 2


def test_what_is_gone_is_not_found_and_leaves_the_index(network: Network) -> None:
    """Numbers of rows are given out again."""
    home = network.peers["scout"].home
    assert found(network, "scout", "tin") == ["a tin roof"]
    with home.transaction():
        (last,) = home.db.read("SELECT max(n) FROM item")
        home.db.write("DELETE FROM item")
    assert found(network, "scout", "tin") == []
    assert home.db.read("SELECT count(*) FROM words, indexed") == [(0,)]
    network.send("scout", "core", "a new roof")
    assert found(network, "scout", "roof") == ["a new roof"]
    assert last[0] >= 5


def test_the_daily_retirement_trims_it(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """AGE-7: the copies of words go with the items."""
    from peer.tick import retire

    monkeypatch.setattr(retire, "item_days", 5)
    home = network.peers["scout"].home
    assert len(found(network, "scout", "copper")) == 3
    network.round(10, hours=24)
    assert home.db.read("SELECT count(*) FROM indexed") == [(0,)]
    assert home.db.read("SELECT count(*) FROM words") == [(0,)]


def test_many_items_are_indexed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    network = settled()
    network.send("core", "scout", Question(text="why?"))
    for number in range(7):
        network.send("core", "scout", f"word{number}")
    monkeypatch.setattr(search, "_BATCH", 3)
    said: list[tuple[int, int, str]] = []
    network.peers["core"].home.search.catch_up(lambda *what: said.append(what))
    assert [done for done, _, _ in said] == [3, 6, 8]
    assert found(network, "core", "word6") == ["word6"]


def test_a_sqlite_without_full_text_says_so(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = network.peers["scout"].home
    monkeypatch.setattr(home.db, "one", lambda sql, *values: None)
    with pytest.raises(SomaError, match="FTS5"):
        home.search.catch_up(lambda done, of, what: None)


@given(st.text(max_size=60))
def test_nothing_typed_is_an_error_of_the_database(text: str) -> None:
    """Quotes, operators, emoji, NUL, surrogates: they are words, or a usage error."""
    home = shared().peers["scout"].home
    try:
        words = plain_words(text)
    except UsageError:
        return
    home.search.find(words, author=None, since_ms=0, hits_max=5)


@pytest.mark.parametrize(
    "text", ['"', "a AND", "NEAR(a b)", "text: x", "a*", "-a", "^a", "x'; --", "_ a"]
)
def test_operators_are_plain_words(text: str) -> None:
    home = shared().peers["scout"].home
    try:
        home.search.find(plain_words(text), author=None, since_ms=0, hits_max=5)
    except UsageError:
        assert not any(c.isalnum() for c in text)


def test_nothing_and_too_much_are_usage_errors() -> None:
    for text in ("", "   ", "🙂", "___", "a " * 40, "x" * 2_000):
        with pytest.raises(UsageError):
            plain_words(text)


def test_a_snippet_shows_the_word() -> None:
    text = "begin\n" + "much " * 100 + "needle " + "more " * 100
    shown = snippet(text, ["Needle"])
    assert "needle" in shown
    assert len(shown) < 180
    assert (shown[0], shown[-1]) == ("…", "…")
    assert snippet("short\nline", ["nowhere"]) == "short line"


_shared: list[Network] = []


def shared() -> Network:
    """One network for all examples, its index made."""
    if not _shared:
        network = settled()
        network.send("core", "scout", "a b c NEAR AND x")
        network.round(2)
        network.peers["scout"].home.search.catch_up(lambda done, of, what: None)
        _shared.append(network)
    return _shared[0]
