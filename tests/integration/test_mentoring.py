"""A newcomer is offered a mentor and told what to know first; both may say no; it ends by time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from peer import handlers
from peer.mentoring import TEXT_CHARS, TEXT_LINES, ask, decline, end, mentoring
from peer.settings import Mentor
from peer.stewards.standing import standing
from peer.tick import look
from peer.tying import ties
from protocol import canonical
from protocol.charter import Rule
from protocol.effect import Publish, Send
from protocol.errors import NotFoundError, UsageError
from protocol.messages import Endorsement, Mentoring, Note
from registry.faulty import Fault, Killed
from tests.network import CLUSTER, DAY_MS, DyingDatabase, Network, insight, settled

OLD = ("core", "librarian", "scout")


def full(name: str) -> str:
    return f"{name}@{CLUSTER}"


def village(**settings: Any) -> Network:
    """Three peers that have been here for a while; librarian knows most, scout a bit."""
    network = settled(*OLD)
    claims = [
        network.send("librarian", "all", insight("copper conducts")).ids[0],
        network.send("librarian", "all", insight("tin melts", "tin")).ids[0],
        network.send("scout", "all", insight("salt dissolves", "salt")).ids[0],
    ]
    network.round(2)
    for claim in claims[:2]:
        network.send("core", "all", Endorsement(), re=claim)
        network.send("scout", "all", Endorsement(), re=claim)
    network.round(12)
    for name, value in settings.items():
        peer = network.peers[name]
        peer.settings = replace(peer.settings, mentor=value)
    return network


def arrives(network: Network, name: str = "late") -> None:
    """Somebody is admitted who was never here."""
    members = network.members()
    members[name] = {network.add(name).signer.key: "active"}
    network.roster(members)


def between(network: Network, name: str) -> dict[str, tuple[str, str]]:
    """What everybody is to somebody now: bare name → (role, state)."""
    peer = network.peers[name]
    return {
        tie.peer.partition("@")[0]: (tie.role, tie.state) for tie in ties(peer.home, peer.lived_ms)
    }


def steps(network: Network, name: str) -> list[tuple[str, str, bool]]:
    """(to, step, auto) of every mentoring letter that somebody wrote, in order."""
    rows = network.peers[name].home.db.read(
        "SELECT audience, data, auto FROM item WHERE mine = 1 AND kind = 'mentoring' ORDER BY n"
    )
    return [
        (audience.partition("@")[0], canonical.decode(data)["body"]["step"], bool(auto))
        for audience, data, auto in rows
    ]


def test_a_newcomer_is_guided_by_who_knows_most() -> None:
    """MENTOR-1, MENTOR-2, MENTOR-4: asked in the first tick, told what to know; then quiet."""
    network = village()
    arrives(network)
    network.tick("late")
    assert between(network, "late") == {"librarian": ("mentor", "asked")}
    network.round(2)
    assert between(network, "late") == {"librarian": ("mentor", "active")}
    assert between(network, "librarian") == {"late": ("mentee", "active")}
    assert steps(network, "late") == [("librarian", "ask", True)]
    assert steps(network, "librarian") == [("late", "offer", True)]
    found = mentoring(network.peers["late"])
    digest = found["digest"]
    assert found["mentor"]["name"] == digest["from"] == "librarian"
    for said in ("copper conducts (librarian, certainty", "salt dissolves (scout", "- metal: "):
        assert said in digest["text"]
    known = network.peers["late"].home.knowledge
    assert {node.kind for node in known.many(digest["claims"]).values()} == {"insight"}
    assert len(digest["claims"]) == 3
    assert set(digest["topics"]) == {"metal", "tin", "salt"}
    late = network.peers["late"]
    rows = {row["name"]: row["mentoring"] for row in look.table(late, standing(late))}
    assert rows == {"core": None, "librarian": "mentor", "scout": None}
    assert network.letters("late") == network.letters("librarian") == [], "for no inbox"
    assert late.home.mail.unread_count() == 0
    network.round(8)
    assert network.writes() == []
    assert steps(network, "late") == [("librarian", "ask", True)]


def test_where_all_begin_together_nobody_is_new() -> None:
    """MENTOR-1: also where only some have published so far."""
    network = village()
    assert [between(network, name) for name in OLD] == [{}, {}, {}]


def test_what_the_newcomer_is_interested_in_comes_first() -> None:
    """MENTOR-1, MENTOR-4: what it announced; the goals in force are told, too."""
    network = village(librarian=Mentor(mentees_max=0))
    arrives(network)
    network.peers["late"].settings = replace(
        network.peers["late"].settings, mentor=Mentor(wanted="no")
    )
    network.tick("late")
    network.send("late", "all", insight("salt is white", "salt"))
    assert ask(network.peers["late"], None).to == ("librarian",), "whom others vouched for"
    network.round(2)
    assert between(network, "late") == {"librarian": ("mentor", "declined")}
    assert ask(network.peers["late"], "scout").to == ("scout",)
    network.round(2)
    digest = mentoring(network.peers["late"])["digest"]
    assert digest["text"].startswith("salt:\n- salt dissolves")
    assert "salt is white" not in digest["text"], "nobody is told what he said himself"


def test_who_has_no_room_declines_and_the_next_one_is_asked() -> None:
    """MENTOR-1, MENTOR-4: each once, three at most; who shared nothing is not asked."""
    none = Mentor(mentees_max=0)
    network = village(librarian=none, scout=none)
    arrives(network)
    network.round(10)
    assert steps(network, "late") == [("librarian", "ask", True), ("scout", "ask", True)]
    assert between(network, "late") == {
        "librarian": ("mentor", "declined"),
        "scout": ("mentor", "declined"),
    }
    assert steps(network, "librarian") == [("late", "decline", True)]
    assert network.writes() == []


def test_three_newcomers_at_a_time() -> None:
    """MENTOR-4: the fourth is guided by the next best; nobody is asked twice."""
    network = village()
    for number in range(4):
        arrives(network, f"late-{number}")
    network.round(4)
    mentors = [mentoring(network.peers[f"late-{n}"])["mentor"]["name"] for n in range(4)]
    assert mentors == ["librarian", "librarian", "librarian", "scout"]
    assert mentoring(network.peers["librarian"])["room"] == 0
    assert steps(network, "late-3") == [("librarian", "ask", True), ("scout", "ask", True)]


def test_who_does_not_answer_counts_as_declining() -> None:
    """MENTOR-6: after two days of its life; a late answer is void where he has another."""
    network = village()
    arrives(network)
    network.tick("late")
    some = ("core", "late", "scout")
    network.round(7, only=some)
    assert between(network, "late") == {"librarian": ("mentor", "asked")}
    network.round(3, only=some)
    assert between(network, "late") == {
        "librarian": ("mentor", "silent"),
        "scout": ("mentor", "active"),
    }
    network.round(3)
    assert between(network, "librarian") == {"late": ("mentee", "active")}, "he came back"
    assert between(network, "late")["librarian"] == ("mentor", "silent")
    assert mentoring(network.peers["late"])["mentor"]["name"] == "scout"
    network.round(31, hours=24)
    assert between(network, "librarian") == {"late": ("mentee", "ended")}, "its place is free"
    assert between(network, "late")["scout"] == ("mentor", "ended")
    assert network.writes() == []


@pytest.mark.parametrize(
    "why", ["old", "no", "mailbox", "forbidden", "approve", "unwanted", "repaired"]
)
def test_who_does_not_ask(why: str) -> None:
    """MENTOR-1: not after a week, nor in another life, nor where owner or stewards say no."""
    network = village()
    if why in ("forbidden", "approve"):
        network.charter(Rule(effect="send", kind="mentoring", verdict=why))
        network.round(1)
    arrives(network)
    late = network.peers["late"]
    if why == "mailbox":
        network.mailboxes.add("late")
        network.roster(network.members())
    if why == "no":
        late.settings = replace(late.settings, mentor=Mentor(wanted="no"))
    if why == "repaired":
        network.repair("late")
        late = network.restart("late")
    if why == "unwanted":
        decline(late, None)
    if why == "old":
        with late.home.transaction():
            late.home.state.put("lived_ms", 7 * DAY_MS)
    network.round(8)
    assert steps(network, "late") == []
    if why in ("no", "old", "unwanted", "repaired"):
        assert ask(late, None).to == ("librarian",), "a person may at any time"
        network.round(2)
        assert between(network, "late")["librarian"] == ("mentor", "active")


def test_both_may_say_no() -> None:
    """MENTOR-7: whom a person told no is neither asked nor guided, whoever asks."""
    network = village()
    assert decline(network.peers["librarian"], "scout") is None, "nobody had to be told"
    assert ask(network.peers["scout"], "librarian").to == ("librarian",)
    network.round(2)
    assert between(network, "scout") == {"librarian": ("mentor", "declined")}
    arrives(network)
    network.tick("late")
    assert decline(network.peers["late"], "librarian") is not None
    network.round(3)
    assert between(network, "late")["librarian"] == ("mentor", "refused")
    assert between(network, "late")["scout"] == ("mentor", "active"), "somebody else is asked"
    assert between(network, "librarian")["late"] == ("mentee", "ended")
    sent = decline(network.peers["late"], None)
    assert sent is not None
    assert sent.to == ("scout",)
    network.round(8)
    assert between(network, "scout")["late"] == ("mentee", "ended")
    assert mentoring(network.peers["late"])["wanted"] is False
    assert mentoring(network.peers["late"])["mentor"] is None
    with pytest.raises(NotFoundError):
        decline(network.peers["late"], "nobody")


def test_each_may_end_it() -> None:
    """MENTOR-6: the other hears of it; nobody is asked anew by itself."""
    for ends in ("late", "librarian"):
        network = village()
        arrives(network)
        network.round(3)
        end(network.peers[ends], "librarian" if ends == "late" else "late")
        network.round(2)
        assert between(network, "late") == {"librarian": ("mentor", "ended")}
        assert between(network, "librarian") == {"late": ("mentee", "ended")}
        network.round(4)
        assert steps(network, "late")[1:] == ([("librarian", "end", False)] * (ends == "late"))
        with pytest.raises(NotFoundError):
            end(network.peers["late"], "librarian")


def test_a_person_asks_one_at_a_time() -> None:
    """MENTOR-5: nobody has two mentors; a steward's mailbox is none."""
    network = village()
    network.mailbox("kay-mail")
    arrives(network)
    network.round(3)
    late = network.peers["late"]
    with pytest.raises(UsageError, match="is your mentor"):
        ask(late, "scout")
    end(late, "librarian")
    with pytest.raises(UsageError, match="mailbox"):
        ask(late, "kay-mail")
    with pytest.raises(NotFoundError):
        ask(late, "nobody")
    ask(late, "scout")
    with pytest.raises(UsageError, match="not answered"):
        ask(late, None)
    assert steps(network, "late")[-1] == ("scout", "ask", False)


# ------------------------------------------------------------------------- who does not play fair


def drop(
    network: Network, author: str, to: str, body: Mentoring, number: int = 1, **head: Any
) -> None:
    """A letter that the author's software would not have written."""
    item = network.item(author, body, **{"auto": True, **head})
    epoch = "abcdefghijklmnopqrstuvwxyz"[number] * 26
    name, data, _ = network.page(author, to, [item], epoch=epoch)
    network.drop(to, name, data)


def test_an_offer_that_nobody_asked_for_is_nothing() -> None:
    """MENTOR-5: nor is an end; and nothing answers them."""
    network = village()
    for number, step in enumerate(("offer", "decline", "end", "dance"), 1):
        drop(network, "scout", "core", Mentoring(step=step, text="believe me"), number)
    network.round(2)
    assert between(network, "core") == {}
    assert steps(network, "core") == []
    assert mentoring(network.peers["core"])["digest"] is None


def test_what_a_mentor_says_first_is_shown_as_far_as_it_is_a_beginning() -> None:
    """MENTOR-4: no flood of lines or characters for whoever lost its context."""
    for text in ("\n" * 30_000, "long " * 10_000):
        network = village()
        ask(network.peers["core"], "scout")
        drop(network, "scout", "core", Mentoring(step="offer", text=text), 1)
        network.tick("core")
        digest = mentoring(network.peers["core"])["digest"]
        assert digest["cut"]
        assert len(digest["text"]) <= TEXT_CHARS
        assert digest["text"].count("\n") < TEXT_LINES


def test_who_asks_again_and_again_is_answered_once_a_day() -> None:
    """MENTOR-3, MENTOR-2: an automatic ask has one answer, and a flood of them no more."""
    network = village()
    for number in range(1, 9):
        drop(network, "core", "librarian", Mentoring(step="ask"), number)
    network.round(1)
    assert steps(network, "librarian") == [("core", "offer", True)]
    network.round(4)
    for number in range(9, 12):
        drop(network, "core", "librarian", Mentoring(step="ask"), number)
    network.round(1)
    assert steps(network, "librarian") == [("core", "offer", True)] * 2, "a home may be lost"
    assert mentoring(network.peers["librarian"])["room"] == 2


def test_two_who_ask_each_other_do_not_guide_each_other() -> None:
    """MENTOR-5: in a circle nobody would know more."""
    network = village()
    ask(network.peers["librarian"], "scout")
    ask(network.peers["scout"], "librarian")
    network.round(3)
    assert between(network, "librarian") == {"scout": ("mentor", "asked")}
    assert between(network, "scout") == {"librarian": ("mentor", "asked")}


@pytest.mark.parametrize("step", ["offer", "decline", "end"])
def test_nothing_automatic_answers_an_answer(step: str) -> None:
    """MENTOR-2, AUTO-2: whatever a handler wants: only to `ask`, yes or no, to its author."""

    def chatty(received: handlers.Received, view: handlers.View) -> list[Any]:
        author = received.item.head.author
        return [
            Send(to=author, body=Mentoring(step="ask")),
            Send(to=author, body=Note(text="hi")),
            Send(to=full("core"), body=Mentoring(step="offer")),
            Publish(body=Mentoring(step="offer")),
            *([Send(to=author, body=Mentoring(step="offer"))] if step != "ask" else []),
        ]

    network = village()
    network.peers["librarian"].handlers = {**handlers.HANDLERS, "mentoring": chatty}
    drop(network, "scout", "librarian", Mentoring(step=step))
    network.round(2)
    assert network.peers["librarian"].home.db.read("SELECT 1 FROM item WHERE mine AND auto") == []
    drop(network, "scout", "librarian", Mentoring(step="ask"), 2)
    network.round(2)
    assert steps(network, "librarian") == [("scout", "offer", True)]


def test_nobody_is_guided_under_seal_nor_in_public() -> None:
    """MENTOR-2: what is not kept would be answered for ever; a mailbox guides nobody."""
    network = village()
    network.send("scout", "librarian", Mentoring(step="ask"), seal=True)
    network.send("core", "all", Mentoring(step="ask"))
    network.mailbox("kay-mail")
    network.round(1)
    drop(network, "core", "kay-mail", Mentoring(step="ask"))
    network.round(3)
    assert [steps(network, name) for name in ("librarian", "kay-mail")] == [[], []]


def test_only_what_all_may_know_is_told() -> None:
    """MENTOR-4: a secret in a letter stays there; who knows nothing else declines."""
    network = settled("core", "scout")
    network.send("core", "scout", insight("the key is under the mat", "keys"))
    network.round(1)
    ask(network.peers["core"], "scout")
    network.round(2)
    assert steps(network, "scout") == [("core", "decline", True)]


# --------------------------------------------------------------------------------- killed anywhere


def _fate(network: Network) -> tuple[Any, ...]:
    network.round(3)
    assert network.rest()
    return (
        between(network, "late"), between(network, "librarian"),
        steps(network, "late"), steps(network, "librarian"),
    )  # fmt: skip


@pytest.mark.parametrize("who", ["late", "librarian"])
def test_killed_at_every_call_nobody_is_asked_or_answered_twice(who: str) -> None:
    """MENTOR-1, MENTOR-2: the letter and what it makes us to each other are one."""
    base = village()
    arrives(base)
    if who == "librarian":
        base.tick("late")
    played = base.copy()
    with played.faulty(who) as share:
        played.tick_here(who)
    calls = len(share.calls)
    clean = _fate(played)
    assert clean[2:] == ([("librarian", "ask", True)], [("late", "offer", True)])
    for at in range(1, calls + 1):
        for kind in ("kill_before", "kill_after"):
            network = base.copy()
            try:
                network.tick(who, Fault(name=kind, at=at))
            except Killed:
                network.restart(who)
            assert _fate(network) == clean, f"{kind} {at}"


@pytest.mark.parametrize("who", ["late", "librarian"])
def test_killed_at_every_commit_nobody_is_asked_or_answered_twice(who: str) -> None:
    """MENTOR-1, MENTOR-2: before and after each, also of the one that answers."""
    base = village()
    arrives(base)
    if who == "librarian":
        base.tick("late")

    def play(die_at: int) -> tuple[Network, int]:
        network = base.copy(DyingDatabase)
        database = network.peers[who].home.db
        assert isinstance(database, DyingDatabase)
        database.steps, database.die_at = 0, die_at
        try:
            network.tick_here(who)
        except Killed:
            database.die_at = 0
            network.restart(who)
        return network, database.steps

    played, steps_taken = play(0)
    clean = _fate(played)
    for at in range(1, steps_taken + 1):
        assert _fate(play(at)[0]) == clean, f"step {at}"
