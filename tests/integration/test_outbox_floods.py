"""PAGE-17: whatever fills a member's outbox, a reader's tick stays bounded, and works it off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from peer.home import quarantine
from peer.tick import collect, own
from protocol import documents
from protocol.errors import RuleError
from protocol.heartbeat import FeedHead, open_heartbeat
from registry import layout, outbox
from tests.network import Network, denied, insight, settled


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that 100 files are a flood."""
    monkeypatch.setattr(collect, "vain_max", 20)
    monkeypatch.setattr(collect, "turn_max", 5)


def flood(network: Network, count: int, to: str | None = None, epoch8: str = "") -> list[str]:
    """So many pages that core signed with its own key, each in a place where it does not belong."""
    epoch8 = epoch8 or network.peers["core"].home.state.epoch[:8]
    nodes = network.memory.nodes("peers/core/outbox/" + ("feed" if to is None else f"mail/{to}"))
    for seq in range(2, count + 2):
        _, data, _ = network.page("core", "all", [], seq=seq + 5_000, prev="0" * 64)
        nodes[f"{epoch8}.{seq}.page"] = data
    return [name for name in nodes if name.startswith(epoch8)]


def announce(network: Network, seq: int) -> None:
    """Core says, truly signed, that its feed reaches to page `seq`."""
    core, path = network.peers["core"], layout.heartbeat("core")
    beat = open_heartbeat(network.data(path), core.identity.network, core.address)
    head = FeedHead(epoch=core.home.state.epoch, seq=seq, hash="f" * 64)
    network.memory.place(path, documents.seal(replace(beat, seq=999, feed=head), core.signer))


def looks(network: Network, folder: str = "peers/core/outbox/") -> list[str]:
    """What a tick of scout reads in core's outbox."""
    calls = network.calls("scout", lambda: network.tick_here("scout"))
    return [path for op, path in calls if op == "read" and path.startswith(folder)]


def test_a_flooded_feed_costs_a_bound_and_hides_no_true_page() -> None:
    """PAGE-17: names that nothing told of: the true page is read at once, all others in turn."""
    network = settled()
    network.send("core", "all", insight("true"))
    network.tick("core")
    flood(network, 100, epoch8="aaaaaaaa")
    read = looks(network)
    assert network.acted("scout") == ["core: true"]
    assert len(read) == 1 + 5
    network.send("core", "all", insight("more"))
    told = network.tick("scout").problems
    assert any("files wait for their turn" in problem for problem in told), told
    for _ in range(20):
        assert len(looks(network)) <= 5
    files = {file for _, file in network.caught("scout")}
    assert len(files) == 100, "each had its turn"
    assert network.peers["scout"].home.journal.damaged("core@lab.eu") == []


def test_a_feed_of_bad_pages_that_its_author_announced_is_worked_off() -> None:
    """PAGE-17: some at each tick, then a few of those known bad; what is mended comes through."""
    network = settled()
    network.send("core", "all", insight("first"))
    network.round(1)
    announce(network, 101)
    flood(network, 100)
    costs = [len(looks(network)) for _ in range(6)]
    assert costs == [20, 25, 25, 25, 25, 5]
    assert len(network.rules("scout")) == 1
    assert len(network.caught("scout")) == 100
    core = network.peers["core"]
    name, data, _ = network.page("core", "all", ["mended"], seq=77, prev="1" * 64)
    network.memory.place(outbox.path(None, name), data)
    for _ in range(20):
        assert len(looks(network)) <= 6
    assert network.peers["scout"].home.journal.holds(core.address, "all", [(name[1], 77)])


def test_a_flood_in_the_mail_for_one_hides_no_letter() -> None:
    """PAGE-17: in the author's own epoch and far beyond what can be under way, and in others."""
    network = settled()
    network.send("core", "scout", "true", denied(f"{layout.inbox('scout')}/*", "place"))
    for epoch8 in ("", "aaaaaaaa"):
        flood(network, 60, "scout", epoch8)
    assert len(looks(network)) <= 16 + 5
    assert network.acted("scout") == ["core: true"]
    for _ in range(20):
        assert len(looks(network)) <= 20 + 2 * 5


def test_reading_one_outbox_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-17: on a slow drive the rest waits, and another author's page is read all the same."""
    network = settled("core", "scout", "smith")
    for number in range(3):
        network.send("core", "all", insight(f"{number}"))
    network.send("smith", "all", insight("here"))
    monkeypatch.setattr(collect, "looks_max", 2)
    told = network.tick("scout").problems
    assert network.acted("scout") == ["core: 0", "core: 1", "smith: here"]
    assert (
        "peers/core/outbox/feed is crowded; new pages are read before others, and 1 files"
        in (told[0])
    )
    monkeypatch.setattr(collect, "outbox_ms_max", 0)
    network.tick("scout")
    assert len(network.acted("scout")) == 3
    monkeypatch.undo()
    assert not network.tick("scout").problems
    assert network.acted("scout") == ["core: 0", "core: 1", "core: 2", "smith: here"]


def test_what_is_remembered_of_bad_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-17: also where ever new ones lie there."""
    monkeypatch.setattr(collect, "damaged_max", 30)
    network = settled()
    network.send("core", "all", insight("first"))
    network.round(1)
    announce(network, 1_000)
    journal = network.peers["scout"].home.journal
    flood(network, 100)
    for _ in range(8):
        network.tick("scout")
    assert 30 <= len(journal.damaged("core@lab.eu")) < 30 + 25
    for _ in range(6):
        assert len(looks(network)) <= 20 + 5
    assert len(network.caught("scout")) == 100, "all had their turn nevertheless"
    nodes = network.memory.nodes("peers/core/outbox/feed")
    for name in [*nodes]:
        del nodes[name]
    _, data, _ = network.page("core", "all", [], seq=5, prev="0" * 64)
    epoch8 = network.peers["core"].home.state.epoch[:8]
    nodes.update({f"{epoch8}.{seq}.page": data for seq in range(700, 710)})
    network.tick("scout")
    network.tick("scout")
    assert {seq for _, _, seq in journal.damaged("core@lab.eu")} == {*range(700, 710)}


def test_a_flood_by_one_pushes_out_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-15: in the quarantine whoever has most makes room; strangers count as one."""
    monkeypatch.setattr(quarantine, "entries_max", 40)
    monkeypatch.setattr(quarantine, "trimmed_every", 10)
    network = settled("core", "scout", "smith")
    store = network.peers["scout"].home.quarantine
    with network.peers["scout"].home.transaction():
        for number in range(6):
            rule = RuleError("PAGE-8", "by smith")
            store.add(f"peers/smith/{number}", b"x", rule, 1, "smith@lab.eu")
    network.send("core", "all", insight("first"))
    network.round(1)
    announce(network, 101)
    flood(network, 100)
    nodes = network.memory.nodes(layout.inbox("scout"))
    nodes.update({f"nobody{n}.abcdefgh.1.page": b"{}" for n in range(100)})
    for _ in range(9):
        network.tick("scout")
    kept = [caught.author for caught in store.all()]
    assert len(kept) == 40
    assert kept.count("smith@lab.eu") == 6
    assert kept.count("core@lab.eu") == 17
    assert sum(str(author).startswith("nobody") for author in kept) == 17


def test_the_bytes_of_others_stay_in_a_flood_of_large_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PAGE-15: the bound on bytes is shared out, too."""
    monkeypatch.setattr(quarantine, "kept_bytes_max", 1_000)
    network = settled("core", "scout", "smith")
    home = network.peers["scout"].home
    rule = RuleError("PAGE-8", "large")
    with home.transaction():
        home.quarantine.add("smith's", b"s" * 200, rule, 1, "smith@lab.eu")
        for number in range(50):
            home.quarantine.add(f"core's {number}", b"%100d" % number, rule, 1, "core@lab.eu")
        home.quarantine.trim(1)
    kept = {caught.file for caught in home.quarantine.all() if caught.data}
    assert kept == {"smith's", *(f"core's {number}" for number in range(42, 50))}


def test_of_too_many_files_to_look_at_again_the_bound_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PAGE-14: a flood of one tick costs only what is beyond the bound its second look."""
    monkeypatch.setattr(quarantine, "unripe_max", 20)
    network = settled()
    home = network.peers["scout"].home
    with home.transaction():
        for number in range(50):
            assert not home.quarantine.ripe(f"{number}", b"%d" % number, 7)
        assert not home.quarantine.ripe("later", b"x", 8)
        home.quarantine.trim(8)
        rows = [row[0] for row in home.db.read("SELECT file FROM unripe")]
        assert len(rows) == 20
        assert "later" in rows
        [old] = [name for name in rows if name != "later"][:1]
        assert home.quarantine.ripe(old, old.encode(), 9)


@pytest.mark.parametrize("seq", [2, 300])
def test_a_crowd_beyond_my_counter_costs_a_bound_and_hides_no_twin(
    seq: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EPOCH-2: in the inbox of a member that never sends a receipt; a twin is found in turn."""
    monkeypatch.setattr(own, "suspects_max", 10)
    network = settled()
    network.send("scout", "core", "one")
    [letter] = network.files(layout.inbox("core"))
    nodes = network.memory.nodes(layout.inbox("core"))
    stem = letter.rpartition("/")[2].removesuffix(".1.page")
    nodes.update({f"{stem}.{n}.page": b"{}%d" % n for n in range(2, 400)})
    for _ in range(3):
        assert len(looks(network, layout.inbox("core"))) == 20
    name, data, _ = network.page("scout", "core", seq=seq, prev="0" * 64)
    network.drop("core", name, data)
    ticks = 1
    while network.tick("scout").state != "parked":
        ticks += 1
        assert ticks <= 39
    assert ticks == 1 or seq == 300
