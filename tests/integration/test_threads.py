"""Conversations: both sides, in order, with depth, whatever somebody claims."""

from __future__ import annotations

from peer.letters import reply
from peer.mailbox import Mailbox
from protocol.messages import stored_item
from tests.network import Network, settled


def shown(network: Network, name: str, id_: str) -> list[tuple[str, int]]:
    """(text, level) of the thread of an item."""
    peer = network.peers[name]
    rows = Mailbox(peer.home, peer.identity).thread(peer.home.mail.get(id_))
    return [(row["text"], row["level"]) for row in rows]


def newest(network: Network, name: str) -> str:
    return network.letters(name)[-1].id


def test_both_sides_see_the_conversation_in_order_with_depth() -> None:
    network = settled()
    (first,) = network.send("core", "scout", "first").ids
    network.round(2)
    (answer,) = reply(network.peers["scout"], first, "answer").ids
    network.round(2)
    reply(network.peers["core"], answer, "thanks")
    network.send("core", "scout", "by the way", re=first, thread=first)
    network.round(2)
    told = [("first", 0), ("answer", 1), ("thanks", 2), ("by the way", 1)]
    for name in ("core", "scout"):
        for start in (first, answer, newest(network, name)):
            assert shown(network, name, start) == told


def test_an_answer_that_names_no_thread_belongs_to_that_of_what_it_answers() -> None:
    """Another program may set `re` alone."""
    network = settled()
    (first,) = network.send("core", "scout", "first").ids
    (second,) = network.send("core", "scout", "second", re=first, thread=first).ids
    network.round(1)
    (third,) = network.send("scout", "core", "third", re=second).ids
    network.round(1)
    (fourth,) = network.send("core", "scout", "fourth", re=third, thread=third).ids
    network.round(2)
    told = [("first", 0), ("second", 1), ("third", 2), ("fourth", 3)]
    for start in (first, second, third, fourth):
        assert shown(network, "core", start) == told


def test_an_answer_to_something_unknown_stands_alone_and_says_so() -> None:
    network = settled()
    (orphan,) = network.send("core", "scout", "about that", re="a" * 26, thread="a" * 26).ids
    network.send("core", "scout", "and again", re=orphan, thread="a" * 26)
    network.round(2)
    scout = network.peers["scout"]
    rows = Mailbox(scout.home, scout.identity).thread(scout.home.mail.get(orphan))
    assert [(r["text"], r["level"], r["orphan"]) for r in rows] == [
        ("about that", 0, True), ("and again", 1, False),
    ]  # fmt: skip


def test_threads_that_claim_each_other_end() -> None:
    """No honest program can make a loop of hashes, but a home must not hang if it held one."""
    network = settled()
    (one,) = network.send("core", "scout", "one").ids
    (two,) = network.send("core", "scout", "two").ids
    home = network.peers["core"].home
    with home.transaction():
        home.db.write("UPDATE item SET thread = ? WHERE id = ?", two, one)
        home.db.write("UPDATE item SET thread = ? WHERE id = ?", one, two)
    for start in (one, two):
        assert sorted(shown(network, "core", start)) == [("one", 0), ("two", 0)]


def test_a_ring_of_answers_would_be_shown_all_the_same() -> None:
    network = settled()
    home = network.peers["core"].home
    with home.transaction():
        for id_, about in (("a" * 26, "b" * 26), ("b" * 26, "a" * 26)):
            item = stored_item(network.item("core", id_[0], re=about, thread="a" * 26), True)
            home.outgoing.add([item], "scout@lab.eu", 0)
            home.db.write("UPDATE item SET id = ? WHERE id = ?", id_, item.id)
    assert sorted(shown(network, "core", "aaaa")) == [("a", 0), ("b", 0)]


def test_a_very_long_conversation_is_shown_whole() -> None:
    network = settled()
    home = network.peers["core"].home
    (first,) = network.send("core", "scout", "0").ids
    previous = first
    with home.transaction():
        for number in range(1, 3_000):
            data = network.item("core", str(number), re=previous, thread=first)
            item = stored_item(data, understood=True)
            home.outgoing.add([item], "scout@lab.eu", 0)
            previous = item.id
    told = shown(network, "core", previous)
    assert told == [(str(number), number) for number in range(3_000)]
