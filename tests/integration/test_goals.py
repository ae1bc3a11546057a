"""Goals of the stewards reach agents; what serves none is flagged, and nothing is silenced."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from peer import handlers
from peer.mailbox import Mailbox
from peer.stewards.aims import goal_rows, remembered
from peer.stewards.charters import add_goal, at_desk, retire_goal
from peer.tick.aims import unflag
from protocol import limits
from protocol.charter import Charter, Goal
from protocol.effect import Effect
from protocol.errors import NotFoundError, UsageError
from protocol.messages import Announcement
from tests.network import CLUSTER, Network, settled

ONLY_SCOUT = f"scout@{CLUSTER}"


@pytest.fixture
def network() -> Network:
    return settled("core", "scout", "librarian")


def aims(network: Network, *ids: str, scope: str = "*") -> None:
    """The stewards set these goals, and everybody hears of it."""
    for id in ids:
        add_goal(network.desk, scope, id, f"Do {id}.")
    network.round()


def announce(network: Network, text: str, *serves: str, author: str = "core") -> str:
    sent = network.send(author, "all", Announcement(text=text, topics=("work",), serves=serves))
    return sent.ids[0]


def flags(network: Network, name: str = "scout") -> list[tuple[str, str]]:
    """(level, text) of what a peer tells of announcements."""
    found = network.peers[name].home.concerns.all()
    return [(one.level, one.text) for one in found if "announced" in one.text]


def shown(network: Network, name: str = "scout") -> dict[str, str | None]:
    """text → flag, as the feed of a peer has it."""
    peer = network.peers[name]
    rows = Mailbox(peer.home, peer.identity).feed(None, 50)
    return {row["text"]: row["flag"] for row in rows}


def test_handlers_see_the_goals_in_force(monkeypatch: pytest.MonkeyPatch, network: Network) -> None:
    seen: list[tuple[Sequence[Goal], Sequence[Goal]]] = []

    def look(received: handlers.Received, view: handlers.View) -> list[Effect]:
        seen.append((view.goals, view.goals_of(received.item.head.author)))
        return []

    monkeypatch.setitem(handlers.HANDLERS, "note", look)
    add_goal(network.desk, "*", "wide", "Do wide.")
    add_goal(network.desk, ONLY_SCOUT, "narrow", "Do narrow.")
    retire_goal(network.desk, "*", "wide", "enough")
    add_goal(network.desk, "*", "other", "Do other.")
    network.send("core", "scout", "look")
    network.round()
    wide, narrow = Goal(id="other", text="Do other."), Goal(id="narrow", text="Do narrow.")
    assert seen == [((wide, narrow), (wide,))]


def test_what_serves_no_goal_is_told_once_and_not_silenced(network: Network) -> None:
    """GOAL-1: neither kept back nor forgotten; a human is told who announced what."""
    aims(network, "clean")
    announce(network, "I serve it", "clean")
    announce(network, "I draw\na logo")
    announce(network, "I guess", "cleen")
    announce(network, "I do both", "clean", "cleen")
    network.round(3)
    assert sorted(flags(network)) == [
        ("info", f"core@{CLUSTER} announced what names an unknown goal (cleen): I do both"),
        ("info", f"core@{CLUSTER} announced what serves no goal (cleen): I guess"),
        ("info", f"core@{CLUSTER} announced what serves no goal: I draw a logo"),
    ]
    (mend,) = {c.mend.split("`")[3] for c in network.peers["scout"].home.concerns.all()}
    assert mend == "peer goal add ID TEXT"
    everything = {"I serve it", "I draw\na logo", "I guess", "I do both"}
    assert {text.partition(": ")[2] for text in network.acted("scout")} == everything
    assert len(network.peers["scout"].home.knowledge.about(["work"], 9)) == 0, "no insights"
    assert shown(network) == shown(network, "core") == {
        "I serve it": None, "I draw\na logo": "no-goal", "I guess": "no-goal",
        "I do both": "unknown-goal",
    }  # fmt: skip


def test_without_goals_nothing_is_flagged(network: Network) -> None:
    """GOAL-2: also where there were goals once."""
    announce(network, "before", "nothing")
    network.round()
    assert (flags(network), shown(network)) == ([], {"before": None})
    aims(network, "clean")
    retire_goal(network.desk, "*", "clean", "")
    network.round()
    announce(network, "after")
    network.round()
    assert flags(network) == []
    assert set(shown(network).values()) == {None}


def test_an_announcement_is_measured_by_the_goals_for_its_author(network: Network) -> None:
    """GOAL-2: scout's own goal binds scout, whoever reads; core's readers hold it to none."""
    aims(network, "narrow", scope=ONLY_SCOUT)
    announce(network, "mine", "narrow", author="scout")
    announce(network, "free", author="core")
    announce(network, "odd", author="scout")
    network.round(2)
    for reader in ("core", "librarian"):
        assert [text for _, text in flags(network, reader)] == [
            f"{ONLY_SCOUT} announced what serves no goal: odd"
        ]
        assert shown(network, reader) == {"mine": None, "free": None, "odd": "no-goal"}


def test_who_is_told_is_told_that_it_is_over_where_a_goal_explains_it(network: Network) -> None:
    aims(network, "clean")
    announce(network, "I do dry", "dry")
    announce(network, "I do nothing")
    network.round(2)
    assert len(flags(network)) == 2
    aims(network, "dry")
    assert [text.rpartition(": ")[2] for _, text in flags(network)] == ["I do nothing"]
    retire_goal(network.desk, "*", "dry", "")
    retire_goal(network.desk, "*", "clean", "")
    network.round(2)
    assert flags(network) == []


def test_what_else_is_told_of_items_stays_when_goals_change(network: Network) -> None:
    peer = network.peers["scout"]
    letter = network.send("core", "scout", "a note").ids[0]
    network.round(2)
    with peer.home.transaction():
        for key in (f"item:core@{CLUSTER}:{letter}", f"item:core@{CLUSTER}:{'z' * 26}", "other"):
            peer.home.concerns.open(key, "warn", "told", "mend", network.clock.wall_ms())
    aims(network, "clean")
    assert sum(concern.text == "told" for concern in peer.home.concerns.all()) == 3


def test_where_goals_stand_nothing_is_written(network: Network) -> None:
    aims(network, "clean")
    peer = network.peers["scout"]
    before = peer.home.db._connection.total_changes
    unflag(peer)
    assert peer.home.db._connection.total_changes == before


def test_a_goal_of_a_wider_charter_says_what_an_id_means(network: Network) -> None:
    add_goal(network.desk, CLUSTER, "a", "Here.")
    add_goal(network.desk, "*", "a", "Everywhere.")
    add_goal(network.desk, "other", "b", "There.")
    add_goal(network.desk, "us", "b", "Over there.")
    network.round()
    home = network.peers["core"].home
    every = [(row["scope"], row["text"]) for row in goal_rows(remembered(home, network.network))]
    assert every == [("*", "Everywhere."), ("other", "There."), ("us", "Over there.")]
    mine = remembered(home, network.network, network.peers["core"].address)
    assert [one.scope for one in mine] == ["*", CLUSTER]
    assert [row["scope"] for row in goal_rows(mine, everything=True)] == ["*", CLUSTER]
    assert list(remembered(home, network.network)) == at_desk(network.desk)


def test_goals_are_versions_of_the_charter_and_ids_stand_for_one_goal(network: Network) -> None:
    desk = network.desk
    charter, changed = add_goal(desk, "*", "a", "A.")
    assert (charter.version, changed) == (2, True)
    assert add_goal(desk, "*", "a", "A.") == (charter, False)
    with pytest.raises(UsageError, match="another id"):
        add_goal(desk, "*", "a", "B.")
    over, changed = retire_goal(desk, "*", "a", "done")
    assert over.goals == (Goal(id="a", text="A.", state="retired", because="done"),)
    assert retire_goal(desk, "*", "a", "") == (over, False)
    with pytest.raises(UsageError, match="another id"):
        add_goal(desk, "*", "a", "B.")
    again, changed = add_goal(desk, "*", "a", "A.")
    assert (again.goals, again.version, changed) == ((Goal(id="a", text="A."),), 4, True)
    with pytest.raises(NotFoundError):
        retire_goal(desk, "*", "b", "")
    with pytest.raises(NotFoundError):
        retire_goal(desk, "eu", "a", "")


def test_a_charter_has_so_many_goals_and_so_many_bytes(network: Network) -> None:
    goals = tuple(Goal(id=f"g{n}", text="x") for n in range(limits.goals_max))
    newest = max(network.desk.documents("soma/charter/1"), key=lambda one: one.number)
    network.desk.sign(
        Charter(network=network.network, version=2, prev=newest.digest, at=0, goals=goals)
    )
    with pytest.raises(UsageError, match="at most 100 goals"):
        add_goal(network.desk, "*", "more", "x")
    long = tuple(Goal(id=f"g{n}", text="x" * limits.text_chars_max) for n in range(15))
    network.desk.sign(Charter(network=network.network, scope="eu", version=1, at=0, goals=long))
    add_goal(network.desk, "eu", "last", "x" * limits.text_chars_max)
    with pytest.raises(UsageError, match="shorten its texts"):
        add_goal(network.desk, "eu", "over", "x" * limits.text_chars_max)
