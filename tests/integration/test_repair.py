"""Restored backups, twins and lost homes.

Noticed before anything is signed twice; then repaired.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from peer.enclosing import Source
from peer.home import create_home, files
from peer.lock import held
from peer.mailbox import Mailbox
from peer.repair import _TABLES, repair
from peer.saving import save
from peer.send import send
from peer.settings import Mentor
from protocol import canonical
from protocol.errors import (
    HomeError,
    HumanNeededError,
    ShareDeniedError,
    ShareError,
    ShareFullError,
    ShareUnavailableError,
)
from protocol.messages import Note
from registry import layout
from registry.faulty import Fault, FaultyShare
from tests.network import (
    CLUSTER,
    FolderNetwork,
    Killed,
    Network,
    acted,
    copy_home,
    denied,
    insight,
    settled,
)

SEEDS = range(int(os.environ.get("CAMPAIGN_SEEDS", "12")))
STEPS = int(os.environ.get("CAMPAIGN_ROUNDS", "80"))


def _twice_signed(network: Network) -> list[str]:
    """Who has proof that somebody used a key twice."""
    return [
        name
        for name, peer in network.peers.items()
        if peer.home.db.read("SELECT * FROM evidence WHERE kind = 'double-use'")
    ]


# ------------------------------------------------------------------------------ being noticed


def test_every_database_begins_an_epoch_of_its_own() -> None:
    """EPOCH-1: 128 bits, drawn anew; a repair draws anew, too, and names the earlier ones."""
    drawn = {create_home(":memory:", bytes([n]).__mul__).state.epoch for n in range(5)}
    assert len(drawn) == 5
    assert {len(epoch) for epoch in drawn} == {26}
    network = settled()
    first = network.heartbeat("core")["epoch"]
    network.repair("core")
    network.tick("core")
    assert network.heartbeat("core")["epoch"] != first
    assert network.heartbeat("core")["earlier_epochs"] == [first]
    network.repair("core")
    network.tick("core")
    assert first in network.heartbeat("core")["earlier_epochs"]
    assert len(network.heartbeat("core")["earlier_epochs"]) == 2


def test_a_backup_of_before_a_tick_parks() -> None:
    """EPOCH-2: its own heartbeat is further than it remembers; nothing more is signed."""
    network = settled()
    backup = network.backup("core")
    network.round()
    network.restart("core", backup)
    before = {path: network.data(path) for path in network.files()}
    for _ in range(2):
        report = network.tick("core")
        assert report.state == "parked"
        assert report.human is not None
        assert "peer repair" in report.human
        with pytest.raises(HumanNeededError) as caught:
            network.send("core", "scout", "x")
        assert caught.value.exit_code == 6
    assert {path: network.data(path) for path in network.files()} == before


@pytest.mark.parametrize("to", ["scout", "all", ["scout", "smith"]])
def test_a_backup_parks_when_it_only_sends(to: str | list[str]) -> None:
    """EPOCH-2: send looks at the own heartbeat before it signs anything."""
    network = settled("core", "scout", "smith")
    backup = network.backup("core")
    network.round()
    network.restart("core", backup)
    with pytest.raises(HumanNeededError):
        network.send("core", to, "x")
    network.round(2, only=["scout", "smith"])
    assert network.acted("scout") == network.acted("smith") == []
    assert network.tick("core").state == "parked"


@pytest.mark.parametrize("first", ["send", "tick"])
@pytest.mark.parametrize("earlier", [0, 1], ids=["first letter", "second letter"])
@pytest.mark.parametrize("consumed", [False, True])
def test_a_backup_of_before_a_send_only(first: str, earlier: int, consumed: bool) -> None:
    """EPOCH-2, RCPT-10, EPOCH-4: the letter lies there, or only its receipt does; no fork."""
    network = settled()
    for number in range(earlier):
        network.send("core", "scout", f"earlier {number}")
        network.round(2)
    backup = network.backup("core")
    network.send("core", "scout", "forgotten")
    if consumed:
        network.tick("scout")
    network.restart("core", backup)
    try:
        if first == "tick":
            network.tick("core")
        assert network.send("core", "scout", "new").state == "staged"
        human = any(key.startswith("claim:") for key in network.concerns("core"))
        assert human
    except HumanNeededError:
        assert not consumed
    network.round(2)
    network.repair("core")
    network.restart("core")
    if not consumed:  # it was refused with exit 6, and its sender tries again
        network.send("core", "scout", "new")
    network.round(4)
    told = [f"core: earlier {number}" for number in range(earlier)]
    assert network.acted("scout") == sorted([*told, "core: forgotten", "core: new"])
    assert _twice_signed(network) == []
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


def test_a_backup_of_before_a_publish() -> None:
    """EPOCH-2, EPOCH-4: the feed page lies in its own folder and is beyond the counter."""
    network = settled()
    network.send("core", "all", insight("one"))
    network.round()
    backup = network.backup("core")
    network.send("core", "all", insight("two"))
    network.memory.remove(layout.heartbeat("core"))  # so that only the feed can tell
    network.restart("core", backup)
    with pytest.raises(HumanNeededError):
        network.send("core", "all", insight("three"))
    assert network.tick("core").state == "parked"
    network.repair("core")
    network.send("core", "all", insight("three"))
    network.round(3)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]
    assert _twice_signed(network) == []


def test_a_backup_of_before_a_pulled_letter() -> None:
    """EPOCH-2: the letter waits in the own outbox, and the heartbeat is gone."""
    network = settled()
    closed = denied("peers/scout/inbox*")
    backup = network.backup("core")
    network.send("core", "scout", "one", closed)
    network.memory.remove(layout.heartbeat("core"))
    network.restart("core", backup)
    with pytest.raises(HumanNeededError):
        network.send("core", "scout", "two", closed)
    network.repair("core")
    network.send("core", "scout", "two", closed)
    for _ in range(4):
        network.clock.go(3_600_000)
        network.tick("core", closed)
        network.tick("scout")
    assert network.acted("scout") == ["core: one", "core: two"]


def test_a_backup_of_before_a_pulled_letter_and_an_inbox_that_opened() -> None:
    """EPOCH-2: the letter waits in the own outbox; the next one could be pushed."""
    network = settled()
    backup = network.backup("core")
    network.send("core", "scout", "one", denied("peers/scout/inbox*"))
    network.memory.remove(layout.heartbeat("core"))
    network.restart("core", backup)
    with pytest.raises(HumanNeededError):
        network.send("core", "scout", "two")
    network.repair("core")
    network.restart("core")
    network.send("core", "scout", "two")
    network.round(4)
    assert network.concerns("scout") == []
    assert "core: two" in network.acted("scout")


def test_a_fork_that_is_seen_from_the_next_page() -> None:
    """STREAM-2, RCPT-11, EPOCH-4.

    An unread letter in a closed inbox; the twin's pages are pulled.
    """
    network = settled()
    closed = denied("peers/scout/inbox*")
    backup = network.backup("core")
    network.send("core", "scout", "one")
    network.restart("core", backup)
    network.send("core", "scout", "two", closed)
    network.send("core", "scout", "three", closed)
    network.tick("scout")
    network.round(2)
    told = [key for key in network.concerns("core") if key.startswith(("refused:", "claim:"))]
    assert told
    network.repair("core")
    network.restart("core")
    network.round(4)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]


def test_repair_resolves_what_it_mends() -> None:
    """RCPT-11, EPOCH-4: a refused page was sent again; nobody need run repair once more."""
    network = settled()
    twin = network.backup("core")
    network.send("core", "scout", "from one")
    network.tick("scout")
    network.memory.remove(layout.receipt("scout", CLUSTER, "core"))
    network.restart("core", twin)
    network.send("core", "scout", "from two")
    network.tick("scout")
    network.round(2)
    network.repair("core")
    network.restart("core")
    network.round(4)
    assert network.concerns("core") == []


def test_a_receipt_of_mine_that_I_never_wrote_parks() -> None:  # noqa: N802
    """EPOCH-2: the heartbeat says nothing; the receipt for core is further than I remember."""
    network = settled()
    network.send("core", "scout", "one")
    network.round()
    backup = network.backup("scout")
    beat = network.data(layout.heartbeat("scout"))
    network.send("core", "scout", "two")
    network.tick("scout")
    network.memory.place(layout.heartbeat("scout"), beat)
    network.send("core", "scout", "three")
    network.restart("scout", backup)
    report = network.tick("scout")
    assert report.state == "parked"
    assert report.human is not None
    assert "receipt" in report.human


def test_a_twin_that_was_repaired_parks_the_other() -> None:
    """EPOCH-6: the heartbeat on the share says that my epoch is over."""
    network = settled()
    twin = network.backup("core")
    network.repair("core")
    network.round()
    network.restart("core", twin)
    assert network.tick("core").state == "parked"


@pytest.mark.parametrize("path", ["heartbeat.json", "outbox/feed/*.page"])
def test_what_cannot_be_read_now_is_no_proof_of_being_alone(path: str) -> None:
    """EPOCH-2, EPOCH-6, SEND-9: one I/O error at the wrong moment: nothing is signed at all."""
    network = settled()
    backup = network.backup("core")
    network.send("core", "all", insight("one"))
    network.round()
    if "feed" in path:
        network.memory.remove(layout.heartbeat("core"))
    for action in ("tick", "send"):
        trial = network.copy()
        trial.restart("core", copy_home(backup))
        error = Fault(name="unavailable", op="read", path=f"peers/core/{path}")
        if action == "tick":
            with pytest.raises(ShareUnavailableError):
                trial.tick("core", error)
        else:
            assert trial.send("core", "all", insight("two"), error).state == "staged"
        assert trial.tick("core").state == "parked"
        assert len(trial.files("peers/core/outbox/feed")) == 1


def test_a_second_repair_of_an_old_backup() -> None:
    """EPOCH-4, EPOCH-6: backup, repair, on for a while; then the same backup and repair again."""
    network = settled()
    backup = network.backup("core")
    network.send("core", "scout", "first life")
    network.round(2)
    network.repair("core")
    network.send("core", "scout", "second life")
    network.round(2)
    network.restart("core", copy_home(backup))
    assert network.tick("core").state == "parked"
    network.repair("core")
    network.send("core", "scout", "third life")
    network.round(4)
    assert network.acted("scout") == [
        "core: first life",
        "core: second life",
        "core: third life",
    ]
    assert network.health("scout") == {"core": "alive"}
    assert _twice_signed(network) == []


# ------------------------------------------------------------------------------ repairing


def test_what_no_receipt_covers_is_sent_again_in_the_new_epoch() -> None:
    """EPOCH-4: open pages and waiting items; nothing that was receipted."""
    network = settled()
    network.send("core", "scout", "receipted")
    network.round(2)
    for number in range(20):
        network.send("core", "scout", f"{number:02}")
    assert network.repair("core") == 16, "four more never were in a page"
    network.restart("core")
    for path in network.files("peers/scout/inbox"):
        network.memory.remove(path)
    network.tick("core")
    pages = [canonical.decode(network.data(p)) for p in network.files("peers/scout/inbox")]
    texts = [item["body"]["text"] for page in pages for item in page["items"]]
    assert sorted(texts) == [f"{number:02}" for number in range(20)]
    network.round(3)
    assert len(network.acted("scout")) == 21


def test_repair_with_old_pages_still_in_the_inbox() -> None:
    """EPOCH-4, STREAM-6: the same items lie there in two epochs; each is received once."""
    network = settled()
    for number in range(5):
        network.send("core", "scout", f"{number}")
    network.repair("core")
    network.restart("core")
    network.tick("core")
    assert len(network.files("peers/scout/inbox")) == 6
    network.round(3)
    assert network.acted("scout") == [f"core: {number}" for number in range(5)]


@pytest.mark.parametrize("known", [False, True], ids=["stream unknown", "stream known"])
def test_a_readers_backup_gets_everything_again(known: bool) -> None:
    """RCPT-9, EPOCH-4: letters that it receipted and then forgot are offered again."""
    network = settled("core", "scout", "smith")
    if known:
        network.send("core", "scout", "before")
        network.round(2)
    backup = network.backup("scout")
    network.send("core", "scout", "one")
    network.send("smith", "scout", "two")
    network.send("smith", "all", insight("three"))
    network.round(2)
    assert network.open_pages("core", "scout") == network.open_pages("smith", "scout") == 0
    network.restart("scout", backup)
    assert network.tick("scout").state == "parked"
    network.repair("scout")
    network.round(5)
    before = ["core: before"] if known else []
    assert network.acted("scout") == sorted([*before, "core: one", "smith: three", "smith: two"])
    assert network.open_pages("core", "scout") == network.open_pages("smith", "scout") == 0
    assert network.writes() == []


def test_in_a_new_epoch_everybody_gets_a_receipt() -> None:
    """EPOCH-7: in its first tick, from whomever it ever heard or not; and once is enough."""
    network = settled("core", "scout", "smith")
    network.send("scout", "core", "one")
    network.round(2)
    network.repair("core")
    network.restart("core")
    network.tick("core")
    epoch = network.peers["core"].home.state.epoch
    for author, streams in (("scout", 1), ("smith", 0)):
        receipt = network.receipt("core", author)
        assert receipt["reader_epoch"] == epoch
        assert len(receipt["earlier_epochs"]) == 1
        assert len(receipt["streams"]) == streams
    assert network.writes(["core"]) == []


def test_a_reader_that_lost_its_home_altogether() -> None:
    """EPOCH-1, RCPT-9: a new database under the same key; senders offer all they still keep."""
    network = settled("core", "scout", "smith")
    network.send("core", "scout", "one")
    network.send("smith", "scout", "two")
    network.round(2)
    lost = network.heartbeat("scout")["epoch"]
    fresh = create_home(":memory:", network.entropy.draw)
    network.restart("scout", fresh)
    network.repair("scout")
    network.round(6)
    assert lost in network.heartbeat("scout")["earlier_epochs"], "its own heartbeat told"
    assert lost in network.receipt("scout", "core")["earlier_epochs"]
    assert network.acted("scout") == ["core: one", "smith: two"]
    network.send("scout", "core", "I am back")
    network.round(2)
    assert network.acted("core") == ["scout: I am back"]


def test_an_author_that_lost_its_home_altogether() -> None:
    """EPOCH-1, EPOCH-4: it starts anew under the same key, and accuses nobody nor is accused."""
    network = settled()
    network.send("core", "scout", "one")
    network.send("core", "all", insight("two"))
    network.round(2)
    network.restart("core", create_home(":memory:", network.entropy.draw))
    network.repair("core")
    network.tick("core")
    network.send("core", "scout", "three")
    network.round(3)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]
    assert network.concerns("scout") == []


def test_a_lost_home_can_send_before_its_first_tick() -> None:
    """EPOCH-1: it learns who belongs from the share."""
    network = settled()
    network.restart("core", create_home(":memory:", network.entropy.draw))
    network.repair("core")
    network.send("core", "scout", "x")
    network.round(2)
    assert network.acted("scout") == ["core: x"]


def test_feed_pages_of_the_epoch_before_are_still_read() -> None:
    """EPOCH-4, SEND-8.

    A page was damaged when the author was repaired, and it publishes no more.
    """
    network = settled()
    network.send("core", "all", insight("one"))
    network.send("core", "all", insight("two"))
    path = network.files("peers/core/outbox/feed")[1]
    network.memory.place(path, b"{")
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]
    network.repair("core")
    network.round(4)
    assert network.acted("scout") == ["core: one", "core: two"]


def test_a_newcomer_reads_what_was_published_before_a_repair() -> None:
    """EPOCH-4, SEND-8: knowledge of an earlier epoch is still offered."""
    network = settled()
    network.send("core", "all", insight("one"))
    network.round()
    network.repair("core")
    network.round()
    members = network.members()
    late = network.add("late")
    late.settings = replace(late.settings, mentor=Mentor(wanted="no"))  # who would tell it, too
    members["late"] = {late.signer.key: "active"}
    network.roster(members)
    network.round(3)
    assert network.acted("late") == ["core: one"]


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_of_an_earlier_epoch_that_could_not_be_read_is_read_later(page: int) -> None:
    """EPOCH-4, STREAM-5, SEND-8: an I/O error, once, at the moment when the feed is listed."""
    network = settled()
    backup = network.backup("scout")
    epoch = network.peers["core"].home.state.epoch[:8]
    for words in ("one", "two"):
        network.send("core", "all", insight(words))
    network.repair("core")
    network.restart("core")
    network.send("core", "all", insight("three"))
    network.restart("scout", backup)
    broken = f"peers/core/outbox/feed/{epoch}.{page}.page"
    network.tick("scout", Fault(name="unavailable", path=broken))
    network.round(4)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]


def test_both_twins_wrote_a_letter_and_both_arrive() -> None:
    """RCPT-10, STREAM-1, EPOCH-4: the file of the one was overwritten by that of the other."""
    network = settled()
    twin = network.backup("core")
    network.send("core", "scout", "from one")
    one = network.peers["core"]
    network.memory.remove(network.files("peers/scout/inbox")[0])
    network.restart("core", twin)
    network.send("core", "scout", "from two")
    network.tick("scout")
    network.tick("core")
    network.peers["core"] = one  # back at the first machine
    network.restart("core")
    states = [network.tick("core").state for _ in range(2)]
    assert states == ["parked", "parked"] or any(
        key.startswith("claim:") for key in network.concerns("core")
    )
    network.repair("core")
    network.round(4)
    assert network.acted("scout") == ["core: from one", "core: from two"]


def test_what_repair_mended_is_not_told_again() -> None:
    """RCPT-10, EPOCH-4: the reader's receipts still name the twin's page of the old epoch."""
    network = settled()
    twin = network.backup("core")
    network.send("core", "scout", "from one")
    one = network.peers["core"]
    network.memory.remove(network.files("peers/scout/inbox")[0])
    network.restart("core", twin)
    network.send("core", "scout", "from two")
    network.tick("scout")
    network.peers["core"] = one
    network.restart("core")
    network.tick("core")
    network.repair("core")
    network.restart("core")
    network.round(4)
    assert network.concerns("core") == []
    network.send("scout", "core", "hello")
    network.send("core", "scout", "hello")
    network.round(2)
    assert network.concerns("core") == []
    assert "core: hello" in network.acted("scout")


def test_a_fork_is_mended_by_repair() -> None:
    """STREAM-1, STREAM-7, RCPT-11, EPOCH-4: refused pages are sent again in the new epoch."""
    network = settled()
    twin = network.backup("core")
    network.send("core", "scout", "from one")
    network.tick("scout")
    network.memory.remove(layout.receipt("scout", CLUSTER, "core"))
    network.restart("core", twin)
    network.send("core", "scout", "from two")
    network.tick("scout")
    assert network.acted("scout") == ["core: from one"]
    assert _twice_signed(network) == ["scout"]
    network.send("core", "scout", "and more")
    network.round(3)
    assert network.acted("scout") == ["core: from one"]
    assert [key for key in network.concerns("core") if key.startswith(("refused:", "claim:"))]
    network.repair("core")
    network.round(4)
    assert network.acted("scout") == ["core: and more", "core: from one", "core: from two"]
    assert network.open_pages("core", "scout") == 0


def test_a_pulled_letter_of_a_lost_life_is_still_fetched() -> None:
    """SEND-7, EPOCH-4: nobody writes to that reader any more; the letter lies there, promised."""
    network = settled()
    closed = denied("peers/scout/inbox*")
    backup = network.backup("core")
    network.send("core", "scout", "one", closed)
    network.restart("core", backup)
    assert network.tick("core", closed).state == "parked"
    network.repair("core")
    network.restart("core")
    for _ in range(4):
        network.clock.go(3_600_000)
        network.tick("core", closed)
        network.tick("scout")
    assert network.acted("scout") == ["core: one"]


def test_a_fetched_letter_of_a_lost_life_leaves_the_outbox() -> None:
    """SEND-7, EPOCH-4: and the network is quiet again."""
    network = settled()
    backup = network.backup("core")
    network.send("core", "scout", "one", denied("peers/scout/inbox*"))
    network.restart("core", backup)
    assert network.tick("core").state == "parked"
    network.repair("core")
    network.restart("core")
    network.round(3)
    assert network.acted("scout") == ["core: one"]
    assert network.rest()
    assert network.files("peers/core/outbox/mail") == []
    assert network.heartbeat("core").get("mail", []) == []


def test_a_reader_that_lost_letters_under_a_key_that_is_compromised_now() -> None:
    """RCPT-9, PAGE-12, SEND-4: they come again under the new key, and new ones come at all."""
    network = settled()
    backup = network.backup("scout")
    for number in range(20):
        network.send("core", "scout", f"{number:02}")
        network.round()
    network.rekey("core", old="compromised")
    network.round(2)
    network.restart("scout", backup)
    assert network.tick("scout").state == "parked"
    network.repair("scout")
    network.restart("scout")
    network.round(3)
    network.send("core", "scout", "new")
    network.round(4)
    assert network.acted("scout") == [*(f"core: {n:02}" for n in range(20)), "core: new"]
    assert network.writes() == []


def test_sixty_five_repairs_are_not_too_many() -> None:
    """EPOCH-4: lists in documents are cut to what readers take; the peer stays alive."""
    network = settled()
    for _ in range(70):
        network.repair("core")
    network.send("scout", "core", "are you there?")
    network.round(3)
    assert network.health("scout") == {"core": "alive"}
    assert network.open_pages("scout", "core") == 0
    network.send("core", "scout", "yes")
    network.round(2)
    assert network.acted("scout") == ["core: yes"]


# ------------------------------------------------------------------------------ campaign


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_people_with_bad_backups(seed: int) -> None:  # noqa: PLR0912 - one dice roll, one branch a deed
    """EPOCH-2, EPOCH-4, RCPT-9, RCPT-10, STREAM-1: random backups, restores and repairs.

    Nobody attacks; a person runs `repair` where a peer says so. Afterwards every letter that its
    author remembers was acted on exactly once, nobody was accused, and the network is quiet.
    """
    network = settled("core", "scout", "smith", seed=seed)
    dice = random.Random(seed)
    names = sorted(network.peers)
    backups = {name: network.backup(name) for name in names}
    for number in range(STEPS):
        name = dice.choice(names)
        network.clock.go(dice.randrange(3_600_000))
        match dice.choice(["send", "send", "publish", "tick", "tick", "tick", "backup", "restore"]):
            case "send" | "publish" as what:
                try:
                    if what == "send":
                        to = dice.choice([n for n in names if n != name])
                        network.send(name, to, f"{number}")
                    else:
                        network.send(name, "all", insight(f"{number}"))
                except HumanNeededError:
                    _mend(network, name)
            case "tick":
                if network.tick(name).state == "parked":
                    _mend(network, name)
            case "backup":
                backups[name] = network.backup(name)
            case "restore":
                network.restart(name, copy_home(backups[name]))
        if any(key.startswith("claim:") for key in network.concerns(name)):
            _mend(network, name)
    for name in names:  # see test_a_newcomer_reads_what_was_published_before_a_repair
        network.tick(name)
        if network.peers[name].home.state.text("parked") is not None:
            _mend(network, name)
        network.send(name, "all", insight("the end"))
    for _ in range(10):
        for report in network.round():
            if report.state == "parked" or any(
                key.startswith("claim:") for key in network.concerns(report.peer)
            ):
                _mend(network, report.peer)
    _check_nothing_lost(network)
    assert _twice_signed(network) == []
    assert network.writes() == []


class Rough(FaultyShare):
    """A drive that hiccups, processes that die, and an inbox that is closed at times."""

    def __init__(self, network: Network, dice: random.Random, closed: str | None) -> None:
        super().__init__(network.memory)
        self._dice, self._closed = dice, closed

    def _do(self, op: str, path: str, run: Any, data: bytes = b"") -> Any:
        if path.startswith(f"peers/{self._closed}/inbox"):
            raise ShareDeniedError(f"{path}: closed")
        match self._dice.randrange(120):
            case 0:
                raise ShareUnavailableError(f"{path}: hiccup")
            case 1:
                raise Killed
            case 2:
                super()._do(op, path, run, data)
                raise Killed
            case 3 if op == "place":
                raise ShareFullError(f"{path}: full")
        return super()._do(op, path, run, data)


@pytest.mark.parametrize("seed", SEEDS)
def test_bad_backups_on_a_bad_drive(seed: int) -> None:
    """EPOCH-2, EPOCH-4, RCPT-9, RCPT-10, RCPT-11, SEND-7, TICK-3: all of it at once.

    A number can be signed twice here (a letter in an inbox that nobody may list tells no restored
    author anything), but nothing that an author remembers is lost, and peace comes.
    """
    network = settled("core", "scout", "smith", seed=seed)
    dice, names = random.Random(seed), ("core", "scout", "smith")
    backups = {name: network.backup(name) for name in names}
    mended: set[tuple[str, str]] = set()
    for number in range(STEPS):
        name = dice.choice(names)
        network.clock.go(dice.randrange(3_600_000))
        peer = network.peers[name]
        peer.share = Rough(
            network, dice, dice.choice([None, None, *(n for n in names if n != name)])
        )
        try:
            match dice.randrange(16):
                case 0:
                    backups[name] = network.backup(name)
                case 1:
                    network.restart(name, copy_home(backups[name]))
                    mended -= {told for told in mended if told[0] == name}
                case 2 | 3:
                    network.send_here(name, "all", insight(f"{number}"))
                case 4 | 5 | 6 | 7:
                    to = dice.choice([n for n in names if n != name])
                    network.send_here(name, to, f"{number}")
                case _:
                    network.tick_here(name)
        except (ShareError, Killed):
            network.restart(name)
        except HumanNeededError:
            pass  # a person reads it, and repairs
        finally:
            network.peers[name].share = network.memory
        _mend_if_told(network, name, mended)
    for _ in range(12):
        for report in network.round():
            _mend_if_told(network, report.peer, mended)
    assert network.rest()
    _check_nothing_lost(network)


def _mend_if_told(network: Network, name: str, mended: set[tuple[str, str]]) -> None:
    """Run `repair` once for whatever says that it wants it."""
    told = {(name, key) for key in network.concerns(name) if key.startswith(("claim:", "refused:"))}
    if network.peers[name].home.state.text("parked") is not None or told - mended:
        mended |= told
        _mend(network, name)


def _check_nothing_lost(network: Network) -> None:
    """Everybody acted, once, on all that the others remember to have written to him."""
    for name, peer in network.peers.items():
        got = network.acted(name)
        assert len(got) == len(set(got))
        for author, other in network.peers.items():
            written = other.home.db.read(
                "SELECT data FROM item WHERE mine = 1 AND kind <> 'mentoring'"
                " AND audience IN ('all', ?)",
                peer.address,
            )
            texts = {f"{author}: {canonical.decode(d)['body']['text']}" for (d,) in written}
            assert author == name or texts <= set(got)


def _mend(network: Network, name: str) -> None:
    network.repair(name)
    network.restart(name)


# ------------------------------------------------------------------------------ real homes


def _copy_database(network: FolderNetwork, name: str, to: Path) -> None:
    network.peers.pop(name).home.close()
    for file in Path(network.folder(name)).iterdir():
        if file.name.startswith("home.db"):
            shutil.copy(file, to / file.name)
    network.open(name)


def test_a_real_backup_is_restored_and_repaired(tmp_path: Path) -> None:
    """EPOCH-2, EPOCH-4: the files of a home, copied away and back, and `repair.repair`."""
    network = FolderNetwork(tmp_path)
    network.round()
    kept = tmp_path / "backup"
    kept.mkdir()
    _copy_database(network, "core", kept)
    send(network.peers["core"], ["scout"], [Note(text="forgotten")])
    network.round(2)
    network.peers.pop("core").home.close()
    folder = Path(network.folder("core"))
    for file in folder.glob("home.db*"):
        file.unlink()
    for file in kept.iterdir():
        shutil.copy(file, folder / file.name)
    core = network.open("core")
    assert network.tick("core").state == "parked"
    core.home.close()
    network.peers.pop("core")
    done = repair(str(folder), core.identity, network.clock, core.entropy)
    assert (done.queued_again, done.salvaged) == (0, None)
    network.open("core")
    send(network.peers["core"], ["scout"], [Note(text="new")])
    network.round(3)
    assert acted(network.peers["scout"].home) == ["core: forgotten", "core: new"]
    network.close()


@pytest.mark.parametrize("damage", ["gone", "head", "middle", "short", "empty", "text"])
def test_a_damaged_database_is_set_aside_and_what_is_readable_is_kept(
    tmp_path: Path, damage: str
) -> None:
    """EPOCH-4, EPOCH-1: never deleted, never used again; a new epoch, and mail flows again."""
    network = FolderNetwork(tmp_path)
    network.round()
    core = network.peers["core"]
    for number in range(40):
        send(core, ["scout"], [Note(text=f"{number:02} " + "x" * 500)])
    core.home.db.one("PRAGMA wal_checkpoint(TRUNCATE)")
    network.peers.pop("core").home.close()
    path = Path(network.folder("core")) / "home.db"
    data = path.read_bytes()
    match damage:
        case "gone":
            path.unlink()
        case "head":
            path.write_bytes(b"\0" * 100 + data[100:])
        case "middle":
            half = len(data) // 2 // 4096 * 4096
            path.write_bytes(data[:half] + b"\xff" * 4096 * 3 + data[half + 4096 * 3 :])
        case "short":
            path.write_bytes(data[: len(data) // 2])
        case "empty":
            path.write_bytes(b"")
        case "text":  # one cell of it, beside a page
            with sqlite3.connect(path) as raw:
                raw.execute("UPDATE item SET kind = CAST(x'ff' AS TEXT) WHERE n = 3")
            raw.close()
            data = path.read_bytes()
            half = len(data) // 2 // 4096 * 4096
            path.write_bytes(data[:half] + b"\xff" * 4096 + data[half + 4096 :])
    done = repair(str(path.parent), core.identity, network.clock, core.entropy)
    assert damage in {"gone", "empty"} or done.set_aside is not None
    assert damage not in {"middle", "text"} or (done.salvaged or 0) > 10
    network.open("core")
    network.tick("core")
    send(network.peers["core"], ["scout"], [Note(text="after")])
    network.round(4)
    got = acted(network.peers["scout"].home)
    assert "core: after" in got
    assert len(got) == len(set(got))
    assert network.peers["scout"].home.concerns.all() == []
    network.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks /proc what is open")
@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100])
def test_nothing_holds_the_damaged_database_open_when_it_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    """EPOCH-4: on Windows what is open cannot be renamed."""
    network = FolderNetwork(tmp_path)
    network.round()
    core = network.peers["core"]
    network.peers.pop("core").home.close()
    path = Path(network.folder("core")) / "home.db"
    path.write_bytes(damage)
    seen: list[list[str]] = []

    def set_aside(place: str, word: str) -> str | None:
        links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        seen.append([os.readlink(link) for link in links if os.path.lexists(link)])
        return files.set_aside(place, word)

    monkeypatch.setattr("peer.repair.set_aside", set_aside)
    assert repair(str(path.parent), core.identity, network.clock, core.entropy).set_aside
    assert len(seen) == 1
    assert str(path) not in seen[0]
    network.close()


@pytest.mark.parametrize("name", ["C#", "what?", "100%41", "a b"])
def test_a_damaged_database_is_read_wherever_it_lies(tmp_path: Path, name: str) -> None:
    """EPOCH-4: a letter that waits in it is sent, whatever its path means in a URI."""
    place = tmp_path / name
    place.mkdir()
    network = FolderNetwork(place)
    network.round()
    core = network.peers["core"]
    shutil.rmtree(Path(network.share) / layout.inbox("scout"))
    send(core, ["scout"], [Note(text="waits")])
    core.home.db.one("PRAGMA wal_checkpoint(TRUNCATE)")
    network.peers.pop("core").home.close()
    path = Path(network.folder("core")) / "home.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE torn (x)")
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'torn'").fetchone()
    raw.close()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    done = repair(str(path.parent), core.identity, network.clock, core.entropy)
    assert done.set_aside is not None
    assert done.queued_again == 1
    network.open("core")
    network.round(4)
    assert acted(network.peers["scout"].home) == ["core: waits"]
    network.close()


@pytest.mark.parametrize("step", ["create_home", "_copy", "begin_epoch", "_swap", "put_in_place"])
def test_a_repair_that_dies_gives_up_nothing_of_the_damaged_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """TICK-3, EPOCH-4: what could be read is there after the next repair, acted on but once."""
    network = FolderNetwork(tmp_path)
    network.round()
    core, scout = network.peers["core"], network.peers["scout"]
    send(scout, ["core"], [Note(text="acted on before")])
    network.tick("core")
    Path(network.share).rename(tmp_path / "away")  # so that it waits in the home
    send(core, ["scout"], [Note(text="waits")])
    (tmp_path / "away").rename(network.share)
    path = _damage_an_index(network)

    def die(*arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"peer.repair.{step}", die)
        with pytest.raises(Killed):
            repair(str(path.parent), core.identity, network.clock, core.entropy)
    repair(str(path.parent), core.identity, network.clock, core.entropy)
    core = network.open("core")
    assert acted(core.home) == ["scout: acted on before"]
    assert core.home.db.read("SELECT tries FROM item WHERE mine = 0") == [(0,)]
    network.round(4)
    assert acted(network.peers["scout"].home) == ["core: waits"]
    assert network.peers["scout"].home.concerns.all() == []
    network.close()


def _damage_an_index(network: FolderNetwork) -> Path:
    """Bytes of core's database that no row needs are others now; where it is."""
    core = network.peers.pop("core")
    core.home.db.one("PRAGMA wal_checkpoint(TRUNCATE)")
    found = core.home.db.one("SELECT rootpage FROM sqlite_master WHERE name = 'item_reply'")
    assert found is not None
    core.home.close()
    path = Path(network.folder("core")) / "home.db"
    data = path.read_bytes()
    start = (found[0] - 1) * 4096
    path.write_bytes(data[:start] + b"\xa5" * 4096 + data[start + 4096 :])
    return path


def test_a_home_that_cannot_be_opened_now_is_not_taken_for_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EPOCH-4: another process holds it, or the disk is full: nothing is put aside."""
    network = FolderNetwork(tmp_path)
    core = network.peers["core"]
    epoch, folder = core.home.state.epoch, network.folder("core")
    monkeypatch.setattr("peer.home.database.BUSY_SECONDS", 0.05)
    with core.home.transaction(), pytest.raises(HomeError, match="locked"):
        repair(folder, core.identity, network.clock, core.entropy)
    assert core.home.state.epoch == epoch
    assert sorted(os.listdir(folder)) == sorted(
        ["identity.json", "key", "home.db", "home.db-wal", "home.db-shm", "lock"]
    )
    network.close()


def test_a_full_disk_leaves_the_damaged_database_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EPOCH-4: the repair can be tried again when there is room."""
    network = FolderNetwork(tmp_path)
    network.round()
    core = network.peers["core"]
    path = _damage_an_index(network)
    before = path.read_bytes()

    def full(*arguments: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("peer.repair._insert", full)
        with pytest.raises(HomeError, match="full"):
            repair(str(path.parent), core.identity, network.clock, core.entropy)
    assert path.read_bytes() == before
    done = repair(str(path.parent), core.identity, network.clock, core.entropy)
    assert (done.salvaged or 0) > 10
    network.close()


def test_repair_waits_for_no_tick(tmp_path: Path) -> None:
    """EPOCH-4, TICK-1: while a tick runs there is no new epoch."""
    network = FolderNetwork(tmp_path)
    core = network.peers["core"]
    epoch = core.home.state.epoch
    with held(core.folder) as mine:
        assert mine
        with pytest.raises(HomeError):
            repair(network.folder("core"), core.identity, network.clock, core.entropy)
    assert core.home.state.epoch == epoch
    network.close()


def test_every_table_of_a_home_is_carried_over(tmp_path: Path) -> None:
    """EPOCH-4."""
    with closing(create_home(str(tmp_path / "home.db"), os.urandom)) as home:
        rows = home.db.read("SELECT name FROM sqlite_master WHERE type = 'table'")
    # What SQLite keeps for itself grows anew with the rows.
    assert {row[0] for row in rows} - {"sqlite_sequence"} == set(_TABLES)


def test_sealed_letters_and_files_survive_a_damaged_database(tmp_path: Path) -> None:
    """EPOCH-4, ATT-3, SEAL-4: those that wait go out; those that came stay readable."""
    network = FolderNetwork(tmp_path)
    network.round()
    core, scout = network.peers["core"], network.peers["scout"]
    files = [Source("a", lambda: [b"a file"])]
    came = send(scout, ["core"], [Note(text="came")], files=files, seal=True).ids[0]
    network.round()
    Path(network.share).rename(tmp_path / "away")
    waits = send(core, ["scout"], [Note(text="waits")], files=files, seal=True).ids[0]
    (tmp_path / "away").rename(network.share)
    path = _damage_an_index(network)
    repair(str(path.parent), core.identity, network.clock, core.entropy)
    core = network.open("core")
    network.round(4)
    for peer, id_, text in ((core, came, "came"), (core, waits, "waits"), (scout, waits, "waits")):
        letter = peer.home.mail.get(id_)
        (row,) = Mailbox(peer.home, peer.identity).rows([letter])
        assert (row["text"], row["sealed"]) == (text, True)
        folder = tmp_path / f"{peer.name}-{text}"
        folder.mkdir()
        (saved,) = save(peer, letter, str(folder))
        assert Path(saved.path).read_bytes() == b"a file"
    assert core.home.mail.unacknowledged() == []
    network.close()
