"""Streams: numbered, hash-chained pages, taken in any order, acted on in theirs."""

from __future__ import annotations

import pytest

from peer import handlers
from protocol import canonical
from protocol.heartbeat import FeedHead
from protocol.page import prove_double_use
from registry import layout
from tests.network import Network, insight, settled


def _forge_beat(network: Network, name: str, **members: object) -> None:
    """A heartbeat signed by its author that says something else."""
    from dataclasses import replace

    from peer.tick.beat import compose
    from protocol import documents

    peer = network.peers[name]
    with peer.home.transaction():
        seq = peer.home.state.number("beat_seq") + 1
        peer.home.state.put("beat_seq", seq)
    beat = replace(compose(peer, "idle", seq, False), **members)  # type: ignore[arg-type]
    network.memory.place(layout.heartbeat(name), documents.seal(beat, peer.signer))


def _double(network: Network) -> None:
    """Core signs two pages 1 to scout; both arrive, one after the other."""
    for text in ("to be", "not to be"):
        name, data, _ = network.page("core", "scout", [text])
        network.drop("scout", name, data)
        network.tick("scout")


def test_two_pages_at_one_position_freeze_the_stream_and_are_proof() -> None:
    """STREAM-1: frozen, both headers kept, a person told; anybody can check the proof."""
    network = settled()
    _double(network)
    scout, core = network.peers["scout"], network.peers["core"]
    assert network.acted("scout") == ["core: to be"]
    assert network.concerns("scout") == [f"frozen:{core.address}:{core.home.state.epoch}"]
    [(_, kind, by, _)] = scout.home.proofs.of(core.address)
    assert (kind, by) == ("double-use", core.signer.key)
    row = scout.home.db.one("SELECT data FROM evidence WHERE about = ?", core.address)
    assert row is not None
    first, second = row[0].split(b"\n")
    proof = prove_double_use(first, second, network.network)
    assert (proof.seq, proof.stream.author) == (1, core.address)


def test_nothing_more_is_taken_from_a_frozen_stream() -> None:
    """STREAM-7, RCPT-11: later pages count as received, are refused, and act on nothing."""
    network = settled()
    _, _, first = network.page("core", "scout", ["to be"])
    _double(network)
    name, data, _ = network.page("core", "scout", ["later"], seq=2, prev=first)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.acted("scout") == ["core: to be"]
    line = network.receipt("scout", "core")["streams"][0]
    assert line["received"] == 2
    assert {"seq": 2, "rule": "STREAM-1"} in line["refused"]


def test_only_the_stream_is_frozen() -> None:
    """STREAM-1: other streams of the same author, and other authors, go on."""
    network = settled("core", "scout", "smith")
    _double(network)
    network.send("core", "all", insight("still published"))
    network.send("core", "smith", "still a letter")
    network.send("smith", "scout", "hello")
    network.round(2)
    assert network.acted("scout") == [
        "core: still published",
        "core: to be",
        "smith: hello",
    ]
    assert network.acted("smith") == ["core: still a letter", "core: still published"]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_page_that_does_not_name_the_one_before_is_refused(order: tuple[int, int]) -> None:
    """STREAM-2, RCPT-11: seen from the page before and from the page after."""
    network = settled()
    pages = {
        1: network.page("core", "scout", ["one"]),
        2: network.page("core", "scout", ["two"], seq=2, prev="0" * 64),
    }
    for number in order:
        name, data, _ = pages[number]
        network.drop("scout", name, data)
        network.tick("scout")
    kept, refused = order
    words = {1: "one", 2: "two"}
    assert network.acted("scout") == [f"core: {words[kept]}"]
    line = network.receipt("scout", "core")["streams"][0]
    # Where the link to the page before is broken either of the two may be the forked one.
    told = [1, 2] if refused == 2 else [1]
    assert line["refused"] == [{"seq": seq, "rule": "STREAM-2"} for seq in told]
    assert line["received"] == 2
    assert any(key.startswith("frozen:core@") for key in network.concerns("scout"))


def test_the_author_of_a_refused_page_is_told() -> None:
    """RCPT-11: the receipt names seq and rule; a person at the author's hears of it."""
    network = settled()
    _double(network)
    network.send("core", "scout", "refused with the rest of the stream")
    network.round(3)
    refused = network.receipt("scout", "core")["streams"][0]["refused"]
    assert {"seq": 1, "rule": "STREAM-1"} in refused
    told = [key for key in network.concerns("core") if key.startswith(("refused:", "claim:"))]
    assert told
    assert network.acted("scout") == ["core: to be"]
    network.repair("core")
    network.round(4)
    assert network.acted("scout") == ["core: refused with the rest of the stream", "core: to be"]
    assert network.open_pages("core", "scout") == 0


@pytest.mark.parametrize("order", ["31425", "54321", "24135", "12345"])
def test_pages_arrive_in_any_order_and_are_acted_on_in_theirs(order: str) -> None:
    """STREAM-5, RCPT-5: nothing is acted on beyond a hole, everything once the hole is filled."""
    network = settled()
    pages, before = {}, None
    for number in range(1, 6):
        pages[number] = network.page(
            "core", "scout", [f"{number}a", f"{number}b"], seq=number, prev=before
        )
        before = pages[number][2]
    there: set[int] = set()
    for number in map(int, order):
        name, data, _ = pages[number]
        network.drop("scout", name, data)
        network.tick("scout")
        there.add(number)
        reach = next(n for n in range(6) if n + 1 not in there)
        line = network.receipt("scout", "core")["streams"][0]
        assert line["received"] == line["acted"] == reach
        assert line.get("head") == (pages[reach][2] if reach else None)
        have = [n for low, high in line.get("have", []) for n in range(low, high + 1)]
        assert set(have) == {n for n in there if n > reach}
        assert len(network.acted("scout")) == 2 * reach


def test_items_are_handled_in_the_order_of_their_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """STREAM-5: five pages of three items, arriving backwards, in one tick."""
    network = settled()
    seen: list[str] = []

    def remember(received: handlers.Received, view: handlers.View) -> list[object]:
        seen.append(canonical.decode(received.item.data)["body"]["text"])
        return []

    monkeypatch.setitem(handlers.HANDLERS, "note", remember)
    pages, before = [], None
    for number in range(1, 6):
        texts = [f"{number}{place}" for place in "abc"]
        pages.append(network.page("core", "scout", texts, seq=number, prev=before))
        before = pages[-1][2]
    for name, data, _ in reversed(pages[1:]):
        network.drop("scout", name, data)
        network.tick("scout")
        assert seen == []
    network.drop("scout", *pages[0][:2])
    network.tick("scout")
    assert seen == [f"{number}{place}" for number in range(1, 6) for place in "abc"]


def test_a_hole_holds_back_only_its_own_stream() -> None:
    """STREAM-5: core's second letter is missing; smith's letters and core's feed are acted on."""
    network = settled("core", "scout", "smith")
    for word in ("one", "two", "three"):
        network.send("core", "scout", word)
    network.send("core", "all", insight("news"))
    network.send("smith", "scout", "hello")
    network.memory.remove(network.files("peers/scout/inbox")[1])
    network.clock.go(1_000)
    network.tick("scout")
    assert network.acted("scout") == ["core: news", "core: one", "smith: hello"]


def test_nobody_waits_below_the_floor() -> None:
    """STREAM-4: an empty page 3 with floor 3 says that 1 and 2 are not offered any more."""
    network = settled()
    name, data, digest = network.page("core", "scout", [], seq=3, prev="a" * 64, floor=3)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.receipt("scout", "core")["streams"][0]["received"] == 3
    name, data, _ = network.page("core", "scout", ["four"], seq=4, prev=digest, floor=3)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.acted("scout") == ["core: four"]


def test_the_floor_never_goes_back() -> None:
    """STREAM-4: a page below the highest verified floor is late, and changes nothing."""
    network = settled()
    _, _, one = network.page("core", "scout", ["one"])
    name, data, _ = network.page("core", "scout", ["five"], seq=5, prev="a" * 64, floor=5)
    network.drop("scout", name, data)
    network.tick("scout")
    late, data, _ = network.page("core", "scout", ["two"], seq=2, prev=one, floor=1)
    network.drop("scout", late, data)
    network.tick("scout")
    assert network.acted("scout") == ["core: five"]
    assert network.receipt("scout", "core")["streams"][0]["received"] == 5
    assert network.concerns("scout") == []


def test_a_feed_shown_differently_to_two_readers_is_frozen() -> None:
    """STREAM-8: the heartbeat's feed head is not the page that one reader holds."""
    network = settled("core", "scout", "smith")
    network.send("core", "all", insight("for scout"))
    network.tick("scout")
    core = network.peers["core"]
    name, data, digest = network.page("core", "all", [network.item("core", insight("for smith"))])
    network.memory.place(f"{layout.feed('core')}/{layout.page_file(name)}", data)
    head = FeedHead(epoch=core.home.state.epoch, seq=1, hash=digest)
    _forge_beat(network, "core", feed=head)
    network.tick("smith")
    network.tick("scout")
    assert network.acted("smith") == ["core: for smith"]
    assert network.acted("scout") == ["core: for scout"]
    assert any(key.startswith("frozen:core@") for key in network.concerns("scout"))
    assert network.peers["scout"].home.proofs.of(core.address)
    assert network.concerns("smith") == []


def test_a_feed_page_that_is_not_the_announced_one_is_refused() -> None:
    """STREAM-8: the head was announced first, and then another page stands at its place."""
    network = settled("core", "scout")
    network.send("core", "all", insight("true"))
    name, data, _ = network.page("core", "all", [network.item("core", insight("other"))])
    network.memory.place(f"{layout.feed('core')}/{layout.page_file(name)}", data)
    network.tick("scout")
    assert network.acted("scout") == []
    assert any(key.startswith("frozen:core@") for key in network.concerns("scout"))


def test_honest_runs_accuse_nobody() -> None:
    """STREAM-1, STREAM-2, STREAM-8: feeds and letters of everybody over many rounds."""
    network = settled("core", "scout", "smith")
    for number in range(30):
        network.send("core", "all", insight(f"{number}"))
        network.send("scout", ["core", "smith"], f"{number}")
        if number % 3 == 0:
            network.round()
    network.round(3)
    for name in network.peers:
        assert network.concerns(name) == []
        assert network.peers[name].home.db.read("SELECT * FROM evidence") == []


def test_a_receipt_says_of_a_feed_only_what_is_damaged() -> None:
    """RCPT-13: received and acted are 0; a damaged page is named until it can be read."""
    network = settled()
    for word in ("one", "two"):
        network.send("core", "all", insight(word))
    good = {path: network.data(path) for path in network.files("peers/core/outbox/feed")}
    broken = network.files("peers/core/outbox/feed")[1]
    network.memory.place(broken, b"x" * len(good[broken]))
    network.tick("scout")
    network.tick("scout")  # the second look
    [line] = [s for s in network.receipt("scout", "core")["streams"] if s["audience"] == "all"]
    assert (line["received"], line["acted"], line["damaged"]) == (0, 0, [2])
    network.round(2)
    assert network.data(broken) == good[broken]
    assert network.acted("scout") == ["core: one", "core: two"]
    network.round(2)
    [line] = [s for s in network.receipt("scout", "core")["streams"] if s["audience"] == "all"]
    assert line.get("damaged", []) == []


def test_a_malicious_author_cannot_disturb_another_stream_by_its_epochs_name() -> None:
    """PAGE-10, STREAM-5: two epochs that begin with the same eight letters are two streams."""
    network = settled()
    epoch = "abcdefgh" + "a" * 18
    twin = "abcdefgh" + "b" * 18
    name, data, _ = network.page("core", "scout", ["first epoch"], epoch=epoch)
    network.drop("scout", name, data)
    network.tick("scout")
    name, data, _ = network.page("core", "scout", ["second epoch"], epoch=twin)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.acted("scout") == ["core: first epoch", "core: second epoch"]
    assert network.concerns("scout") == []
