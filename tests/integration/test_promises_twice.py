"""Promise 2: nothing is done twice, whatever is replayed, duplicated or offered again."""

from __future__ import annotations

import pytest

from peer import handlers
from peer.tick import act
from protocol import canonical
from protocol.effect import Escalate
from protocol.messages import Question
from registry import layout
from registry.faulty import Fault, Killed
from tests.network import CLUSTER, FIVE, DyingDatabase, Network, counting, hidden, insight, settled


def _answers(network: Network, name: str) -> list[str]:
    return [letter.kind for letter in network.letters(name) if letter.kind == "answer"]


def _asked() -> Network:
    """Scout knows something, and core asks for it: one letter, one automatic answer."""
    network = settled()
    network.send("scout", "all", insight("copper conducts"))
    network.send("core", "scout", Question(text="what conducts?", topics=("metal",)))
    return network


def test_a_page_put_back_by_anybody_changes_nothing_but_the_receipt() -> None:
    """STREAM-3: a page already held is dropped, and its author's receipt is written again."""
    network = _asked()
    [path] = network.files("peers/scout/inbox")
    page = network.data(path)
    network.round(3)
    assert _answers(network, "core") == ["answer"]
    number = network.receipt("scout", "core")["n"]
    for again in range(1, 4):
        network.memory.place(path, page)
        report = network.tick("scout")
        assert (report.received, report.acted, report.quarantined) == (0, 0, 0)
        assert network.receipt("scout", "core")["n"] == number + again
        assert network.files("peers/scout/inbox") == []
    network.round(3)
    assert _answers(network, "core") == ["answer"]
    assert network.acted("scout") == ["core: what conducts?"]


def test_the_same_page_under_another_number_is_refused() -> None:
    """PAGE-10: a copy cannot stand at another position of its stream."""
    network = settled()
    network.send("core", "scout", "one")
    [path] = network.files("peers/scout/inbox")
    for other in (2, 17, 10**15):
        network.memory.place(path.replace(".1.page", f".{other}.page"), network.data(path))
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]
    assert network.caught("scout") == [
        ("PAGE-10", path.replace(".1.page", f".{other}.page")) for other in (2, 17, 10**15)
    ]
    assert network.files("peers/scout/inbox") == []


def test_the_same_item_in_another_page_and_another_epoch_is_received_once() -> None:
    """STREAM-6: items are known by their id, wherever they come again."""
    network = settled()
    item = network.item("core", "only once")
    first, data, digest = network.page("core", "scout", [item, "a"])
    network.drop("scout", first, data)
    name, data, _ = network.page("core", "scout", ["b", item], seq=2, prev=digest)
    network.drop("scout", name, data)
    name, data, _ = network.page("core", "scout", [item, "c"], epoch="z" * 26)
    network.drop("scout", name, data)
    report = network.tick("scout")
    assert network.acted("scout") == ["core: a", "core: b", "core: c", "core: only once"]
    assert report.acted == 4
    network.round(2)
    assert len(network.letters("scout")) == 4


def test_an_item_that_was_acted_on_is_never_acted_on_again() -> None:
    """STREAM-6, STREAM-3: the same page, another page, another epoch, a repair of either side."""
    network = settled()
    item = network.item("core", "only once")
    first = network.page("core", "scout", [item])
    with counting() as seen:
        network.drop("scout", *first[:2])
        network.tick("scout")
        network.drop("scout", *first[:2])
        network.tick("scout")
        again = network.page("core", "scout", ["b", item], seq=2, prev=first[2])
        network.drop("scout", *again[:2])
        network.tick("scout")
        other = network.page("core", "scout", [item], epoch="z" * 26)
        network.drop("scout", *other[:2])
        report = network.tick("scout")
        assert (report.received, report.acted) == (0, 0)
        network.send("core", "all", insight("published"))
        network.send("scout", "core", "a letter")
        network.round(2)
        for name in ("core", "scout"):
            network.repair(name)
            network.restart(name)
            network.round(3)
    assert set(seen.values()) == {1}
    assert len(seen) == 4


def test_an_item_waiting_behind_a_hole_moves_to_the_page_that_brings_it_again() -> None:
    """STREAM-5, STREAM-6: page 3 waits for page 2, and its item comes again in a new epoch."""
    network = settled()
    item = network.item("core", "held back")
    _, _, first = network.page("core", "scout", ["x"])
    name, data, _ = network.page("core", "scout", [item], seq=3, prev=first)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.acted("scout") == []
    name, data, _ = network.page("core", "scout", [item], epoch="q" * 26)
    network.drop("scout", name, data)
    network.tick("scout")
    assert network.acted("scout") == ["core: held back"]


def test_an_old_heartbeat_changes_nothing() -> None:
    """HB-5: a replayed heartbeat neither revives its author nor takes back what it said."""
    network = settled()
    old = network.data(layout.heartbeat("core"))
    network.send("core", "all", insight("copper conducts"))
    network.round()
    row = network.peers["scout"].home.neighbours.all()["core"]
    network.memory.place(layout.heartbeat("core"), old)
    network.clock.go(16 * 3_600_000)
    network.tick("scout")
    assert network.health("scout") == {"core": "dead"}
    assert network.peers["scout"].home.neighbours.all()["core"].seq == row.seq


def test_an_old_receipt_changes_nothing() -> None:
    """RCPT-7: of each epoch of a reader the furthest number counts."""
    network = settled()
    path = layout.receipt("scout", network.cluster, "core")
    network.send("core", "scout", "one")
    network.round()
    old = network.data(path)
    network.send("core", "scout", "two")
    network.round(2)
    assert network.open_pages("core", "scout") == 0
    network.memory.place(path, old)
    network.send("core", "scout", "three")
    network.tick("core")
    assert network.open_pages("core", "scout") == 1, "the old receipt closes nothing"
    assert network.concerns("core") == []
    kept = network.peers["core"].home.receipts.bodies(f"scout@{CLUSTER}")
    assert canonical.decode(kept[-1])["n"] > canonical.decode(old)["signed"]["n"]
    network.round(3)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]
    assert network.open_pages("core", "scout") == 0


def test_what_an_epoch_that_is_over_says_changes_nothing() -> None:
    """EPOCH-5, RCPT-8, HB-5: heartbeats and receipts of before a repair are history."""
    network = settled()
    network.send("core", "scout", "one")
    network.round()
    beat = network.data(layout.heartbeat("scout"))
    receipt = network.data(layout.receipt("scout", network.cluster, "core"))
    network.repair("scout")
    network.round(2)
    network.send("core", "scout", "two")
    network.memory.place(layout.heartbeat("scout"), beat)
    network.memory.place(layout.receipt("scout", network.cluster, "core"), receipt)
    before = network.peers["core"].home.neighbours.all()["scout"]
    network.tick("core")
    assert network.peers["core"].home.neighbours.all()["scout"].seq == before.seq
    assert network.open_pages("core", "scout") == 1
    assert network.concerns("core") == []


def test_an_unread_receipt_of_an_epoch_that_is_over_ends_no_duty() -> None:
    """RCPT-8: held back while its reader lost what it covers, and shown after the repair."""
    network = settled()
    path = layout.receipt("scout", network.cluster, "core")
    backup = network.backup("scout")
    network.send("core", "scout", "one")
    network.tick("scout")
    held_back = network.data(path)
    network.memory.remove(path)
    network.restart("scout", backup)
    assert network.tick("scout").state == "parked"
    network.repair("scout")
    network.restart("scout")
    network.tick("scout")
    network.tick("core")
    for _ in range(3):
        network.memory.place(path, held_back)
        network.tick("core")
    assert network.open_pages("core", "scout") == 1
    network.round(3)
    assert network.acted("scout") == ["core: one"]
    assert network.open_pages("core", "scout") == 0


def test_a_heartbeat_of_an_epoch_that_i_never_saw_but_heard_to_be_over() -> None:
    """HB-5, EPOCH-5: a newcomer hears the new epoch first; the old one is no newer epoch to it."""
    network = settled("core", "scout")
    old = network.data(layout.heartbeat("core"))
    network.repair("core")
    network.round()
    members = network.members()
    members["late"] = {network.add("late").signer.key: "active"}
    network.roster(members)
    network.round(2)
    new = network.data(layout.heartbeat("core"))
    network.memory.place(layout.heartbeat("core"), old)
    network.tick("late")
    row = network.peers["late"].home.neighbours.all()["core"]
    assert row.epoch == network.peers["core"].home.state.epoch
    network.memory.place(layout.heartbeat("core"), new)
    network.send("core", "late", "still heard")
    network.round(2)
    assert network.acted("late") == ["core: still heard"]
    assert network.open_pages("core", "late") == 0


def test_items_of_an_epoch_that_is_over_are_acted_on_holes_or_not() -> None:
    """EPOCH-5, STREAM-5: the hole will not be filled any more, so what is held is acted on."""
    network = settled()
    epoch = network.peers["core"].home.state.epoch
    one = network.page("core", "scout", ["one"])
    network.drop("scout", *one[:2])
    three = network.page("core", "scout", ["three"], seq=3, prev="a" * 64)
    network.drop("scout", *three[:2])
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]
    assert network.receipt("scout", "core")["streams"][0]["have"] == [[3, 3]]
    network.repair("core")
    network.restart("core")
    network.tick("core")
    network.tick("scout")
    assert network.acted("scout") == ["core: one", "core: three"]
    late = network.page("core", "scout", ["five"], seq=5, prev="b" * 64, epoch=epoch)
    network.drop("scout", *late[:2])
    network.tick("scout")
    assert network.acted("scout") == ["core: five", "core: one", "core: three"]


def test_effects_and_the_mark_acted_are_one_transaction() -> None:
    """TICK-2: killed at every step of acting, the one answer is written exactly once."""
    base = _asked()
    clean = base.copy(DyingDatabase)
    database = clean.peers["scout"].home.db
    assert isinstance(database, DyingDatabase)
    database.steps = 0
    clean.tick("scout")
    for at in range(1, database.steps + 1):
        network = base.copy(DyingDatabase)
        home = network.peers["scout"].home
        assert isinstance(home.db, DyingDatabase)
        home.db.steps, home.db.die_at = 0, at
        with pytest.raises(Killed):
            network.tick("scout")
        home.db.die_at = 0
        answers = home.db.one("SELECT count(*) FROM item WHERE mine = 1 AND kind = 'answer'")
        done = home.db.one("SELECT count(*) FROM item WHERE mine = 0 AND state = 'acted'")
        assert answers == done, f"step {at}"
        network.restart("scout")
        network.round(3)
        assert _answers(network, "core") == ["answer"], f"step {at}"


def test_a_handler_that_fails_leaves_no_effect_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """TICK-2, ACT-3: what it did before it raised is undone with it."""

    def half(received: handlers.Received, view: handlers.View) -> list[Escalate]:
        return [Escalate(text="half", mend="-"), Escalate(text=None, mend="-")]  # type: ignore[arg-type]

    monkeypatch.setitem(handlers.HANDLERS, "note", half)
    network = settled()
    network.send("core", "scout", "poison")
    network.round(act.tries_max + 1)
    assert network.acted("scout") == []
    assert not [key for key in network.concerns("scout") if key.startswith("item:")]


def test_a_reader_sees_stale_files_and_does_nothing_twice() -> None:
    """HB-5, RCPT-7, STREAM-3: every read of a tick gives what stood there before (NFS, CIFS)."""
    network = _asked()
    for _ in range(12):
        for name in network.peers:
            network.clock.go(3_600_000)
            network.tick(name, Fault(name="stale", op="read", path="peers/*", times=-1))
    network.round(2)
    assert _answers(network, "core") == ["answer"]
    assert network.acted("scout") == ["core: what conducts?"]
    assert network.writes() == []


def test_a_listing_that_hides_new_names_delays_and_repeats_nothing() -> None:
    """SEND-3, STREAM-3: the sender does not see its own page, places it again; once is enough."""
    network = settled()
    network.send("core", "scout", "one")
    for _ in range(3):
        network.tick("core", hidden("peers/scout/inbox/*"))
    network.tick("scout", hidden("peers/scout/inbox/*"))
    assert network.acted("scout") == []
    network.round(3)
    assert network.acted("scout") == ["core: one"]


def test_five_peers_write_to_everybody_and_each_gets_each_once() -> None:
    """STREAM-6, SEND-10: a clean run, as the measure of all the others."""
    network = settled(*FIVE)
    for author in FIVE:
        network.send(author, [name for name in FIVE if name != author], f"from {author}")
        network.send(author, "all", insight(f"by {author}"))
    network.round(3)
    for name in FIVE:
        others = [other for other in FIVE if other != name]
        assert network.acted(name) == sorted(
            [f"{other}: from {other}" for other in others]
            + [f"{other}: by {other}" for other in others]
        )
        assert network.concerns(name) == []
        assert network.caught(name) == []
    assert network.writes() == []
