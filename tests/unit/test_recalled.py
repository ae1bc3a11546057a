"""Finding by words: plain words, not all needed, narrowed down as asked, opinions never."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.home import Home, create_home, open_home, recalled
from peer.home.recalled import RECALLABLE, Filter
from peer.knowing import Knowing, query_words
from protocol.messages import Body, Dispute, Endorsement, Head, Insight, Item, Question, compose
from tests.network import SeededEntropy

SCOUT, SMITH, FAR, ME = "scout@lab.eu", "smith@lab.eu", "scout@lab.us", "core@lab.eu"


def fold(where: Home, n: int, body: Body, author: str = SCOUT, re: str | None = None) -> Item:
    item = compose(Head(author=author, kind=body.kind, salt=f"{n:022}", at=n * 1000, re=re), body)
    with where.transaction():
        topics = getattr(body, "topics", ())
        where.knowledge.fold(item, "all" if n % 5 else ME, topics, 0)
    return item


def home() -> Home:
    return create_home(":memory:", SeededEntropy("recalled").draw)


@pytest.fixture(scope="module")
def known() -> Home:
    where = home()
    texts = ("copper conducts heat well", "銅は電気を通す", "a tin roof conducts the rain away",
             "what conducts best of all metals?")  # fmt: skip
    for n in range(1, 201):
        body: Body = Insight(text=f"{texts[n % 3]} {n}", topics=("metal",) if n % 2 else ("roof",))
        if n % 7 == 0:
            body = Question(text=texts[3], topics=("metal",))
        fold(where, n, body, (SCOUT, SMITH, FAR)[n % 11 % 3])
    return where


def find(where: Home, text: str, which: Filter | None = None, hits_max: int = 500) -> list[int]:
    return where.recalled.find(query_words(text), which or Filter(), hits_max)


def test_not_all_words_need_to_match_and_stems_do(known: Home) -> None:
    """RECALL-3."""
    assert find(known, "conducting zeugma", hits_max=1)
    assert len(find(known, "copper tin")) > len(find(known, "copper"))
    assert find(known, "zeugma") == []


def test_languages_without_spaces_are_found_by_their_characters(known: Home) -> None:
    """RECALL-3."""
    n = find(known, "電気", hits_max=1)
    assert "電気" in known.knowledge.by_number(n)[n[0]].data.decode()


@given(st.text(max_size=60))
def test_whatever_is_typed_is_no_query_language(typed: str) -> None:
    """RECALL-3."""
    where = home()
    fold(where, 1, Insight(text='say "copper" OR NEAR(tin) NOT roof* ^ text:copper'))
    find(where, typed)
    assert find(where, f'copper {typed}"'[:200])


@pytest.mark.parametrize(
    "typed", ['"', "copper AND", "NEAR(", "text:copper", "copper*", "-tin", "^"]
)
def test_syntax_of_the_index_means_nothing(known: Home, typed: str) -> None:
    """RECALL-3."""
    assert bool(find(known, typed)) == any(word in typed for word in ("copper", "tin", "text:cop"))


def test_filters_leave_what_passes_them(known: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they leave few, which is another way through the index."""
    monkeypatch.setattr(recalled, "turn_hits", 1_000)
    nodes = known.knowledge.by_number(range(1, 201))
    topics = known.knowledge.topics_of(range(1, 201))
    filters = [
        (Filter(topic="roof"), lambda n: "roof" in topics[n]),
        (Filter(author=SMITH), lambda n: nodes[n].author == SMITH),
        (Filter(cluster="lab.us"), lambda n: nodes[n].author == FAR),
        (Filter(kinds=("question",)), lambda n: nodes[n].kind == "question"),
        (Filter(since_ms=50_000), lambda n: nodes[n].at >= 50_000),
        (Filter(until_ms=50_000), lambda n: nodes[n].at < 50_000),
        (Filter(above=190), lambda n: n > 190),
        (Filter(public=True), lambda n: nodes[n].audience == "all"),
        (Filter(kinds=RECALLABLE, topic="metal", until_ms=90_000, author=SCOUT),
         lambda n: "metal" in topics[n] and nodes[n].at < 90_000 and nodes[n].author == SCOUT),
    ]  # fmt: skip
    everything = find(known, "copper conducts tin best")
    assert len(everything) > 100
    for few_max in (5_000, 3):
        monkeypatch.setattr(recalled, "few_max", few_max)
        for which, passes in filters:
            expected = [n for n in everything if passes(n)]
            assert expected, which.sql
            assert find(known, "copper conducts tin best", which) == expected
            assert find(known, "copper conducts tin best", which, 3) == expected[:3]


def test_words_that_stand_nearly_everywhere_cost_no_more_than_the_bound(
    known: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalled, "looked_at_max", 20)
    known.recalled._told = None, ([], 0)
    assert len(find(known, "conducts")) == 20
    assert min(find(known, "conducts")) > 150, "the newest of them"
    assert find(known, "conducts best") == find(known, "best"), "the rarer ones are there"
    assert min(find(known, "conducts", Filter(above=0, topic="roof"))) < 20


def test_a_flood_of_one_author_hides_nothing_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """RECALL-6: short texts with the same words, more of them than are looked at."""
    where = home()
    text = "copper conducts, as we measured over weeks on the bench in the old hall " * 3
    wanted = fold(where, 1, Insight(text=text), SMITH)
    with where.transaction():
        for n in range(2, 4_002):
            item = compose(
                Head(author=FAR, kind="insight", salt=f"{n:022}", at=n), Insight(text="copper")
            )
            where.knowledge.fold(item, "all", (), 0)
    for n, witness in enumerate((ME, SCOUT), 5_001):
        fold(where, n, Endorsement(), witness, re=wanted.id)
    (node,) = where.knowledge.many([wanted.id]).values()
    hits = Knowing(where, ME, 86_400_000).recall("copper conducts", Filter(), 20)
    assert wanted.id in [hit.node.id for hit in hits]
    assert node.n in find(where, "copper", hits_max=recalled.turn_hits + 1)
    assert node.n in find(where, "copper", Filter(public=True), recalled.turn_hits + 1)
    monkeypatch.setattr(recalled, "below_max", 100)
    assert node.n not in find(where, "copper"), "so far, and no further"


def test_authors_take_turns() -> None:
    """RECALL-6: the best few of each, then the next few, each turn by how well they fit."""
    where = home()
    for n in range(1, 13):
        text = "copper " * (14 - n) if n < 9 else "copper among many other words that stand here"
        fold(where, n, Insight(text=text + f" {n}"), SCOUT if n < 9 else SMITH)
    found = find(where, "copper")
    assert sorted(found[:9]) == [1, 2, 3, 4, 5, 9, 10, 11, 12]
    assert sorted(found[:5]) == [1, 2, 3, 4, 5]
    assert sorted(found[9:]) == [6, 7, 8]
    assert find(where, "copper", hits_max=7) == found[:7]


def test_what_another_process_erases_meanwhile_does_not_come_into_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RECALL-1."""
    path = str(tmp_path / "home.db")
    where = create_home(path, SeededEntropy("erased").draw)
    fold(where, 1, Insight(text="a mirror shines"))
    find(where, "mirror")
    item = fold(where, 2, Insight(text="the vault is behind the mirror"))
    part = where.db.part

    def erased_first() -> AbstractContextManager[None]:
        monkeypatch.undo()
        other = open_home(path)
        with other.transaction():
            other.knowledge.erase(SCOUT, item.id, lambda data: data)
        other.close()
        return part()

    monkeypatch.setattr(where.db, "part", erased_first)
    assert find(where, "mirror") == [1]
    assert where.db.read("SELECT count(*) FROM known_words WHERE known_words MATCH 'vault'") == [
        (0,)
    ]


def test_what_fits_much_less_than_the_best_can_be_left_out() -> None:
    where = home()
    fold(where, 1, Insight(text="copper wire conducts"))
    fold(where, 2, Insight(text="a roof conducts"))
    for n in range(3, 30):
        fold(where, n, Insight(text=f"something else {n}"))
    words = query_words("copper wire conducts")
    assert where.recalled.find(words, Filter(), 10) == [1, 2]
    assert where.recalled.find(words, Filter(), 10, least=0.7) == [1]


def test_opinions_are_not_recalled_and_the_index_goes_past_them() -> None:
    """RECALL-2."""
    where = home()
    claim = fold(where, 1, Insight(text="copper conducts"))
    fold(where, 2, Dispute(because="zinc conducts better"), SMITH, re=claim.id)
    fold(where, 3, Endorsement(), FAR, re=claim.id)
    assert find(where, "zinc conducts") == [1]
    assert where.recalled.newest(Filter(), 10) == where.recalled.oldest(Filter(), 10) == [1]
    assert where.recalled.count(Filter()) == 1
    changes = where.db.stamp("known_words")
    where.recalled.catch_up()
    assert where.db.stamp("known_words") == changes, "nothing is new"


def test_which_words_stand_in_it(known: Home) -> None:
    found = known.recalled.standing_in(["conducting", "copper", "tin", "銅"], [1, 2, 3])
    assert found == {1: ["銅"], 2: ["conducting", "tin"], 3: ["conducting", "copper"]}


def test_erased_words_leave_the_index() -> None:
    """RECALL-1."""
    where = home()
    item = fold(where, 1, Insight(text="the vault is behind the mirror"))
    fold(where, 2, Insight(text="a mirror shines"))
    assert find(where, "vault mirror") == [1, 2]
    with where.transaction():
        where.knowledge.erase(SCOUT, item.id, lambda data: data)
    assert find(where, "vault mirror") == [2]
    rows = where.db.read("SELECT count(*) FROM known_words WHERE known_words MATCH 'vault'")
    assert rows == [(0,)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from((ME, SCOUT, SMITH)), st.integers(0, 5), st.booleans(),
            st.sampled_from((SCOUT, SMITH, FAR)),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_trust_is_the_expectation_of_the_reputation(
    said: list[tuple[str, int, bool, str]],
) -> None:
    """All at once, and one by one."""
    where = home()
    claims = [fold(where, n, Insight(text=f"claim {n}"), (SCOUT, SMITH, FAR)[n % 3]) for n in
              range(1, 7)]  # fmt: skip
    for n, (witness, about, good, proved) in enumerate(said):
        body = Endorsement() if good else Dispute(because="no")
        fold(where, 100 + n, body, witness, re=claims[about].id)
        with where.transaction():
            if n % 4 == 3:
                where.proofs.add(proved, "fork", f"key {n}", b"", 1)
    knowing = Knowing(where, ME, 86_400_000)
    for author in (SCOUT, SMITH, FAR, "stranger@lab.eu"):
        assert knowing.trust(author) == knowing.reputation(author).expectation
    assert knowing.trust(ME) == 1.0
