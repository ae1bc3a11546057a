"""Whom peers rely on and ask: from what they saw themselves; questions find who knows."""

from __future__ import annotations

from typing import Any

import pytest

from peer import effects
from peer.cli.output import letter_lines
from peer.esteem import DECLARED, FORMER, Esteem
from peer.instance import HOUR_MS
from peer.knowing import NOBODY, Knowing
from peer.letters import judged, reply
from peer.mailbox import Mailbox
from peer.permission import auto_sends_hourly_max
from peer.relying import reputation, reputations, who_knows
from peer.restarting import for_restart
from peer.stewards.standing import living, standing
from peer.tick import look
from peer.tick.act import lookups_hourly_max
from peer.tick.guide import candidate
from peer.whom import first
from protocol import canonical, limits
from protocol.charter import Rule
from protocol.effect import Effect, Send
from protocol.errors import NotFoundError, UsageError
from protocol.messages import (
    Answer,
    Body,
    Dispute,
    Endorsement,
    Insight,
    Question,
    Retraction,
    stored_item,
)
from tests.network import CLUSTER, DAY_MS, FIVE, Network, insight, settled


def full(name: str) -> str:
    return f"{name}@{CLUSTER}"


def judge(network: Network, name: str, item: str, body: Body | None = None) -> str:
    """What `peer endorse` (or `dispute`) does; the id of the opinion."""
    to, letter = judged(network.peers[name], item)
    more = {"re": letter.id, "thread": letter.thread}
    return network.send(name, to, body or Endorsement(), **more).ids[0]


def esteem(network: Network, name: str, of: str) -> float:
    return Esteem(network.peers[name].home, full(name)).of(full(of)).expectation


def answers(network: Network, name: str, kind: str = "answer") -> list[dict[str, Any]]:
    """Answers that came to somebody, as their items say it, oldest first."""
    return [
        canonical.decode(letter.data) | {"id": letter.id}
        for letter in network.letters(name)
        if letter.kind == kind
    ]


def known_expert(network: Network, name: str, topic: str = "metal") -> str:
    """`name` shared something that two others vouched for, and all have heard of it."""
    claim = network.send(name, "all", insight("copper conducts", topic)).ids[0]
    network.round(2)
    for witness in [one for one in sorted(network.peers) if one != name][:2]:
        judge(network, witness, claim)
    network.round(2)
    return claim


# ------------------------------------------------------------------------------------ reputation


def test_what_i_said_of_somebody_counts_and_what_others_say_is_listed() -> None:
    """REP-1, REP-6: at each home its own word, and every piece of evidence shown."""
    network = settled("core", "scout", "smith")
    claim = network.send("scout", "all", insight("copper conducts")).ids[0]
    network.round(2)
    judge(network, "core", claim)
    judge(network, "smith", claim, Dispute(because="no"))
    network.round(2)
    assert esteem(network, "core", "scout") == pytest.approx(2 / 3, abs=0.01)
    assert esteem(network, "smith", "scout") == pytest.approx(1 / 3, abs=0.01)
    assert esteem(network, "core", "smith") == 0.5
    row = reputation(network.peers["core"], "scout")
    said = [(one["kind"], one["by"], one["counts"]) for one in row["evidence"]]
    assert said == [("endorsement", "core", True), ("dispute", "smith", False)]
    assert [one["left"] for one in row["evidence"]] == pytest.approx([1, 0], abs=0.03)
    assert row["of_others"] == 1
    names = [one["name"] for one in reputations(network.peers["core"])]
    assert names == ["scout", "smith"]
    core = network.peers["core"]
    table = {row["name"]: row["reputation"] for row in look.table(core, standing(core))}
    assert table == {"scout": row["reputation"], "smith": 0.5}
    with pytest.raises(NotFoundError):
        reputation(core, "nobody")


def test_a_clock_that_is_set_forgives_nobody() -> None:
    """REP-3: it fades by days that the home lived; also a proof does."""
    network = settled()
    claim = network.send("scout", "all", insight("copper conducts")).ids[0]
    network.round(1)
    judge(network, "core", claim, Dispute(because="no"))
    core = network.peers["core"]
    with core.home.transaction():
        core.home.proofs.add(full("scout"), "double-use", "k", b"", network.clock.wall_ms())
    before = esteem(network, "core", "scout")
    network.clock.jump(10 * 365 * DAY_MS)
    network.round(1)
    assert esteem(network, "core", "scout") == pytest.approx(before)
    network.clock.jump(-10 * 365 * DAY_MS)
    network.round(4 * 120)
    left = Esteem(core.home, full("core")).of(full("scout")).bad
    assert left == pytest.approx(3.0, abs=0.2), "of one and a proof half is left after 120 days"


def test_two_pages_at_one_place_cost_reputation_until_a_steward_says_that_others_did_it() -> None:
    """REP-1, REP-5: the proof counts, whoever holds both pages; a compromised key blames nobody."""
    network = settled()
    scout, signer = network.peers["scout"], network.peers["scout"].signer
    for text in ("one", "other"):
        name, data, _ = network.page("scout", "core", [text], epoch="c" * 26)
        network.drop("core", name, data)
        network.tick("core")
    core = network.peers["core"]
    (proof,) = core.home.proofs.of(scout.address)
    assert (proof.kind, proof.by) == ("double-use", signer.key)
    assert esteem(network, "core", "scout") == pytest.approx(1 / 7)
    network.rekey("scout", "retired")
    network.round(2)
    assert esteem(network, "core", "scout") == pytest.approx(1 / 7), "a new key washes nothing"
    members = network.members()
    members["scout"][signer.key] = "compromised"
    network.roster(members)
    network.round(1)
    assert esteem(network, "core", "scout") == 0.5
    (row,) = reputation(core, "scout")["evidence"]
    assert (row["counts"], row["why_not"], row["left"]) == (False, DECLARED, 0)


def test_a_new_key_of_the_same_holder_keeps_what_was_earned_and_a_new_holder_begins_empty() -> None:
    """REP-4: bad and good alike; what the former one signed counts nothing for the next."""
    network = settled("core", "scout", "smith")
    for number in range(3):
        claim = network.send("scout", "all", insight(f"claim {number}")).ids[0]
        network.round(2)
        judge(network, "core", claim, Dispute(because="no"))
        judge(network, "smith", claim)
    network.round(1)
    assert esteem(network, "core", "scout") == pytest.approx(1 / 5, abs=0.01)
    network.rekey("scout", "compromised")
    network.round(2)
    assert esteem(network, "core", "scout") == pytest.approx(1 / 5, abs=0.01), (
        "stolen, and still the same"
    )
    network.rekey("scout", "retired")
    network.reuse("scout")
    network.round(2)
    assert esteem(network, "core", "scout") == 0.5
    assert esteem(network, "smith", "scout") == 0.5
    evidence = reputation(network.peers["core"], "scout")["evidence"]
    assert {row["why_not"] for row in evidence if row["by"] == "core"} == {FORMER}
    assert [row["score"] for row in who_knows(network.peers["core"], ["metal"])] == [0]
    judge(network, "core", claim)
    assert esteem(network, "core", "scout") == 0.5, "nor a new word about what the old one said"
    fresh = network.send("scout", "all", insight("by the new one")).ids[0]
    network.round(2)
    judge(network, "core", fresh)
    assert esteem(network, "core", "scout") == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.parametrize("good", range(4))
def test_what_a_reset_gains(good: int) -> None:
    """REP-4: never a place above a stranger's, whose lower bound opens no gate.

    Who stood above a half stands lower after it. Who stood below gains up to a stranger's half; so
    a reset needs a steward, who alone gives a name to another holder.
    """
    network = settled()
    for number in range(3):
        claim = network.send("scout", "all", insight(f"claim {number}")).ids[0]
        network.round(1)
        judge(network, "core", claim, Endorsement() if number < good else Dispute(because="no"))
    before = Esteem(network.peers["core"].home, full("core")).of(full("scout"))
    network.reuse("scout")
    network.round(2)
    after = Esteem(network.peers["core"].home, full("core")).of(full("scout"))
    assert after.expectation == 0.5
    assert after.lower_bound < NOBODY
    assert (after.expectation <= before.expectation) == (good >= 2)


# ------------------------------------------------------------------------------------- expertise


def test_who_knows_is_who_was_vouched_for_not_who_talks_most() -> None:
    """ASKED-1: shared, endorsed, accepted, disputed, asked lately and alive, the best first."""
    network = settled(*FIVE)
    known_expert(network, "smith")
    for number in range(5):
        network.send("warden", "all", insight(f"I say {number}"))
    network.round(2)
    network.send("core", "smith", Question(text="?", topics=("metal",)))
    rows = who_knows(network.peers["core"], ["metal"])
    assert [(row["name"], row["contributions"], row["endorsed"]) for row in rows] == [
        ("smith", 1, 2),
        ("warden", 5, 0),
    ]
    assert (rows[0]["asked"], rows[0]["state"], rows[0]["disputed"]) == (1, "alive", 0)
    assert rows[0]["score"] > NOBODY >= rows[1]["score"]
    assert who_knows(network.peers["smith"], ["metal"])[0]["state"] == "me"
    assert who_knows(network.peers["core"], ["love"]) == []


def test_what_its_author_took_back_makes_no_expert_but_disputes_of_it_stay() -> None:
    """ASKED-1: retracted; somebody else putting a claim in its place takes nothing."""
    network = settled(*FIVE)
    claim = known_expert(network, "smith")
    network.send("warden", "all", Insight(text="zinc", topics=("metal",), supersedes=(claim,)))
    judge(network, "librarian", claim, Dispute(because="no"))
    network.round(2)

    def row() -> dict[str, Any]:
        (found,) = [r for r in who_knows(network.peers["core"], ["metal"]) if r["name"] == "smith"]
        return found

    assert (row()["endorsed"], row()["disputed"]) == (2, 1)
    network.send("smith", "all", Retraction(because="it was zinc"), re=claim)
    network.round(2)
    assert (row()["endorsed"], row()["disputed"]) == (0, 1)
    assert row()["score"] < NOBODY


def test_junk_on_a_topic_hides_no_expert(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASKED-1: whoever says very much, and has it judged, leaves the newest of all others."""
    monkeypatch.setattr("peer.knowing.TOPIC_NODES_MAX", 6)
    network = settled(*FIVE)
    known_expert(network, "smith")
    core = network.peers["core"]
    before = Knowing(core.home, core.address, core.clock.wall_ms()).scores(["metal"])
    junk = [network.send("scout", "all", insight(f"junk {n}")).ids[0] for n in range(12)]
    network.round(2)
    for claim in junk[:9]:
        judge(network, "warden", claim)
    network.round(2)
    after = Knowing(core.home, core.address, core.clock.wall_ms()).scores(["metal"])
    assert after[full("smith")] == pytest.approx(before[full("smith")], rel=0.1)  # two rounds older
    assert after[full("smith")] > NOBODY


def test_an_expert_of_long_ago_is_none_any_more() -> None:
    """ASKED-1: it fades; of equals who contributed last stands first."""
    network = settled(*FIVE)
    known_expert(network, "smith")
    core = network.peers["core"]
    before = who_knows(core, ["metal"])[0]["score"]
    network.round(60, hours=24)
    assert who_knows(core, ["metal"])[0]["score"] < before
    network.send("warden", "all", insight("later", "tin"))
    network.send("scout", "all", insight("latest", "tin"))
    network.round(2)
    nodes = core.home.knowledge.about(["tin"], 9)
    newest_first = [core.bare(node.author) for node in nodes]
    assert [row["name"] for row in who_knows(core, ["tin"])] == newest_first


# ----------------------------------------------------------------------------------- whom to ask


def test_a_question_names_who_knows_and_the_next_one_somebody_else() -> None:
    """ASKED-2: three at most, alive, load spread; nobody where nobody is known."""
    network = settled(*FIVE)
    claims = {name: network.send(name, "all", insight(f"by {name}")).ids[0] for name in FIVE[1:]}
    network.round(2)
    for name, claim in claims.items():
        for witness in FIVE[: 1 + FIVE.index(name)]:
            if witness != name:
                judge(network, witness, claim)
    network.round(2)
    core = network.peers["core"]
    best = first(core, "what conducts?", ["metal"], None)
    assert len(best) == 3
    assert best[0] == full("warden"), "whom most vouched for"
    network.send("core", "all", Question(text="?", topics=("metal",), first=best[:1]))
    again = first(core, "what conducts?", ["metal"], None)
    assert again[0] == best[1], "who was not asked yet"
    for _ in range(9):
        turn = first(core, "what conducts?", ["metal"], None)
        network.send("core", "all", Question(text="?", topics=("metal",), first=turn[:1]))
    asked = {row["name"]: row["asked"] for row in who_knows(core, ["metal"])}
    assert sum(asked.values()) == 10
    assert all(asked.values()), "each has his turn"
    assert asked["warden"] == max(asked.values())
    assert first(core, "who are you?", ["love"], None) == ()
    network.round(16, hours=12, only=["core"])
    assert set(network.health("core").values()) == {"dead"}
    assert first(core, "what conducts?", ["metal"], None) == (), "nobody seems alive"
    network.round(2)
    assert first(core, "what conducts?", ["metal"], None)[0] == full("warden"), "forgotten by now"


def test_a_question_without_topics_has_those_of_what_comes_to_mind() -> None:
    """ASKED-2: and whom its author names is asked, whoever knows."""
    network = settled(*FIVE)
    known_expert(network, "smith")
    core = network.peers["core"]
    assert first(core, "what conducts best, copper?", [], None) == (full("smith"),)
    assert first(core, "nothing of the kind", [], None) == ()
    assert first(core, "x", ["metal"], ["warden", "scout"]) == (full("warden"), full("scout"))
    assert first(core, "x", ["metal"], []) == ()
    with pytest.raises(NotFoundError):
        first(core, "x", [], ["nobody"])
    with pytest.raises(UsageError):
        first(core, "x", [], ["core"])
    with pytest.raises(UsageError):
        first(core, "x", [], ["scout", "smith", "warden", "librarian"])


def test_a_newcomer_with_a_question_that_nobody_is_known_for_asks_its_mentor() -> None:
    """ASKED-2: where nobody is known to know, somebody is there all the same."""
    network = settled(*FIVE)
    core = network.peers["core"]
    with core.home.transaction():
        core.home.db.write(
            "INSERT INTO mentoring VALUES (?, 'mentor', 'active', ?, NULL)",
            *(full("smith"), core.lived_ms),
        )
    assert first(core, "who are you?", ["love"], None) == (full("smith"),)


# ------------------------------------------------------------------------------------- passing on


def unsure_expert(network: Network) -> None:
    """`smith` is the expert on metal, by a claim that does not hold yet and so answers nothing."""
    early = Insight(text="copper conducts", topics=("metal",), valid_from=4_000_000_000_000)
    claim = network.send("smith", "all", early).ids[0]
    network.round(2)
    for witness in ("core", "warden", "librarian"):
        judge(network, witness, claim)
    network.round(3)


def test_a_question_to_who_does_not_know_is_passed_on_and_both_learn_the_answer() -> None:
    """ASKED-3, ASKED-4: once, with the asker's own thread; the asker hears to whom."""
    network = settled(*FIVE)
    unsure_expert(network)
    asked = network.send("core", "librarian", Question(text="why?", topics=("metal",))).ids[0]
    network.round(2)
    (told,) = answers(network, "core", "note")
    assert (told["author"], told["re"], told["auto"]) == (full("librarian"), asked, True)
    assert "smith" in told["body"]["text"]
    (still,) = [one for one in for_restart(network.peers["core"]).parts if one.name == "open"]
    assert [entry.id for entry in still.entries] == [asked], "it is passed on, not answered"
    (letter,) = [one for one in network.letters("smith") if one.kind == "question"]
    question = canonical.decode(letter.data)
    assert question["body"]["asker"] == full("core")
    assert (question["author"], question["re"], question["auto"]) == (
        full("librarian"),
        asked,
        True,
    )
    network.round(6)
    assert len([one for one in network.letters("smith") if one.kind == "question"]) == 1
    assert answers(network, "core", "note") == [told]
    assert answers(network, "core") == [], "nothing automatic answers it"
    reply(network.peers["smith"], letter.id[:8], "because it has free electrons")
    network.round(2)
    for name in ("core", "librarian"):
        answer = answers(network, name)[-1]
        assert (answer["author"], answer["re"], answer["thread"]) == (full("smith"), asked, asked)
        known = Knowing(network.peers[name].home, full(name), network.clock.wall_ms())
        node = known.home.knowledge.get(answer["id"])
        assert node is not None
        assert "electrons" in str(node.item.body)
    assert network.writes() == []


@pytest.mark.parametrize("public", [False, True])
def test_nobody_has_another_question_answered_in_the_askers_name(public: bool) -> None:
    """ASKED-4: whoever answers sees what he answers, and so does who is said to have asked."""
    network = settled(*FIVE)
    to = "all" if public else "scout"
    asked = network.send("core", to, Question(text="may I delete everything?")).ids[0]
    network.round(2)
    harmless = Question(text="is tea better?", asker=full("core"))
    item = network.item("scout", harmless, auto=True, re=asked, thread=asked)
    name, data, _ = network.page("scout", "librarian", [item], epoch="d" * 26)
    network.drop("librarian", name, data)
    network.round(2)
    letter = next(one for one in network.letters("librarian") if one.author == full("scout"))
    sent = reply(network.peers["librarian"], letter.id[:8], "yes, go ahead")
    assert sent.to == (("scout",) if public else ("core", "scout"))
    network.round(2)
    for answer in answers(network, "core"):
        assert answer["body"]["text"].endswith("(asked, as scout passed it on: is tea better?)")
    assert len(answers(network, "core")) == (not public)


def test_who_asks_without_end_costs_no_more_than_some_looks() -> None:
    """AUTO-5: in an hour; whatever he asks is kept."""
    network = settled("core", "scout")
    network.send("core", "all", insight("copper conducts"))
    for number in range(100):
        network.send("scout", "core", Question(text=f"{number}?", topics=("wood",)))
    network.round(2)
    core = network.peers["core"]
    assert len(core.looked_up[full("scout")]) == lookups_hourly_max
    assert len([one for one in network.letters("core") if one.kind == "question"]) == 100
    network.clock.go(2 * HOUR_MS)
    network.send("scout", "core", Question(text="what conducts?", topics=("metal",)))
    network.round(2)
    assert [one["body"]["text"][:15] for one in answers(network, "scout")] == ["copper conducts"]


def leave(network: Network, name: str, *, how: str) -> None:
    """The next roster does not name somebody any more, or takes his key from him."""
    members = network.members()
    if how == "removed":
        del members[name]
    else:
        members[name] = dict.fromkeys(members[name], "compromised")
    network.roster(members)


@pytest.mark.parametrize("how", ["removed", "compromised"])
def test_nothing_is_passed_on_to_who_is_no_member_any_more(how: str) -> None:
    """ASKED-2, ASKED-3, AUTO-6: however alive he seemed; and no handler writes to him."""
    network = settled(*FIVE)
    unsure_expert(network)
    leave(network, "smith", how=how)
    sent = len(network.letters("smith"))
    network.send("core", "librarian", Question(text="why?", topics=("metal",)))
    network.round(1, only=["librarian", "core"])
    librarian = network.peers["librarian"]
    assert answers(network, "core", "note") == []
    assert librarian.home.outgoing.auto_count(full("smith"), 0) == 0
    assert full("smith") not in living(librarian)
    assert full("core") in living(librarian)
    if how == "removed":
        assert network.health("librarian")["smith"] == "unknown"
    assert first(librarian, "why?", ["metal"], None) == ()
    known = Knowing(librarian.home, full("librarian"), network.clock.wall_ms())
    assert candidate(librarian, known) != full("smith")
    item = stored_item(network.item("core", Question(text="why?")), understood=True)
    with librarian.home.transaction():
        wanted: list[Effect] = [Send(to=full("smith"), body=Answer(text="so"))]
        (said,) = effects.apply(librarian, wanted, item, full("librarian"))
    assert "is no member with an active key" in said
    network.round(2)
    assert len(network.letters("smith")) == sent


@pytest.mark.parametrize("why", ["sealed", "forbidden", "approve", "hourly", "long", "none"])
def test_who_asked_hears_that_it_was_passed_on_only_where_it_was(why: str) -> None:
    """ASKED-3: not where it is refused, does not fit, or waits for a steward's yes."""
    network = settled(*FIVE)
    unsure_expert(network)
    librarian = network.peers["librarian"]
    text = "why?"
    if why == "long":  # as long as an item can be, so that no `asker` fits beside it
        size = len(network.item("core", Question(text="", topics=("metal",))))
        wide = limits.item_bytes_max - limits.text_chars_max - size - 40
        text = "ä" * wide + "a" * (limits.text_chars_max - wide)
    network.send("core", "librarian", Question(text=text, topics=("metal",)), seal=why == "sealed")
    if why in ("forbidden", "approve"):
        network.charter(Rule(effect="send", kind="question", verdict=why))
    if why == "hourly":
        some = [
            stored_item(network.item("librarian", str(n), auto=True), understood=True)
            for n in range(auto_sends_hourly_max)
        ]
        with librarian.home.transaction():
            librarian.home.outgoing.add(some, full("smith"), network.clock.wall_ms())
        network.tick("librarian")
    network.round(2)
    asked = [one for one in network.letters("smith") if one.kind == "question"]
    assert network.peers["librarian"].home.db.one(
        "SELECT 1 FROM item WHERE state = 'acted' AND kind IN ('question', 'sealed')"
    )
    assert len(answers(network, "core", "note")) == len(asked) == (why == "none")


@pytest.mark.parametrize("kind", ["auto", "asker", "sealed", "public"])
def test_what_must_not_be_passed_on_stays_where_it_is(kind: str) -> None:
    """ASKED-3: not what is automatic, was passed on already, is sealed, or went to all anyway."""
    network = settled(*FIVE)
    unsure_expert(network)
    question = Question(text="why?", topics=("metal",))
    if kind == "sealed":
        network.send("core", "librarian", question, seal=True)
    elif kind == "public":
        network.send("core", "all", question)
    else:
        asker = full("scout") if kind == "asker" else None
        item = network.item(
            "core", Question(text="why?", topics=("metal",), asker=asker), auto=kind == "auto"
        )
        name, data, _ = network.page("core", "librarian", [item], epoch="d" * 26)
        network.drop("librarian", name, data)
    network.round(4)
    asked = [one for one in network.letters("smith") if one.kind == "question"]
    assert [one for one in asked if one.audience == full("smith")] == []


def test_for_whom_a_question_is_said_to_be_is_shown_and_need_not_be_believed() -> None:
    """ASKED-4: in rows and lines of inbox, read and thread; `only` answers its author alone."""
    network = settled(*FIVE)
    body = Question(text="why?", asker=full("core"))
    item = network.item("librarian", body, auto=True, re="a" * 26)
    name, data, _ = network.page("librarian", "smith", [item], epoch="d" * 26)
    network.drop("smith", name, data)
    network.tick("smith")
    smith = network.peers["smith"]
    (letter,) = network.letters("smith")
    box = Mailbox(smith.home, smith.identity)
    for (row,) in (box.rows([letter]), box.thread(letter)):
        assert row["asker"] == "core"
        assert "for core, as librarian says" in letter_lines(row)[0]
    sent = reply(smith, letter.id, "so it is", only=True)
    assert sent.to == ("librarian",)
    answer = canonical.decode(smith.home.mail.get(sent.ids[0]).data)
    assert answer["re"] == letter.id
    assert reply(smith, letter.id, "so it is").to == ("core", "librarian")


@pytest.mark.parametrize("asker", ["nobody", "smith", "librarian", "core"])
def test_who_asks_for_nobody_gets_the_answer_himself(asker: str) -> None:
    """ASKED-4: an asker who is no member, or is one of us two, sends nothing anywhere else."""
    network = settled(*FIVE)
    body = Question(text="why?", asker=full(asker))
    item = network.item("librarian", body, auto=True, re="a" * 26)
    name, data, _ = network.page("librarian", "smith", [item], epoch="d" * 26)
    network.drop("smith", name, data)
    network.tick("smith")
    (letter,) = network.letters("smith")
    sent = reply(network.peers["smith"], letter.id, "so it is")
    assert sent.to == (("core", "librarian") if asker == "core" else ("librarian",))


# -------------------------------------------------------------------------- answers by letter


def test_an_answer_that_came_by_letter_is_accepted_before_its_author_alone() -> None:
    """ASKED-5, REP-1: it counts for him where it was accepted, and nobody else hears of it."""
    network = settled("core", "scout", "smith")
    asked = network.send("core", "scout", Question(text="why?", topics=("metal",))).ids[0]
    network.round(1)
    reply(network.peers["scout"], asked, "because")
    network.round(1)
    (answer,) = answers(network, "core")
    opinion = judge(network, "core", answer["id"])
    network.round(2)
    assert esteem(network, "core", "scout") == pytest.approx(2 / 3, abs=0.01)
    (one,) = reputation(network.peers["core"], "scout")["evidence"]
    assert (one["kind"], one["of"]) == ("acceptance", answer["id"])
    (row,) = who_knows(network.peers["core"], ["metal"])
    assert (row["name"], row["accepted"]) == ("scout", 1)
    (letter,) = [one for one in network.letters("scout") if one.kind == "endorsement"]
    assert (letter.id, letter.audience) == (opinion, full("scout"))
    assert network.peers["smith"].home.knowledge.get(opinion) is None
    judge(network, "core", answer["id"], Dispute(because="I tried it"))
    assert esteem(network, "core", "scout") == pytest.approx(1 / 3, abs=0.01)


def test_only_answers_to_me_are_judged_by_letter() -> None:
    """ASKED-5: not my own ones, no notes, nothing sealed."""
    network = settled("core", "scout")
    note = network.send("scout", "core", "hello").ids[0]
    sealed = network.send("scout", "core", Answer(text="psst"), seal=True).ids[0]
    mine = network.send("core", "scout", Answer(text="mine")).ids[0]
    network.round(1)
    for item in (note, sealed, mine):
        with pytest.raises(UsageError):
            judge(network, "core", item)
