"""What needs a steward's yes: nothing goes without one that names exactly it; asked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from peer import asking, handlers
from peer.approvals import Answered, answer, approvals, find
from peer.home.asks import Ask
from peer.instance import RunningPeer
from protocol import authority, canonical, limits
from protocol.charter import Budget, Rule
from protocol.decision import Decision
from protocol.effect import Effect, Publish, Send
from protocol.errors import HumanNeededError, NotFoundError, RuleError, SomaError, UsageError
from protocol.messages import Answer, Insight, Question, Request
from protocol.request import asked_hash, open_request
from protocol.signing import Signer
from registry import layout
from registry.faulty import Fault
from tests.network import DAY_MS, DyingDatabase, Killed, Network, insight, settled

APPROVE = Rule(effect="publish", kind="insight", verdict="approve")
FORBID = Rule(effect="publish", kind="insight", verdict="forbidden")
FREE = Rule(effect="publish", kind="insight", verdict="free")


def governed(
    *rules: Rule, budgets: tuple[Budget, ...] = (), boxes: tuple[str, ...] = ("kay",)
) -> Network:
    network = settled()
    network.mailbox(*boxes)
    network.charter(*(rules or (APPROVE,)), budgets=budgets)
    network.round(2)
    return network


def kay(network: Network) -> RunningPeer:
    return network.peers["kay"]


def ask(network: Network) -> Ask:
    (found,) = network.peers["core"].home.asks.all()
    return found


def decide(network: Network, id_: str, *, yes: bool = True, because: str = "") -> Answered:
    box = kay(network)
    return answer(network.desk, box, find(box, id_), yes=yes, because=because)


def published(network: Network, reader: str = "scout") -> list[str]:
    return [line for line in network.acted(reader) if line.startswith("core: ")]


def place(where: Network, *signers: Signer, **members: Any) -> None:
    """Put a decision on the share, as whoever signs it wants it."""
    body = Decision(
        network=where.network,
        decision="approve",
        scope="core@lab.eu",
        of=ask(where).hash,
        salt="a" * 26,
        at=where.clock.wall_ms(),
    )
    data = authority.seal_document(replace(body, **members), where.network, *signers)
    digest = canonical.decode(data)["head"]["signed"]["hash"]
    where.memory.place(layout.document_path("soma/decision/1", 0, digest), data)


def test_it_waits_until_a_steward_says_yes_and_then_goes_once() -> None:
    """ASK-1, ASK-2, ASK-4: kept in full, in no page; the request is there at once."""
    network = governed()
    sent = network.send("core", "all", insight("copper conducts"))
    assert sent.state == "asked"
    assert sent.waiting == sent.ids
    network.round(3)
    assert published(network) == []
    assert network.peers["core"].home.knowledge.about(["metal"], 9) == []
    (row,) = approvals(kay(network))
    assert (row["id"], row["from"], row["state"]) == (sent.ids[0], "core", "open")
    assert row["text"] == "copper conducts"
    done = decide(network, sent.ids[0][:8])
    assert not done.again
    assert decide(network, sent.ids[0]).again
    network.tick("core")
    network.round(2)
    assert published(network) == ["core: copper conducts"]
    assert ask(network).state == "approved"
    assert approvals(kay(network))[0]["state"] == "approved"
    assert len(network.peers["core"].home.knowledge.about(["metal"], 9)) == 1
    network.rest()
    assert [row["request"] is None for row in approvals(network.peers["core"])] == [True]
    assert sum(letter.kind == "request" for letter in network.letters("kay")) == 1


def test_a_no_drops_it_and_is_told() -> None:
    """ASK-5: of a yes and a no the no holds, also where the yes was first."""
    network = governed()
    id_ = network.send("core", "all", insight("iron, too")).ids[0]
    network.round()
    decide(network, id_)
    decide(network, id_, yes=False, because="not now")
    with pytest.raises(SomaError, match="no holds"):
        decide(network, id_)
    network.round(3)
    assert published(network) == []
    assert (ask(network).state, ask(network).because) == ("denied", "not now")
    assert f"item:approval:{id_}" in network.concerns("core")
    assert network.peers["core"].home.mail.get(id_).state == "dropped"


def test_what_nobody_answers_lapses_after_its_term_of_lived_time() -> None:
    """ASK-6: seven days; a yes that comes later changes nothing."""
    network = governed()
    id_ = network.send("core", "all", insight("zinc")).ids[0]
    network.round()
    network.peers["core"].clock.jump(30 * DAY_MS)  # type: ignore[attr-defined]
    network.tick("core")
    assert ask(network).state == "open", "a wrong date ends nothing"
    network.clock.jump(-30 * DAY_MS)
    network.round(6, hours=24)
    assert ask(network).state == "open"
    network.round(2, hours=24)
    assert ask(network).state == "lapsed"
    assert f"item:approval:{id_}" in network.concerns("core")
    decide(network, id_)
    network.round(3)
    assert published(network) == []
    assert ask(network).state == "lapsed"


def test_what_nobody_answers_is_told_again_while_it_waits() -> None:
    """ASK-4, BOX-5: after a day, to the steward too, each day anew; and that it is over, once."""
    network = governed()
    id_ = network.send("core", "all", insight("zinc")).ids[0]
    network.round(2)
    assert "approvals-stale" not in network.concerns("core")
    network.round(2, hours=24)
    assert "approvals-stale" in network.concerns("core")
    told = [one for one in network.letters("kay") if one.kind == "escalation"]
    network.round(2, hours=24)
    again = [one for one in network.letters("kay") if one.kind == "escalation"]
    assert [one.id for one in told] != [one.id for one in again], "the newer one, unread again"
    assert len(told) == len(again) == 1
    decide(network, id_)
    network.round(2)
    assert "approvals-stale" not in network.concerns("core")


@pytest.mark.parametrize(
    "forged",
    [
        {"of": "0" * 64}, {"scope": "scout@lab.eu"}, {"scope": "*"}, {"scope": "lab.eu"},
        {"until": 1}, {"network": "f" * 64}, {"decision": "maybe"},
    ],
    ids=lambda forged: "-".join(map(str, forged.items())),
)  # fmt: skip
def test_a_decision_about_anything_else_changes_nothing(forged: dict[str, Any]) -> None:
    """ASK-3: another hash, peer, network or time, though a steward signed it."""
    network = governed()
    network.send("core", "all", insight("copper"))
    network.round()
    place(network, network.steward, **forged)
    network.round(3)
    assert published(network) == []
    assert ask(network).state == "open"


def test_nobody_but_a_steward_says_yes() -> None:
    """ASK-3: an agent's key, a mailbox's key, a stranger's: refused, and the ask stays open."""
    network = governed()
    network.send("core", "all", insight("copper"))
    network.round()
    for signer in (network.peers["core"].signer, kay(network).signer, Signer(b"z" * 32)):
        place(network, signer, of=ask(network).hash, salt=canonical.b32(signer.public[:16]))
    network.round(3)
    assert published(network) == []
    assert ask(network).state == "open"
    assert "AUTH-4" in network.rules("core")


def test_other_bytes_than_those_approved_do_not_go() -> None:
    """ASK-3: the hash binds every byte, the author, the audience and the network."""
    network = governed()
    id_ = network.send("core", "all", insight("copper")).ids[0]
    network.round()
    decide(network, id_)
    core = network.peers["core"]
    other = network.send("core", "all", insight("poison")).ids[0]
    network.round(2)
    assert published(network) == ["core: copper"], "a yes for one is none for another"
    assert core.home.mail.get(other).state == "asked"
    digest = "1" * 64
    said = {asked_hash(network.network, "core@lab.eu", "all", digest)}
    said.add(asked_hash("f" * 64, "core@lab.eu", "all", digest))
    said.add(asked_hash(network.network, "scout@lab.eu", "all", digest))
    said.add(asked_hash(network.network, "core@lab.eu", "scout@lab.eu", digest))
    said.add(asked_hash(network.network, "core@lab.eu", "all", "2" * 64))
    assert len(said) == 5


def test_a_request_for_somebody_else_s_item_asks_nothing() -> None:
    """ASK-8: nobody can have another peer's words, or nonsense, approved in his name."""
    network = governed()
    good = canonical.decode(network.item("core", insight("mine")))
    bodies = [
        Request(audience="all", item=canonical.decode(network.item("scout", "yours")), until=9),
        Request(audience="all", item={"kind": "note"}, until=9),
        Request(audience="all", item=good | {"kind": "unheard-of"}, until=9),
    ]
    for body in bodies:
        with pytest.raises(RuleError):
            open_request(body, network.network, "core@lab.eu")
        network.send("core", "kay", body)
    network.round(2)
    rows = approvals(kay(network))
    assert [row["state"] for row in rows] == ["invalid"] * 3
    for row in rows:
        with pytest.raises(RuleError):
            find(kay(network), row["request"])
    opened = open_request(
        Request(audience="all", item=good, until=9), network.network, "core@lab.eu"
    )
    assert opened.effect == "publish"


def _publishing(received: handlers.Received, view: handlers.View) -> list[Effect]:
    body = Insight(text="learned", topics=("metal",))
    return [Publish(body=body), Publish(body=body)]


@contextmanager
def _handling(handler: handlers.Handler) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(handlers.HANDLERS, "question", handler)
        yield


def test_the_same_effect_for_the_same_item_is_asked_for_once() -> None:
    """ASK-7: also where the handler wants it twice, and wherever its process dies."""
    network = governed()
    with _handling(_publishing):
        network.send("scout", "core", Question(text="what is new?"))
        network.clock.go(1)
        base = network.copy(DyingDatabase)
        for step in range(1, 60):
            world = base.copy(DyingDatabase)
            database = world.peers["core"].home.db
            assert isinstance(database, DyingDatabase)
            database.steps, database.die_at = 0, step
            try:
                report = world.tick("core")
            except Killed:
                database.die_at = 0
                world.restart("core")
                report = world.tick("core")
            else:
                if step > 1 and database.steps < step:
                    break
            world.round(2)
            asks = world.peers["core"].home.asks.all()
            assert len(asks) == 1, step
            requests = [one for one in world.letters("kay") if one.kind == "request"]
            assert len(requests) == 1, step
        else:
            raise AssertionError("the tick never ended by itself")
    assert any("waits for approval" in line for line in report.problems)


def test_a_stricter_charter_stops_what_waits_and_a_milder_one_frees_nothing() -> None:
    """ASK-9: what stood in no page yet is judged again; what waits for a yes goes on waiting."""
    network = governed(FREE)
    away = Fault(name="unavailable", times=-1)
    network.send("core", "all", insight("staged"), away)
    network.charter(APPROVE)
    network.round(2)
    assert published(network) == []
    assert ask(network).state == "open"
    network.charter(FREE)
    network.round(2)
    assert published(network) == []
    network.charter(FORBID)
    network.round(2)
    assert ask(network).state == "forbidden"
    network.charter(FREE)
    network.round(2)
    assert published(network) == []


def test_nobody_is_answered_from_what_a_stricter_charter_holds_back() -> None:
    """ASK-9: nobody learns it in an answer, either, until a steward says yes."""
    network, away = governed(FREE), Fault(name="unavailable", times=-1)
    id_ = network.send("core", "all", insight("copper conducts", "copper"), away).ids[0]
    network.charter(APPROVE)
    network.send("scout", "core", Question(text="what of copper?", topics=("copper",)))
    network.round(2)
    assert ask(network).state == "open"
    assert [one for one in network.letters("scout") if one.kind == "answer"] == []
    decide(network, id_)
    network.send("scout", "core", Question(text="and now?", topics=("copper",)))
    network.round(2)
    (answer,) = [one for one in network.letters("scout") if one.kind == "answer"]
    assert b"copper conducts" in answer.data


def test_a_yes_does_not_outlive_a_charter_that_forbids_it() -> None:
    """ASK-9: approved, not paged yet, forbidden meanwhile: it does not go."""
    network = governed()
    id_ = network.send("core", "all", insight("copper")).ids[0]
    network.round()
    decide(network, id_)
    network.charter(FORBID)
    network.round(2)
    assert published(network) == []
    assert ask(network).state == "forbidden"


def test_what_is_forbidden_is_refused_with_the_rule_and_counted() -> None:
    """ASK-10: for a person and for a handler; nothing is written."""
    network = governed(FORBID)
    with pytest.raises(HumanNeededError, match=r"forbidden by the charter of \*: publish insight"):
        network.send("core", "all", insight("no"))
    assert network.peers["core"].home.asks.deeds() == [("forbidden", "publish", "insight", 1)]
    with _handling(_publishing):
        network.send("scout", "core", Question(text="what is new?"))
        report = network.round(only=["core"])[0]
    assert any("forbidden by the charter" in line for line in report.problems)
    network.send("core", "scout", "letters are free")
    network.tick("kay")
    (digest,) = [one for one in network.letters("kay") if one.kind == "digest"]
    assert canonical.decode(digest.data)["body"]["lines"] == [
        "3 × publish insight, refused: forbidden"
    ]


def test_budgets_hold_for_what_is_typed_and_what_is_automatic() -> None:
    """ASK-11: so many in a time; said when it is possible again."""
    network = governed(budgets=(Budget(what="send", amount=2, ms=3_600_000),))
    network.send("core", "scout", "one")
    network.send("core", "scout", "two")
    with pytest.raises(SomaError, match="2 × send in 1 h; possible again in"):
        network.send("core", "scout", "three")
    network.send("core", "kay", "a human is always reachable")
    network.clock.go(3_600_001)
    network.send("core", "scout", "again")

    def talk(received: handlers.Received, view: handlers.View) -> list[Effect]:
        return [Send(to=received.item.head.author, body=Answer(text=str(n))) for n in range(5)]

    with _handling(talk):
        network.send("scout", "core", Question(text="?"))
        network.clock.go(3_600_001)
        report = network.tick("core")
    assert sum("over the budget" in line for line in report.problems) == 3


def test_notices_are_done_and_told_once_a_day() -> None:
    """ASK-12: in a digest, each kind with how often."""
    network = governed(Rule(effect="publish", kind="insight", verdict="notice"))
    for number in range(3):
        network.send("core", "all", insight(f"fact {number}"))
    network.round(8)
    assert len(published(network)) == 3
    digests = [one for one in network.letters("kay") if one.kind == "digest"]
    assert [canonical.decode(one.data)["body"]["lines"] for one in digests] == [
        ["3 × publish insight"]
    ]
    assert network.peers["core"].home.asks.deeds() == []


def test_two_stewards_are_both_asked_and_one_who_comes_later_too() -> None:
    """ASK-4: every mailbox once; without any, a person is told."""
    network = settled()
    network.charter(APPROVE)
    network.round()
    id_ = network.send("core", "all", insight("copper")).ids[0]
    network.round()
    assert "no-mailbox" in network.concerns("core")
    network.mailbox("kay", "lee")
    network.round(3)
    assert "no-mailbox" not in network.concerns("core")
    for name in ("kay", "lee"):
        assert [row["id"] for row in approvals(network.peers[name])] == [id_]
        assert sum(letter.kind == "request" for letter in network.letters(name)) == 1


def test_letters_and_their_files_and_sealed_ones_wait_too() -> None:
    """ASK-1: what is asked for lies in no outbox and no feed; it can be taken back."""
    from peer.cancelling import cancel

    network = governed(Rule(effect="send", kind="note", verdict="approve"))
    id_ = network.send("core", "scout", "hello").ids[0]
    sealed = network.send("core", "scout", "secret", seal=True).ids[0]
    network.round(2)
    assert network.acted("scout") == []
    rows = {row["id"]: row for row in approvals(kay(network))}
    assert rows[sealed]["sealed"]
    assert rows[sealed]["text"] == ""
    cancel(network.peers["core"].home, id_, network.clock.wall_ms())
    decide(network, id_)
    decide(network, sealed)
    network.round(2)
    assert {one.state: one.item for one in network.peers["core"].home.asks.all()} == {
        "withdrawn": id_, "approved": sealed,
    }  # fmt: skip
    assert [letter.id for letter in network.letters("scout")] == [sealed]


def test_asking_has_bounds() -> None:
    """ASK-11: no more than so many at once, and none that fits in no request."""
    network = governed()
    with pytest.raises(SomaError, match="fits in no request"):
        network.send("core", "all", insight("x" * 50_000 + "é" * 7_200))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "open_max", 2)
        for number in range(2):
            network.send("core", "all", insight(f"{number}"))
        with pytest.raises(HumanNeededError, match="2 items wait"):
            network.send("core", "all", insight("more"))
    assert limits.asked_bytes_max < limits.item_bytes_max
    with pytest.raises(NotFoundError):
        find(kay(network), "aaaaaaaa")
    with pytest.raises(UsageError):
        find(kay(network), "a")


def test_a_no_of_another_scope_hides_no_yes() -> None:
    """ASK-3, ASK-5: what is denied to another peer is not denied to this one."""
    network = governed()
    id_ = network.send("core", "all", insight("copper")).ids[0]
    network.round()
    place(network, network.steward, decision="deny", scope="scout@lab.eu", salt="b" * 26)
    network.round()
    assert ask(network).state == "open"
    decide_body = {"decision": "approve", "salt": "c" * 26}
    place(network, network.steward, **decide_body)
    network.round(2)
    assert ask(network).state == "approved"
    assert published(network) == ["core: copper"]
    assert network.peers["core"].home.mail.get(id_).state == "paged"


def test_a_mailbox_that_was_lost_is_asked_again() -> None:
    """ASK-4: a new home of the steward hears of what is open, once."""
    network = governed()
    id_ = network.send("core", "all", insight("copper")).ids[0]
    before = network.backup("kay")
    network.round(2)
    assert len(approvals(kay(network))) == 1
    network.restart("kay", before)
    network.repair("kay")
    network.round(4)
    assert [row["id"] for row in approvals(kay(network))] == [id_]
    decide(network, id_)
    network.round(2)
    assert published(network) == ["core: copper"]
