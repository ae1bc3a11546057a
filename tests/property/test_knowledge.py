"""What is known is a function of the set of items; liars in the minority change no top answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.digesting import digest
from peer.explaining import Explaining
from peer.graphing.gather import gather
from peer.home import Home, create_home
from peer.home.recalled import Filter
from peer.knowing import Knowing
from protocol import canonical
from protocol.knowledge import Belief, Said, believe, links, telling_words, topics
from protocol.messages import (
    Announcement,
    Answer,
    Body,
    Dispute,
    Endorsement,
    Head,
    Insight,
    Item,
    Question,
    Retraction,
    compose,
)
from protocol.opinion import Opinion, fused, observed
from protocol.page import ALL
from protocol.reputation import beta_below, beta_quantile

ME = "me@lab"
AUTHORS = tuple(f"p{number}@lab" for number in range(6))
NOW = 1_790_000_000_000


def written(author: str, number: int, body: Body, re: str | None = None) -> Item:
    """An item; its number makes it another one."""
    salt = canonical.b32(number.to_bytes(16, "big"))
    return compose(Head(author=author, kind=body.kind, salt=salt, at=NOW, re=re), body)


def known(items: Sequence[Item]) -> Home:
    """A home that took these items in, in this order."""
    home = create_home(":memory:", random.Random(1).randbytes)
    with home.transaction():
        for item in items:
            home.knowledge.fold(item, ALL, topics(item), day=0)
    return home


def beliefs(home: Home) -> dict[str, Belief]:
    """What is believed of every claim."""
    claims = home.knowledge.of(None, ("insight", "answer"), 1_000)
    return Knowing(home, ME, NOW).beliefs(claims)


@st.composite
def worlds(draw: st.DrawFn) -> list[Item]:
    """Items of a few authors that speak of each other, also of what is not there."""
    authors = st.sampled_from((*AUTHORS, ME))
    items = [
        written(draw(authors), number, Insight(text=f"claim {number}", topics=("t",)))
        for number in range(draw(st.integers(1, 4)))
    ]
    absent = "z" * 26
    for number in range(100, 100 + draw(st.integers(0, 14))):
        re = draw(st.sampled_from([*(item.id for item in items), absent]))
        bodies: list[Body] = [
            Endorsement(),
            Dispute(because="no"),
            Retraction(),
            Insight(text="instead", supersedes=(re,), confidence=700),
            Insight(text="so", derived=(re,), topics=("t", "u")),
            Answer(text="yes", claims=(re,)),
            Announcement(text="I look into it"),
        ]
        items.append(written(draw(authors), number, draw(st.sampled_from(bodies)), re))
    return items


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_neither_order_nor_repetition_matters(items: list[Item], chance: random.Random) -> None:
    """KNOW-2."""
    other = [*items, *chance.choices(items, k=5)]
    chance.shuffle(other)
    # What I write myself comes in the order in which I write it.
    mine = iter(sorted((one for one in other if one.head.author == ME), key=items.index))
    other = [next(mine) if one.head.author == ME else one for one in other]
    first, second = known(items), known(other)
    assert beliefs(first) == beliefs(second), "bit by bit"
    one, two = (Knowing(home, ME, NOW).on_topic(["t"], 50) for home in (first, second))
    assert [(h.node.id, h.belief) for h in one] == [(h.node.id, h.belief) for h in two]
    for author in AUTHORS:
        assert Knowing(first, ME, NOW).reputation(author) == Knowing(second, ME, NOW).reputation(
            author
        )


CLAIM = written(AUTHORS[0], 1, Insight(text="copper conducts", confidence=800))
STANCES = st.lists(
    st.builds(
        Said,
        st.sampled_from(["supports", "refutes", "supersedes", "retracts", "derived-from"]),
        st.sampled_from(AUTHORS),
        st.text("abc", min_size=1, max_size=3),
    )
)
TRUSTS = st.fixed_dictionaries({author: st.floats(0.01, 1) for author in (*AUTHORS, ME)})


@given(STANCES, TRUSTS)
def test_independent_support_never_lowers_and_dispute_never_raises(
    said: list[Said], trust: dict[str, float]
) -> None:
    """KNOW-4: what somebody adds who has said nothing yet."""
    before = believe(CLAIM, said, trust.__getitem__, NOW)
    more = believe(CLAIM, [*said, Said("supports", ME, "x")], trust.__getitem__, NOW)
    less = believe(CLAIM, [*said, Said("refutes", ME, "x")], trust.__getitem__, NOW)
    assert more.opinion.certainty > before.opinion.certainty > less.opinion.certainty
    assert more.opinion.standing > before.opinion.standing > less.opinion.standing


@given(STANCES, TRUSTS, st.integers(2, 10))
def test_of_one_author_one_stance_counts(
    said: list[Said], trust: dict[str, float], times: int
) -> None:
    """KNOW-3."""
    again = [Said(one.link, one.author, f"{one.id}{n}") for one in said for n in range(times)]
    once = believe(CLAIM, said, trust.__getitem__, NOW)
    assert believe(CLAIM, [*said, *again], trust.__getitem__, NOW) == once
    assert not set(once.supporters) & set(once.doubters)
    assert CLAIM.head.author not in (*once.supporters, *once.doubters)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_word_is_worth_what_subjective_logic_says(stance: float, trust: float) -> None:
    """KNOW-4: an opinion of one observation, discounted by trust (Jøsang 2016)."""
    got = observed(stance, trust)
    assert got.belief == pytest.approx(trust * stance / 3)
    assert got.disbelief == pytest.approx(trust * (1 - stance) / 3)
    assert got.uncertainty == pytest.approx(1 - trust / 3)
    assert fused([got, Opinion()]) == got


@given(st.floats(0.001, 1e6), st.floats(1, 100), st.floats(0, 1))
def test_twice_the_support_stands_above_whoever_disputes_it(
    support: float, more: float, disputed: float
) -> None:
    """KNOW-5: with all that speaks for the other claim against this one."""
    honest = Opinion(2 * support * more, support * disputed)
    assert honest.standing > Opinion(support, 0).standing


@pytest.mark.parametrize("seed", range(60))
def test_liars_change_no_top_answer_with_twice_their_support(seed: int) -> None:
    """KNOW-5: three of ten authors lie, in every way that is open to them."""
    chance = random.Random(seed)
    count = chance.choice([10, 20, 50])
    liars = [f"l{n}@lab" for n in range(count * 3 // 10)]
    honest = [f"h{n}@lab" for n in range(count - len(liars))]
    question = "what does copper conduct?"
    numbers = iter(range(10**6))

    def say(author: str, body: Body, re: str | None = None) -> Item:
        return written(author, next(numbers), body, re)

    truth = [
        say(chance.choice(honest), Insight(text=f"copper conducts truth {n}", topics=("metal",),
            confidence=900))
        for n in range(3)
    ]  # fmt: skip
    items = list(truth)
    backers = [author for author in honest if author != truth[0].head.author]
    items += [say(a, Endorsement(), truth[0].id) for a in backers[: 2 * len(liars)]]
    items += [say(a, Endorsement(), truth[1].id) for a in backers[: chance.randrange(3)]]
    # I know some of them: that is in favour of whoever was honest with me.
    items += [say(ME, Endorsement(), one.id) for one in truth[:1]]
    before = Knowing(known(items), ME, NOW).fitting(question, ("metal",), 1)
    lies = [
        say(liar, Insight(text=f"copper conducts lies {n}", topics=("metal",), confidence=1000))
        for liar in liars
        for n in range(chance.randrange(1, 4))
    ]
    items += lies
    for liar in liars:
        items += [say(liar, Endorsement(), lie.id) for lie in lies]
        items += [say(liar, Dispute(because="no"), one.id) for one in truth]
        items.append(say(liar, Insight(text="lies", topics=("metal",), supersedes=(truth[0].id,))))
        items.append(say(liar, Retraction(), truth[0].id))
    chance.shuffle(items)
    after = Knowing(known(items), ME, NOW).fitting(question, ("metal",), 1)
    assert before[0].node.id == after[0].node.id == truth[0].id
    assert after[0].belief.contested, "the contradiction is kept"


@pytest.mark.parametrize("topics", [("metal",), ()])
def test_no_flood_hides_what_twice_as_many_stand_for(topics: tuple[str, ...]) -> None:
    """KNOW-5: three of ten authors say whatever they like, and more than anybody looks at."""
    liars, honest = [f"l{n}@lab" for n in range(3)], [f"h{n}@lab" for n in range(7)]
    numbers = iter(range(10**6))

    def say(author: str, body: Body, re: str | None = None) -> Item:
        return written(author, next(numbers), body, re)

    truth = say(honest[0], Insight(text="what copper conducts is true", topics=topics))
    items = [truth, *(say(one, Endorsement(), truth.id) for one in honest[1:])]
    # Its own author goes on to say much, too.
    items += [say(honest[0], Insight(text=f"copper {n}", topics=topics)) for n in range(150)]
    for liar in liars:
        lies = [
            say(liar, Insight(text=f"copper does conduct: lie {n}", topics=topics, confidence=1000))
            for n in range(1_100)
        ]
        items += lies
        items += [say(one, Endorsement(), lie.id) for one in liars for lie in lies[:100]]
    home = known(items)
    (best,) = Knowing(home, ME, NOW).fitting("what does copper conduct?", topics, 1)
    assert best.node.id == truth.id


def test_who_says_much_makes_no_topic_a_main_one() -> None:
    """MENTOR-4, RESTART-4: topics of more authors come first."""
    junk = tuple(f"junk{n}" for n in range(8))
    items = [written("l0@lab", n, Insight(text=f"x {n}", topics=junk)) for n in range(21)]
    items += [written(f"h{n}@lab", 99, Insight(text="y", topics=("metal",))) for n in range(2)]
    home = known(items)
    assert home.knowledge.topics()[0] == ("metal", 2)
    assert digest(Knowing(home, ME, NOW)).topics[0].topic == "metal"


@pytest.mark.parametrize("topics", [("metal",), ()])
def test_answers_of_one_author_hide_no_claim_in_the_graph(topics: tuple[str, ...]) -> None:
    question = written("h1@lab", 0, Question(text="what?", topics=("metal",)))
    honest = written("h0@lab", 1, Insight(text="copper conducts", topics=("metal",)))
    flood = [written("l0@lab", n, Answer(text=f"no {n}"), question.id) for n in range(2, 300)]
    graph = gather(Explaining(Knowing(known([question, honest, *flood]), ME, NOW)), topics, 20)
    assert honest.id in {node["id"] for node in graph["nodes"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Is the CI up, or v2?", {"ci", "v2"}), ("銅は電気", set("銅は電気")), ("is it so", set()),
        ("Straße und Fluß", {"strasse", "und", "fluss"}),
    ],
)  # fmt: skip
def test_abbreviations_and_languages_without_spaces_have_words_that_tell(
    text: str, words: set[str]
) -> None:
    assert telling_words(text) == words


def test_words_are_found_as_they_are_written() -> None:
    """RECALL-3: also those whose small letters are others."""
    home = known([written("h0@lab", 1, Insight(text="die Straße nach ΣΊΣΥΦΟΣ"))])
    for text in ("Straße", "STRAßE", "straße", "Σίσυφος", "ΣΊΣΥΦΟΣ"):
        assert Knowing(home, ME, NOW).recall(text, Filter(), 5), text


def test_what_an_item_says_of_itself_is_nothing() -> None:
    """KNOW-1: also what it names twice is said once."""
    insight = Insight(text="x", supersedes=("a" * 26, "a" * 26), derived=("b" * 26,))
    assert links(written(ME, 1, insight)) == (("supersedes", "a" * 26), ("derived-from", "b" * 26))
    assert links(written(ME, 1, Endorsement())) == ()


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 5), (7, 3), (40, 30), (300, 400)])
def test_the_beta_distribution_is_the_binomial_tail(a: int, b: int) -> None:
    """REP-2: for whole numbers I_x(a, b) is the chance of at least a hits in a + b - 1 tries."""
    n = a + b - 1
    for x in (0.01, 0.2, 0.5, 0.77, 0.99):
        exact = sum(comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
        assert beta_below(x, a, b) == pytest.approx(exact, abs=1e-11)
    assert beta_below(beta_quantile(0.05, a, b), a, b) == pytest.approx(0.05, abs=1e-9)
    assert (beta_below(0, a, b), beta_below(1, a, b)) == (0, 1)
