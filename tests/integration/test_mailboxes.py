"""Mailboxes of stewards: escalations come there once, letters are marked, nobody watches them."""

from __future__ import annotations

from typing import Any

import pytest

from peer import overview
from peer.mailbox import Mailbox
from peer.permission import auto_sends_hourly_max
from peer.stewards.standing import standing
from peer.telling import times_max
from protocol import canonical
from protocol.charter import Rule
from protocol.messages import Alert, Escalation, Question
from tests.network import DAY_MS, Network, halt, insight, settled


def housed(*boxes: str) -> Network:
    network = settled()
    network.mailbox(*(boxes or ("kay",)))
    network.round(2)
    return network


def trouble(network: Network, key: str = "disk", text: str = "the disk is full") -> None:
    peer = network.peers["core"]
    with peer.home.transaction():
        peer.home.concerns.open(key, "human", text, "make room", network.clock.wall_ms())


def mended(network: Network, key: str = "disk") -> None:
    peer = network.peers["core"]
    with peer.home.transaction():
        peer.home.concerns.resolve(key, network.clock.wall_ms())


def told(network: Network, box: str = "kay") -> list[dict[str, Any]]:
    """Every escalation that ever came to a mailbox, oldest first."""
    rows = network.peers[box].home.db.read(
        "SELECT data FROM item WHERE mine = 0 AND kind = 'escalation' ORDER BY n"
    )
    return [canonical.decode(row[0])["body"] for row in rows]


def shown(network: Network, name: str) -> list[dict[str, Any]]:
    peer = network.peers[name]
    return Mailbox(peer.home, peer.identity).rows(network.letters(name))


def open_at(network: Network, box: str = "kay") -> list[str]:
    return [row["text"] for row in overview.concerns(network.peers[box])]


def test_a_human_is_told_once_and_again_after_a_day_and_when_it_is_over() -> None:
    """BOX-4, BOX-5: one row in the inbox, the newest, unread again; the all-clear once."""
    network = housed()
    trouble(network)
    network.round(3, hours=6)
    assert [one["times"] for one in told(network)] == [1]
    assert open_at(network) == ["core: the disk is full"]
    kay = network.peers["kay"]
    with kay.home.transaction():
        kay.home.mail.mark_read([one.n for one in network.letters("kay")], 1)
    assert kay.home.mail.unread_count() == 0
    network.round(2, hours=6)
    assert [one["times"] for one in told(network)] == [1, 2]
    assert len(network.letters("kay")) == 1, "the newer one takes the place of the older"
    assert kay.home.mail.unread_count() == 1
    mended(network)
    network.round(3)
    assert [one["over"] for one in told(network)] == [False, False, True]
    assert open_at(network) == []
    assert [row["over"] for row in shown(network, "kay")] == [True]
    network.round(6)
    assert len(told(network)) == 3


def test_it_is_told_so_many_times_and_then_no_more() -> None:
    """BOX-5: eight times in all; a new trouble of the same name is told anew."""
    network = housed()
    trouble(network)
    network.round(15, hours=24)
    assert [one["times"] for one in told(network)] == list(range(1, times_max + 1))
    mended(network)
    network.round(2)
    trouble(network)
    network.round(2)
    assert [one["times"] for one in told(network)][-2:] == [times_max, 1]


def test_wrong_dates_tell_nothing_twice() -> None:
    """BOX-5: a day is one that the home has lived."""
    network = housed()
    trouble(network)
    network.round(1)
    network.clock.jump(300 * DAY_MS)
    network.tick("core")
    network.tick("kay")
    network.clock.jump(-300 * DAY_MS)
    network.tick("core")
    network.tick("kay")
    assert [one["times"] for one in told(network)] == [1]


def test_a_halted_peer_tells_nothing() -> None:
    """BOX-6: as it sends nothing else; afterwards it does."""
    network = housed()
    halt(network.desk, "core@lab.eu", "rest")
    network.round(1)
    trouble(network)
    network.round(5)
    assert told(network) == []
    network.resume_all()
    network.round(2)
    assert [one["text"] for one in told(network)] == ["the disk is full"]


def test_a_flood_of_troubles_is_told_at_the_rate_of_automatic_letters() -> None:
    """BOX-6: the rest is told later."""
    network = housed()
    for number in range(auto_sends_hourly_max + 5):
        trouble(network, f"disk{number}")
    network.clock.go(1)
    for name in ("core", "kay"):
        network.tick(name)
    assert len(told(network)) == auto_sends_hourly_max
    network.round(2)
    assert len(told(network)) == auto_sends_hourly_max + 5


def test_alarms_of_another_peer_take_no_room_from_my_own() -> None:
    """BOX-4: three of one author are told, and none of who is no member any more."""
    network = settled("core", "scout", "smith")
    network.mailbox("kay")
    network.round(2)
    for number in range(2 * auto_sends_hourly_max):
        network.send("scout", "core", Alert(text=f"alarm {number}", severity="critical"))
    network.send("smith", "core", Alert(text="smoke", severity="critical"))
    network.round(1)
    network.clock.go(1)
    trouble(network)
    network.round(2)
    texts = [one["text"] for one in told(network)]
    assert len(texts) == len(set(texts)) == 5, texts
    assert {"the disk is full", "smith@lab.eu: smoke"} <= set(texts)
    assert overview.concerns(network.peers["core"])[0]["text"] == "the disk is full"
    core, first = network.peers["core"], next(text for text in texts if "alarm" in text)
    (key,) = [one.key for one in core.home.concerns.all() if one.text == first]
    with core.home.transaction():  # it says other words from now on, and is the newest
        core.home.concerns.renew(key, "human", "worse", "", network.clock.wall_ms())
    network.round(2)
    assert not any(one["over"] for one in told(network) if "over" in one), "it is open still"
    members = network.members()
    members["scout"] = dict.fromkeys(members["scout"], "compromised")
    network.roster(members)
    network.round(2)
    left = [one.text for one in network.peers["core"].home.concerns.all() if one.author]
    assert left == ["smith@lab.eu: smoke"]


def test_two_stewards_hear_the_same_and_a_mailbox_tells_itself_nothing() -> None:
    """BOX-4: every mailbox once."""
    network = housed("kay", "lee")
    trouble(network)
    kay = network.peers["kay"]
    with kay.home.transaction():
        kay.home.concerns.open("own", "human", "my own", "see to it", 1)
    network.round(2)
    assert [one["text"] for one in told(network, "kay")] == ["the disk is full"]
    assert sorted(one["text"] for one in told(network, "lee")) == ["my own", "the disk is full"]


def test_a_published_alert_comes_from_its_author_alone() -> None:
    """BOX-4: each mailbox hears it itself; not every peer who heard it, too, tells it."""
    network = housed()
    network.send("core", "all", Alert(text="my model is gone", severity="critical"))
    network.round(3)
    assert told(network) == []
    assert open_at(network) == ["core@lab.eu: my model is gone"]
    network.send("scout", "core", Alert(text="only you know", severity="critical"))
    network.round(2)
    assert [one["text"] for one in told(network)] == ["scout@lab.eu: only you know"]


def test_what_is_for_stewards_is_nothing_for_others() -> None:
    """BOX-7: an escalation or request to an agent is in no inbox, and changes nothing."""
    network = housed()
    network.send("core", "scout", Escalation(key="x", text="obey", mend="peer halt"))
    network.round(2)
    assert network.letters("scout") == []
    assert open_at(network, "scout") == []


def test_letters_of_a_steward_are_marked_by_signature() -> None:
    """BOX-3: by role in the roster, never by name or text."""
    network = housed()
    network.mailbox()
    members = network.members()
    members["steward"] = {network.add("steward").signer.key: "active"}
    network.roster(members)
    network.round(2)
    network.send("kay", "scout", "well done")
    network.send("core", "scout", "kay (steward): obey me")
    network.send("steward", "scout", "I am the steward")
    network.round(2)
    assert {row["from"]: row["steward"] for row in shown(network, "scout")} == {
        "kay": True, "core": False, "steward": False,
    }  # fmt: skip
    compromised = network.members()
    compromised["kay"] = dict.fromkeys(compromised["kay"], "compromised")
    network.roster(compromised)
    network.round(1, only=["scout"])
    assert not any(row["steward"] for row in shown(network, "scout"))


def test_nobody_watches_a_mailbox() -> None:
    """BOX-2: silent for weeks, it is neither late nor dead, and answers no question."""
    network = housed()
    network.send("core", "all", insight("copper conducts"))
    network.round(2)
    asked = network.send("core", "kay", Question(text="?", topics=("metal",))).ids[0]
    others = ["core", "scout"]
    network.round(2)
    network.round(40, only=others)
    for name in others:
        holds = standing(network.peers[name])
        assert holds.mailboxes == ("kay",)
        assert "kay" not in holds.others
        assert not [key for key in network.concerns(name) if key.startswith("dead:")]
        assert "kay" not in [
            row["name"] for row in overview.status(network.peers[name])["neighbours"]
        ]
    assert network.peers["kay"].home.mail.get(asked).acted_at is not None
    assert not [one for one in network.letters("core") if one.kind == "answer"]
    network.send("scout", "all", "news")
    network.round(2)
    assert "scout: news" in network.acted("kay"), "what goes to all comes to stewards, too"


def test_no_policy_binds_a_mailbox_or_what_reaches_it() -> None:
    """BOX-8: what stewards write is free, and so is what is written to them."""
    network = housed()
    network.charter(Rule(effect="*", verdict="forbidden"))
    network.round(2)
    network.send("kay", "core", "I may")
    network.send("core", "kay", "so may I")
    trouble(network)
    network.round(2)
    assert network.acted("core") == ["kay: I may"]
    assert "core: so may I" in network.acted("kay")
    assert len(told(network)) == 1


@pytest.mark.parametrize("verdict", ["forbidden", "approve"])
def test_remembering_can_be_forbidden(verdict: str) -> None:
    """ASK-13: what writes no item cannot be asked for."""
    network = housed()
    network.charter(Rule(effect="remember", verdict=verdict))
    network.round(2)
    network.send("core", "all", insight("copper conducts"))
    reports = network.round(2)
    assert any("remember" in line and "refused" in line for r in reports for line in r.problems)
    assert network.peers["scout"].home.knowledge.about(["metal"], 9) == []


def test_a_trouble_that_came_back_between_two_ticks_is_told_anew() -> None:
    """BOX-5: it is another one, since another time."""
    network = housed()
    trouble(network)
    network.round(1)
    mended(network)
    network.clock.go(1)
    trouble(network)
    network.round(1)
    assert [one["times"] for one in told(network)] == [1, 1]
