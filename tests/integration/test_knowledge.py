"""What peers know together: taken in as they read it, believed by who says it, told if asked."""

from __future__ import annotations

import pytest

from peer.handlers import Received, View
from peer.handlers.knowing import remember
from peer.home import create_home
from peer.knowing import Knowing
from protocol import canonical, limits
from protocol.effect import Effect, Send
from protocol.knowledge import Belief
from protocol.messages import (
    Announcement,
    Answer,
    Dispute,
    Endorsement,
    Head,
    Insight,
    Question,
    Retraction,
    compose,
)
from tests.network import DAY_MS, START_MS, Network, SeededEntropy, insight, settled

ME = "core@lab.eu"


def knowing(network: Network, name: str) -> Knowing:
    peer = network.peers[name]
    return Knowing(peer.home, peer.address, peer.clock.wall_ms())


def belief(network: Network, name: str, id_: str) -> Belief:
    """What somebody makes of a claim."""
    known = knowing(network, name)
    node = known.home.knowledge.get(id_)
    assert node is not None, "it never came"
    return known.beliefs([node])[id_]


def top(network: Network, name: str, topic: str = "metal") -> list[str]:
    """The ids of claims on a topic, as somebody ranks them."""
    return [hit.node.id for hit in knowing(network, name).on_topic([topic], 50)]


def publish(network: Network, author: str, body: Insight) -> str:
    (id_,) = network.send(author, "all", body).ids
    return id_


def answers(network: Network, name: str) -> list[str]:
    """The texts of answers in an inbox."""
    return [
        one.data.decode().partition('"text":"')[2].partition('"')[0]
        for one in network.letters(name)
        if one.kind == "answer"
    ]


def test_what_everybody_reads_everybody_believes_alike() -> None:
    """KNOW-1, KNOW-3: as far as they trust alike; a word of one's own counts wholly."""
    network = settled("core", "scout", "smith", "warden")
    claim = publish(network, "core", insight("copper conducts"))
    network.round(1)
    network.send("scout", "all", Endorsement(), re=claim)
    for _ in range(3):
        network.send("smith", "all", Dispute(because="not this alloy"), re=claim)
    network.round(2)
    seen = belief(network, "warden", claim)
    assert (seen.supporters, seen.doubters) == (("scout@lab.eu",), ("smith@lab.eu",))
    assert seen.contested
    for name, more in (("scout", True), ("smith", False)):
        mine = belief(network, name, claim)
        assert (mine.opinion.certainty > seen.opinion.certainty) is more


def test_the_opinion_may_come_before_what_it_is_about() -> None:
    """KNOW-1, KNOW-2."""
    network = settled("core", "scout", "smith")
    claim = publish(network, "core", insight("copper conducts"))
    network.tick("core")
    network.tick("scout")
    network.send("scout", "all", Endorsement(), re=claim)
    network.tick("scout")
    path = next(one for one in network.files() if one.startswith("peers/core/outbox/feed/"))
    held = network.memory.read(path, 10**6)
    network.memory.remove(path)
    network.tick("smith")
    said = network.peers["smith"].home.knowledge.said_of([claim])
    assert [one.author for one in said[claim]] == ["scout@lab.eu"]
    assert network.peers["smith"].home.knowledge.get(claim) is None
    network.memory.place(path, held)
    network.round(2)
    assert belief(network, "smith", claim).supporters == ("scout@lab.eu",)


def test_only_its_author_takes_a_claim_back_or_replaces_it() -> None:
    """KNOW-6, KNOW-7."""
    network = settled("core", "scout", "smith")
    claim = publish(network, "core", insight("copper conducts"))
    other = publish(network, "core", insight("tin melts"))
    network.round(1)
    network.send("scout", "all", Retraction(), re=claim)
    publish(network, "scout", Insight(text="it does not", topics=("metal",), supersedes=(claim,)))
    network.round(2)
    seen = belief(network, "smith", claim)
    assert (seen.state, seen.doubters) == ("current", ("scout@lab.eu",))
    better = publish(network, "core", Insight(text="pure copper conducts", supersedes=(claim,)))
    network.send("core", "all", Retraction(because="wrong"), re=other)
    network.round(2)
    assert belief(network, "smith", claim).state == "superseded"
    assert belief(network, "smith", other).state == "retracted"
    assert set(top(network, "smith")[-2:]) == {claim, other}
    network.send("core", "all", Retraction(), re=better)
    network.round(2)
    assert belief(network, "smith", claim).state == "current", "what replaced it is gone"


def test_a_retraction_stands_for_good() -> None:
    """KNOW-6: of a claim, and of an opinion."""
    network = settled("core", "scout", "smith")
    claim = publish(network, "core", insight("copper conducts"))
    network.round(1)
    (opinion,) = network.send("scout", "all", Dispute(because="no"), re=claim).ids
    network.round(1)
    gone = network.send("core", "all", Retraction(), re=claim).ids
    gone += network.send("scout", "all", Retraction(), re=opinion).ids
    network.round(1)
    for name, retraction in zip(("core", "scout"), gone, strict=True):
        network.send(name, "all", Retraction(because="or not"), re=retraction)
    network.round(2)
    seen = belief(network, "smith", claim)
    assert (seen.state, seen.doubters) == ("retracted", ())
    knowledge = network.peers["smith"].home.knowledge
    assert knowledge.opinions_by("scout@lab.eu") == []


@pytest.mark.parametrize("audiences", [("all", ME), (ME, "all")])
def test_what_came_as_a_letter_and_to_all_everybody_may_know(audiences: tuple[str, str]) -> None:
    """KNOW-2, KNOW-9: in whatever order."""
    head = Head(author="scout@lab.eu", kind="insight", salt="a" * 26, at=1)
    item = compose(head, insight("copper conducts"))
    home = create_home(":memory:", SeededEntropy("audience").draw)
    with home.transaction():
        for audience in audiences:
            home.knowledge.fold(item, audience, ("metal",), 0)
    (node,) = home.knowledge.many([item.id]).values()
    assert (node.public, node.author) == (True, item.head.author)


def test_whoever_says_the_same_again_and_again_is_one_row() -> None:
    """KNOW-3: with what he said last."""
    network = settled("core", "scout", "smith")
    claim = publish(network, "core", insight("copper conducts"))
    network.round(1)
    for n in range(4):
        network.send("scout", "all", Dispute(because=f"no, {n}"), re=claim)
        network.round(1)
    network.send("smith", "all", Dispute(because="nor I"), re=claim)
    network.round(3)
    knowledge = network.peers["core"].home.knowledge
    said = knowledge.said_of([claim])[claim]
    assert sorted(one.author for one in said) == ["scout@lab.eu", "smith@lab.eu"]
    (last,) = [one.id for one in said if one.author == "scout@lab.eu"]
    assert "no, 3" in knowledge.many([last])[last].data.decode()


def test_an_opinion_that_was_taken_back_counts_no_more() -> None:
    """KNOW-6."""
    network = settled("core", "scout", "smith")
    claim = publish(network, "core", insight("copper conducts"))
    network.round(1)
    (opinion,) = network.send("scout", "all", Dispute(because="no"), re=claim).ids
    network.round(1)
    before = belief(network, "smith", claim)
    network.send("scout", "all", Retraction(), re=opinion)
    network.send("core", "all", Retraction(), re=opinion)  # not his to take back
    network.round(2)
    after = belief(network, "smith", claim)
    assert (before.doubters, after.doubters) == (("scout@lab.eu",), ())


def test_what_is_over_or_not_yet_true_sinks() -> None:
    """KNOW-7: by the reader's own clock."""
    network = settled("core", "scout")
    over = publish(
        network,
        "core",
        Insight(text="closed", topics=("metal",), valid_until=START_MS + DAY_MS * 3),
    )
    early = publish(
        network, "core", Insight(text="open", topics=("metal",), valid_from=START_MS + DAY_MS * 9)
    )
    network.round(2)
    assert [belief(network, "scout", one).state for one in (over, early)] == ["current", "early"]
    assert top(network, "scout")[0] == over
    network.clock.go(4 * DAY_MS)
    assert [belief(network, "scout", one).state for one in (over, early)] == ["expired", "early"]
    assert top(network, "scout")[-1] == over


def test_questions_are_answered_by_the_sources_from_what_stands_best() -> None:
    """KNOW-5, KNOW-10."""
    network = settled("core", "librarian", "scout", "smith")
    publish(network, "librarian", insight("copper conducts heat"))
    publish(network, "scout", insight("the moon is copper"))
    network.round(2)
    network.send("core", "all", Question(text="does copper conduct heat?"))
    network.round(2)
    (said,) = answers(network, "core")
    assert said.startswith("copper conducts heat (librarian@lab.eu, certainty 0.")
    network.send("core", "all", Question(text="who feeds the cat?"))
    network.round(2)
    assert len(answers(network, "core")) == 1, "who knows nothing of it is silent"


def test_who_is_asked_by_letter_answers_from_all_that_is_known() -> None:
    """KNOW-10: not with what the asker said himself, nor with what does not hold."""
    network = settled("core", "librarian", "scout")
    mine = publish(network, "core", insight("copper conducts heat"))
    gone = publish(network, "scout", insight("copper conducts heat well"))
    network.round(2)
    network.send("scout", "all", Retraction(), re=gone)
    network.round(2)
    network.send("core", "librarian", Question(text="does copper conduct heat?"))
    network.round(2)
    assert answers(network, "core") == []
    network.send("scout", "librarian", Question(text="does copper conduct heat?"))
    network.round(2)
    (said,) = answers(network, "scout")
    assert "core@lab.eu" in said
    assert mine


def test_long_claims_are_shortened_in_an_answer_that_names_them() -> None:
    """KNOW-10: three insights that do not fit into one letter together."""
    network = settled("core", "librarian", "scout")
    ids = {publish(network, "scout", insight(f"copper {n} " + "x" * 50_000)) for n in range(3)}
    network.round(2)
    network.send("core", "librarian", Question(text="which copper?", topics=("metal",)))
    network.round(2)
    (said,) = answers(network, "core")
    assert len(said) < 4_000
    assert said.count("… (shortened) (scout@lab.eu, certainty 0.") == 3
    (letter,) = [one for one in network.letters("core") if one.kind == "answer"]
    assert set(canonical.decode(letter.data)["body"]["claims"]) == ids


def test_a_letter_that_cannot_be_composed_is_refused_and_its_cause_is_known_all_the_same() -> None:
    """AUTO-7: it is no failed item."""
    network = settled("core", "scout")
    asked = network.send("core", "scout", Question(text="why?")).ids[0]
    scout = network.peers["scout"]

    def wordy(received: Received, view: View) -> list[Effect]:
        long = Answer(text="x" * (limits.text_chars_max + 1))
        return [Send(to=received.item.head.author, body=long), *remember(received, view)]

    scout.handlers = {**scout.handlers, "question": wordy}
    report = network.tick("scout")
    assert any("refused: text of over" in one for one in report.problems)
    assert network.acted("scout") == ["core: why?"]
    assert network.caught("scout") == []
    assert scout.home.knowledge.get(asked) is not None
    assert answers(network, "core") == []


def test_what_came_in_a_letter_stays_between_two() -> None:
    """KNOW-9: nor is what was sealed taken in at all."""
    network = settled("core", "librarian", "scout")
    network.send("core", "librarian", insight("the safe holds copper"))
    network.send("core", "librarian", insight("the safe is sealed"), seal=True)
    network.round(2)
    texts = [
        node.data for node in network.peers["librarian"].home.knowledge.of(None, ("insight",), 9)
    ]
    assert len(texts) == 1, "what was sealed is not there"
    network.send("scout", "librarian", Question(text="what does the safe hold?", topics=("metal",)))
    network.round(2)
    assert answers(network, "scout") == []


def test_overlapping_work_is_told_once_to_each() -> None:
    """KNOW-11: by a topic in common, or most of the words; what was taken back overlaps nothing."""
    network = settled("core", "scout", "smith", "warden")
    (mine,) = network.send("core", "all", Announcement(text="I sort alloys", topics=("metal",))).ids
    network.send("warden", "all", Announcement(text="I paint the fence behind the house"))
    network.round(2)
    network.send("scout", "all", Announcement(text="alloys, all sorted", topics=("metal", "store")))
    network.send("smith", "all", Announcement(text="somebody should paint the fence"))
    network.round(3)
    assert answers(network, "scout") == ["I am working on that, too: I sort alloys"]
    assert answers(network, "smith") == [
        "I am working on that, too: I paint the fence behind the house"
    ]
    assert answers(network, "core") == answers(network, "warden") == []
    network.send("core", "all", Retraction(because="done"), re=mine)
    network.round(2)
    network.send("warden", "all", Announcement(text="alloys again", topics=("metal",)))
    network.round(3)
    assert len(answers(network, "warden")) == 1, "scout alone still works on it"


def test_what_is_old_is_known_no_more_unless_somebody_speaks_of_it() -> None:
    """KNOW-12."""
    network = settled("core", "scout")
    home = network.peers["scout"].home
    old = publish(network, "core", insight("copper conducts"))
    kept = publish(network, "core", insight("tin melts"))
    network.round(2)
    with home.transaction():
        home.db.write("UPDATE node SET seen = seen - 400")
    network.send("scout", "all", Endorsement(), re=kept)
    network.round(1)
    with home.transaction():
        home.knowledge.age(home.state.days_lived - 365)
    assert (home.knowledge.get(old), home.knowledge.get(kept) is None) == (None, False)


def test_of_too_much_the_oldest_of_those_go_who_said_most() -> None:
    """KNOW-12."""
    network = settled("core", "scout", "smith")
    home = network.peers["smith"].home
    first = [publish(network, "core", insight(f"claim {n}")) for n in range(6)]
    (only,) = [publish(network, "scout", insight("one claim"))]
    network.round(2)
    with home.transaction():
        home.knowledge.age(-1, nodes_max=3)
    left = {node.id for node in home.knowledge.of(None, ("insight",), 9)}
    assert left == {only, *first[-2:]}
    assert knowing(network, "smith").on_topic(["metal"], 9)


def test_an_answer_counts_as_known_to_who_gave_it() -> None:
    """KNOW-1: and it rests on the insights that it names."""
    network = settled("core", "librarian")
    claim = publish(network, "librarian", insight("copper conducts heat"))
    network.round(1)
    network.send("core", "librarian", Question(text="does copper conduct heat?"))
    network.round(2)
    for name in ("core", "librarian"):
        (node,) = network.peers[name].home.knowledge.of(None, (Answer.kind,), 9)
        links = dict(network.peers[name].home.knowledge.spoken_of(node.n))
        assert links["derived-from"] == claim
        assert set(links) == {"answers", "derived-from"}


def test_whoever_says_very_much_hides_nothing_of_others() -> None:
    """KNOW-5."""
    network = settled("core", "librarian", "scout")
    claim = publish(network, "librarian", insight("copper conducts heat"))
    network.round(1)
    for number in range(60):
        publish(network, "scout", insight(f"copper conducts heat, surely, {number}"))
    network.round(1)
    home = network.peers["core"].home
    assert {n.author for n in home.knowledge.about(["metal"], 4)} >= {"librarian@lab.eu"}
    network.send("core", "librarian", Question(text="does copper conduct heat?", topics=("metal",)))
    network.send("scout", "all", Question(text="does copper conduct heat?", topics=("metal",)))
    network.round(2)
    assert claim in str(network.letters("scout")[-1].data), "his own flood does not hide it"
