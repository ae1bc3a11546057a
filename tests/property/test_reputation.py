"""Reputation and expertise: sets of evidence, that fade, and that others cannot move."""

from __future__ import annotations

import random
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.esteem import PROOF_WEIGHT, Esteem
from peer.home import Home, create_home
from protocol import canonical
from protocol.expertise import Judgement, expertise
from protocol.messages import Body, Dispute, Endorsement, Head, Insight, Item, Retraction, compose
from protocol.reputation import Experience, Reputation, beta_below, beta_quantile, reputation

ME = "core@lab.eu"
GOOD, BAD = "librarian@lab.eu", "scout@lab.eu"
LIARS = tuple(f"liar{n}@lab.eu" for n in range(5))
DAY_MS = 24 * 3_600_000
experiences = st.builds(
    Experience, st.booleans(), st.integers(0, 400), st.floats(0.1, 5, allow_nan=False)
)
judgements = st.builds(
    Judgement, st.sampled_from(LIARS), st.sampled_from("abc"), st.booleans(), st.integers(0, 400),
    st.floats(0, 1, allow_nan=False),
)  # fmt: skip


@given(st.lists(experiences), st.randoms(use_true_random=False))
def test_the_order_of_experiences_does_not_matter(several: list[Experience], dice: object) -> None:
    """REP-1: bit by bit; and all numbers lie where they must."""
    shuffled = list(several)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    found = reputation(several)
    assert found == reputation(shuffled)
    assert 0 < found.lower_bound < found.expectation < 1


@given(st.lists(experiences, max_size=8), experiences)
def test_good_lifts_bad_lowers_and_both_fade(several: list[Experience], more: Experience) -> None:
    """REP-3: one more good one never lowers, one more bad one never lifts; older counts less."""
    before, after = reputation(several), reputation([*several, more])
    assert (after.expectation >= before.expectation) == more.good or more.left < 1e-12
    older = Experience(more.good, more.age_days + 1, more.weight)
    assert older.left < more.left
    half = Experience(more.good, more.age_days + (30 if more.good else 120), more.weight)
    assert half.left == pytest.approx(more.left / 2)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 1), (1, 6), (5.5, 2.25), (80, 40)])
def test_the_lower_bound_is_the_quantile(a: float, b: float) -> None:
    """REP-3: five in a hundred draws of a Beta lie below it (an independent sum says so)."""
    low = beta_quantile(0.05, a, b)
    steps = 20_000
    below = sum(
        (x ** (a - 1)) * ((1 - x) ** (b - 1)) for x in ((n + 0.5) / steps for n in range(steps))
        if x < low
    )  # fmt: skip
    whole = sum(
        (x ** (a - 1)) * ((1 - x) ** (b - 1)) for x in ((n + 0.5) / steps for n in range(steps))
    )
    assert below / whole == pytest.approx(0.05, abs=2e-3)
    assert beta_below(low, a, b) == pytest.approx(0.05)


@given(st.lists(judgements), st.randoms(use_true_random=False))
def test_expertise_is_a_function_of_the_set(several: list[Judgement], dice: object) -> None:
    """ASKED-1."""
    shuffled = list(several)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert expertise(several) == expertise(shuffled)


@given(st.integers(1, 200))
def test_one_friend_gives_little_many_witnesses_much(times: int) -> None:
    """ASKED-1: the k-th of one witness counts 1/k, all of them 2; those of others count whole."""
    friend = expertise([Judgement("a@lab.eu", f"t{n}", True, 0, 0.5) for n in range(times)])
    expected = min(2.0, sum(1 / k for k in range(1, times + 1)))
    assert friend.good == pytest.approx(0.5 * expected)
    several = expertise([Judgement(f"w{n}@lab.eu", "t", True, 0, 0.5) for n in range(times)])
    assert several.good == pytest.approx(0.5 * times)
    assert several.lower_bound >= friend.lower_bound - 1e-12


@given(st.integers(1, 1000), st.booleans(), st.floats(0.1, 1))
def test_one_item_is_judged_once_by_one_witness(times: int, good: bool, trust: float) -> None:
    """ASKED-1: however often he says it, the newest; who says both says nothing."""
    said = [Judgement("a@lab.eu", "t", good, age, trust) for age in range(times)]
    assert expertise(said) == expertise(said[:1])
    both = Judgement("a@lab.eu", "t", not good, 7, trust)
    assert expertise([*said, both]) == Reputation()
    other = Judgement("a@lab.eu", "other", not good, 7, trust)
    assert expertise([*said, other]) == expertise([said[0], other])


# ------------------------------------------------------------------------- what a home makes of it


class World:
    """A home that takes in items of whoever."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        self.home: Home = create_home(":memory:", dice.randbytes)
        self.esteem = Esteem(self.home, ME)
        self._salts = count()
        self.claims = {author: self.say(author, Insight(text="x")).id for author in (GOOD, BAD)}

    def say(self, author: str, body: Body, re: str | None = None) -> Item:
        salt = canonical.b32(next(self._salts).to_bytes(16, "big"))
        item = compose(Head(author=author, kind=body.kind, salt=salt, at=1, re=re), body)
        with self.home.transaction():
            self.home.knowledge.fold(item, "all", (), self.home.state.days_lived)
        return item

    def live(self, days: int) -> None:
        with self.home.transaction():
            lived = self.home.state.number("lived_ms")
            self.home.state.put("lived_ms", lived + days * DAY_MS)

    def scores(self) -> list[Reputation]:
        return [self.esteem.of(author) for author in (GOOD, BAD, *LIARS)]


lies = st.lists(
    st.tuples(
        st.sampled_from(LIARS), st.sampled_from((GOOD, BAD)), st.booleans(), st.integers(0, 3)
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(lies, st.integers(0, 2**32))
def test_liars_move_nothing(said: list[tuple[str, str, bool, int]], seed: int) -> None:
    """REP-1: whatever however many of them say of whomever, also of each other and of me."""
    world = World(seed)
    world.say(ME, Endorsement(), world.claims[GOOD])
    world.say(ME, Dispute(because="no"), world.claims[BAD])
    before = world.scores()
    mine = world.say(ME, Insight(text="mine")).id
    for liar, about, good, times in said:
        body: Body = Endorsement() if good else Dispute(because="no")
        for _ in range(times):
            opinion = world.say(liar, body, world.claims[about])
        theirs = world.say(liar, Insight(text="y"))
        for other in LIARS:
            world.say(other, body, theirs.id)
        world.say(liar, body, mine)
        if times:
            world.say(liar, Retraction(), opinion.id)
    assert world.scores() == before
    assert before[0].expectation == pytest.approx(2 / 3)
    assert before[1].expectation == pytest.approx(1 / 3)
    for author in (GOOD, BAD):
        counted = [one for one in world.esteem.evidence(author) if one.counts]
        assert [one.witness for one in counted] == [ME]
        others = [one for one in world.esteem.evidence(author) if not one.counts]
        assert all(one.left == 0 and one.why_not for one in others)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=12), st.integers(0, 99))
def test_the_newest_word_about_an_item_counts_once(said: list[tuple[int, bool]], seed: int) -> None:
    """REP-2: however often it is said; and what is taken back counts nothing."""
    world = World(seed)
    claims = [world.claims[GOOD], world.say(GOOD, Insight(text="z")).id]
    stance: dict[int, bool] = {}
    opinions = []
    for which, good in said:
        body: Body = Endorsement() if good else Dispute(because="no")
        opinions.append(world.say(ME, body, claims[which]))
        stance[which] = good
    expected = Reputation(float(sum(stance.values())), float(len(stance) - sum(stance.values())))
    assert world.esteem.of(GOOD) == expected
    for opinion in opinions:
        world.say(ME, Retraction(), opinion.id)
    assert world.esteem.of(GOOD) == Reputation()


def test_it_fades_by_days_that_the_home_lived() -> None:
    """REP-3, REP-6: good by half in 30, bad in 120; a proof is five."""
    world = World(1)
    world.say(ME, Endorsement(), world.claims[GOOD])
    world.say(ME, Dispute(because="no"), world.claims[BAD])
    with world.home.transaction():
        world.home.proofs.add(BAD, "double-use", "key", b"proof", 1)
    assert world.esteem.of(BAD) == Reputation(0, 1 + PROOF_WEIGHT)
    world.live(30)
    assert world.esteem.of(GOOD).good == pytest.approx(0.5)
    (one,) = world.esteem.evidence(GOOD)
    assert (one.kind, one.age_days, one.counts) == ("endorsement", 30, True)
    assert one.left == pytest.approx(0.5)
    world.live(90)
    assert world.esteem.of(BAD).bad == pytest.approx((1 + PROOF_WEIGHT) / 2)
    assert {one.kind for one in world.esteem.evidence(BAD)} == {"dispute", "double-use"}
