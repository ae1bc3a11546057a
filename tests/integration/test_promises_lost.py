"""Promise 1: nothing is lost. Whatever happens to the share, every letter arrives once it can."""

from __future__ import annotations

import os
import random
import threading
from contextlib import suppress
from typing import Any

import pytest

from peer.glance import glance
from peer.instance import HOUR_MS
from peer.send import send
from protocol.errors import (
    HomeError,
    MissingError,
    NotFoundError,
    ShareDeniedError,
    ShareError,
    ShareFullError,
    ShareUnavailableError,
    SpecialFileError,
    UsageError,
    WrongShareError,
)
from protocol.messages import Note, Question
from registry.faulty import Fault, FaultyShare
from registry.memory import MemoryShare
from tests.network import (
    FIVE,
    SIX_HOURS_MS,
    WRITES,
    Killed,
    Network,
    counting,
    denied,
    failing,
    insight,
    settled,
)

# For a night: CAMPAIGN_ROUNDS=5000 CAMPAIGN_SEEDS=100 pytest tests/integration -k attacker
ROUNDS = int(os.environ.get("CAMPAIGN_ROUNDS", "300"))
SEEDS = range(int(os.environ.get("CAMPAIGN_SEEDS", "5")))


# ------------------------------------------------------------------------------ staging


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unavailable", ShareUnavailableError),
        ("full", ShareFullError),
        ("denied", ShareDeniedError),
    ],
)
def test_what_cannot_be_delivered_is_staged_and_delivered_later(
    fault: str, error: type[ShareError]
) -> None:
    """SEND-1, SEND-9.

    Gone, full or read-only in the middle: staged, tick says exit 5, then sent.
    """
    network = settled()
    broken = failing(fault, None if fault == "unavailable" else "place")
    sent = network.send("core", "scout", "one", broken)
    assert sent.state == "staged"
    with pytest.raises(error) as caught:
        network.tick("core", broken)
    assert caught.value.exit_code == 5
    network.send("core", "scout", "two")
    network.round(2)
    assert network.acted("scout") == ["core: one", "core: two"]


def test_who_writes_does_not_wait_for_a_frozen_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEND-1, SEND-9: nothing of it is asked any more, and the letter is kept all the same."""
    monkeypatch.setattr("peer.glance.glance_seconds", 0.2)
    network, thawed = settled(), threading.Event()
    core, foreseen = network.peers["core"], list[str]()
    core.glance, core.foresee = glance, foreseen.append
    slow = Fault(name="slow", seconds=60, times=-1)

    def freeze(seconds: float) -> None:
        thawed.wait(20)

    share = FaultyShare(network.memory, [slow], sleep=freeze)
    core.share, core.looked = share, {}
    assert send(core, ["scout"], [Note(text="kept")]).state == "staged"
    assert len(share.calls) == 1
    nothing, kept, after = foreseen
    assert nothing == "nothing was sent"
    assert "is kept" in kept
    with pytest.raises(NotFoundError):
        send(core, ["nobody"], [Note(text="to nobody")])
    assert foreseen[3:] == [nothing, after], "it is over with the send, also where that fails"
    thawed.set()
    core.share = network.memory
    network.round(2)
    assert network.acted("scout") == ["core: kept"]


def test_a_share_that_vanished_and_came_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEND-9.

    Unmounted: letters are staged, nobody's inbox is "empty"; mounted again: delivered.
    """
    network = settled()
    network.send("scout", "core", "before")
    network.memory.gone = True
    assert network.send("core", "scout", "while away").state == "staged"
    for name in network.peers:
        with pytest.raises(ShareUnavailableError):
            network.tick(name)
    network.memory.gone = False
    network.round(3)
    assert network.acted("scout") == ["core: while away"]
    assert network.acted("core") == ["scout: before"]


def test_an_empty_mount_point_is_no_network() -> None:
    """TICK-4, SEND-9: an empty folder is "unavailable"; a filled one without marker is wrong."""
    network = settled()
    empty = Network(())
    for name in list(empty.memory.nodes("")):
        empty.memory.remove(name)
    core = network.peers["core"]
    core.share = empty.memory
    core.looked.clear()
    assert send(core, ["scout"], [Note(text="x")]).state == "staged"
    with pytest.raises(ShareUnavailableError):
        network.tick_on("core", empty.memory)
    empty.memory.place("holiday.txt", b"photos")
    with pytest.raises(WrongShareError):
        network.tick_on("core", empty.memory)
    assert empty.files() == ["holiday.txt"]


def test_a_drive_that_went_away_a_moment_ago_is_not_filled() -> None:
    """TICK-4, SEND-9: a resident peer sends twice in a second; between them the drive goes."""
    network, empty = settled(), MemoryShare()
    core = network.peers["core"]
    network.send("core", "scout", "one")
    core.share = empty
    assert send(core, ["scout"], [Note(text="two")]).state == "staged"
    assert empty.names("", 10) == []


def test_a_folder_of_another_network_is_an_error_and_nothing_is_written() -> None:
    """SEND-9, ROOT-5: another root is exit 5; nothing is read from it or written to it."""
    network, other = settled(), settled(seed=1)
    before = other.files()
    other.send("core", "scout", "not yours")
    there = other.files()
    core = network.peers["core"]
    core.share = other.memory
    core.looked.clear()
    with pytest.raises(WrongShareError) as caught:
        send(core, ["scout"], [Note(text="x")])
    assert caught.value.exit_code == 5
    with pytest.raises(WrongShareError):
        network.tick_on("core", other.memory)
    network.peers["scout"].share = other.memory
    with pytest.raises(WrongShareError):
        network.tick_on("scout", other.memory)
    assert other.files() == there
    assert before != there
    core.share = network.memory
    network.round(2)
    assert network.acted("scout") == []
    assert network.waiting("core", "scout") == 0


def test_recipients_are_members_or_nothing_is_written() -> None:
    """SEND-5: one unknown name among several, and not even the known one gets a letter."""
    network = settled()
    network.add("stranger")
    core = network.peers["core"]
    for to, error in (
        (["scout", "nobody"], NotFoundError),
        (["scout", "stranger"], NotFoundError),
        (["scout", "Not A Name"], UsageError),
        (["scout", "core"], UsageError),
        (["scout@lab.us"], NotFoundError),
    ):
        with pytest.raises(error):
            network.send("core", to, "x")
    assert core.home.outgoing.audiences() == []
    network.round(2)
    assert network.acted("scout") == []


def test_a_recipient_whose_only_key_is_retired_is_no_member() -> None:
    """SEND-5: a name without an active key cannot be written to."""
    network = settled()
    members = network.members()
    members["scout"] = dict.fromkeys(members["scout"], "retired")
    network.roster(members)
    network.tick("core")
    with pytest.raises(NotFoundError):
        network.send("core", "scout", "x")


# ------------------------------------------------------------------------------ put back


def test_a_deleted_letter_is_placed_again_byte_for_byte() -> None:
    """SEND-3, SEND-2: what is put back are the stored bytes, until the receipt covers them."""
    network = settled()
    network.send("core", "scout", "one")
    [path] = network.files("peers/scout/inbox")
    first = network.data(path)
    for _ in range(3):
        network.memory.remove(path)
        network.tick("core")
        assert network.data(path) == first
    network.memory.place(path, first[:-7])
    network.tick("core")
    assert network.data(path) == first
    network.round(2)
    assert network.acted("scout") == ["core: one"]
    assert network.open_pages("core", "scout") == 0


def test_put_back_stops_when_the_receipt_covers() -> None:
    """SEND-3, RCPT-5: after that the network is quiet: heartbeats and canaries, nothing else."""
    network = settled(*FIVE)
    network.send("core", "scout", "one")
    network.send("smith", "all", insight("copper conducts"))
    assert network.writes() != []
    network.round(3)
    assert network.writes() == []


def test_a_feed_file_that_is_missing_or_shorter_is_put_back() -> None:
    """SEND-8: authors put back their own feed files."""
    network = settled()
    for word in ("one", "two", "three"):
        network.send("core", "all", insight(word))
    files = network.files("peers/core/outbox/feed")
    good = {path: network.data(path) for path in files}
    network.memory.remove(files[0])
    network.memory.place(files[1], good[files[1]][:-1])
    network.tick("core")
    assert {path: network.data(path) for path in files} == good
    network.round(2)
    assert network.acted("scout") == ["core: one", "core: three", "core: two"]


def test_a_feed_file_of_the_same_size_is_mended_too() -> None:
    """SEND-8, RCPT-13: a reader names it as damaged, and the audit finds it anyway."""
    network = settled()
    for number in range(20):
        network.send("core", "all", insight(f"number {number}"))
    network.clock.go(1000)
    for path in network.files("peers/core/outbox/feed")[10:]:
        network.memory.place(path, b"x" * len(network.data(path)))
    network.round(7)
    assert len(network.acted("scout")) == 20
    assert network.writes() == []


@pytest.mark.parametrize("folder", ["peers/core/outbox/feed", "peers/core/outbox/mail/scout"])
def test_junk_names_in_an_outbox_hide_nothing_for_ever(folder: str) -> None:
    """SEND-7, SEND-8, PAGE-15: its owner clears them away, as it does in its inbox."""
    network = settled()
    closed = denied("peers/scout/inbox*")
    network.send("core", "all", insight("published"))
    network.send("core", "scout", "letter", closed)
    junk = dict.fromkeys((f"0junk{number}" for number in range(21_000)), b"")
    network.memory.nodes(folder).update(junk)
    for _ in range(8):
        network.clock.go(SIX_HOURS_MS)
        network.tick("core", closed)
        network.tick("scout")
    assert network.acted("scout") == ["core: letter", "core: published"]


def test_a_receipt_that_may_not_be_read_stops_nothing() -> None:
    """SEND-3, PAGE-15.

    Somebody's file of mode 0600 at its name; the reader writes its own again.
    """
    network = settled()
    network.send("core", "scout", "one")
    network.round(2)
    receipt = "peers/scout/receipts/lab.eu/core.json"
    number = network.receipt("scout", "core")["n"]
    network.send("core", "scout", "two", denied(receipt, "read"))
    for _ in range(4):
        network.clock.go(SIX_HOURS_MS)
        network.tick("core", denied(receipt, "read"))
        network.tick("scout")
    assert network.acted("scout") == ["core: one", "core: two"]
    assert network.receipt("scout", "core")["n"] > number


# ------------------------------------------------------------------------------ window


def test_at_most_sixteen_pages_are_under_way_and_the_rest_is_batched() -> None:
    """SEND-4: 16 pages on the share, the rest waits and goes out together in bigger pages."""
    network = settled()
    states = [network.send("core", "scout", f"number {n:03}").state for n in range(100)]
    assert states == ["delivered"] * 16 + ["staged"] * 84
    assert len(network.files("peers/scout/inbox")) == 16
    assert network.waiting("core", "scout") == 84
    network.tick("core")
    assert len(network.files("peers/scout/inbox")) == 16
    network.round(1, only=["scout", "core"])
    assert len(network.files("peers/scout/inbox")) == 1, "84 letters in one page"
    network.round(1, only=["scout", "core"])
    assert network.acted("scout") == [f"core: number {n:03}" for n in range(100)]
    seqs = [letter.seq for letter in network.letters("scout")]
    assert seqs == [*range(1, 17), *[17] * 84]


def test_a_big_backlog_fills_pages_up_to_their_size() -> None:
    """SEND-4: 60 letters of 50 KB wait; they go out ten to a page, and none is lost."""
    network = settled()
    network.memory.gone = True
    for number in range(60):
        network.send("core", "scout", f"{number:03}" + "x" * 50_000)
    network.memory.gone = False
    network.round(3)
    texts = network.acted("scout")
    assert [text[6:9] for text in texts] == [f"{n:03}" for n in range(60)]
    seqs = {letter.seq for letter in network.letters("scout")}
    assert seqs == set(range(1, len(seqs) + 1))
    assert len(seqs) <= 7


def test_a_window_that_lost_its_receipt_still_moves() -> None:
    """SEND-4, STREAM-3: 16 open pages and a deleted receipt: duplicates make it come again."""
    network = settled()
    for number in range(40):
        network.send("core", "scout", f"{number:02}")
    for _ in range(4):
        network.clock.go(SIX_HOURS_MS)
        network.tick("scout")
        for path in network.files("peers/scout/receipts"):
            network.memory.remove(path)
        network.tick("core")
    network.round(5)
    assert network.acted("scout") == [f"core: {n:02}" for n in range(40)]
    assert network.open_pages("core", "scout") == 0


def test_the_window_holds_after_a_reader_lost_its_home() -> None:
    """SEND-4, RCPT-9: pages opened again go out sixteen at a time, too."""
    network = settled()
    backup = network.backup("scout")
    for number in range(30):
        network.send("core", "scout", f"{number:02}")
        network.round()
    network.restart("scout", backup)
    assert network.tick("scout").state == "parked"
    network.repair("scout")
    most = 0
    for _ in range(6):
        network.round(1, only=["scout", "core"])
        most = max(most, len(network.files("peers/scout/inbox")))
    assert most <= 16
    assert network.acted("scout") == [f"core: {n:02}" for n in range(30)]


# ------------------------------------------------------------------------------ every error


def _busy_network() -> Network:
    """Everything at once: letters, knowledge, a question under way, a receipt due."""
    network = settled()
    network.send("scout", "all", insight("copper conducts"))
    network.round()
    network.send("core", "scout", "a letter")
    network.send("scout", "core", insight("for core alone"))
    network.send("core", "all", insight("tin melts", "tin"))
    return network


@pytest.mark.parametrize("fault", ["unavailable", "denied", "full", "torn", "lost", "missing"])
@pytest.mark.parametrize("name", ["core", "scout"])
def test_one_error_anywhere_in_a_tick_loses_nothing(fault: str, name: str) -> None:
    """TICK-3, SEND-1: every call of a tick fails once; afterwards all is as without the error."""
    base = _busy_network()
    clean = base.copy()
    calls = clean.calls(name, lambda: clean.tick_here(name))
    clean.round(4)
    expected = {peer: clean.acted(peer) for peer in clean.peers}
    for at in range(1, len(calls) + 1):
        network = base.copy()
        with network.faulty(name, Fault(name=fault, at=at)) as share:
            try:
                network.tick_on(name, share)
            except ShareError as error:
                assert str(error)
        network.round(4)
        assert {peer: network.acted(peer) for peer in network.peers} == expected, calls[at - 1]
        assert network.writes() == [], calls[at - 1]
        assert not [c for peer in network.peers for c in network.concerns(peer)], calls[at - 1]


# ------------------------------------------------------------------------------ a full home


def _leave_room(network: Network, name: str, pages: int | None) -> None:
    """Let a home grow by so many pages of 4 KiB and no more; None: as it likes."""
    database = network.peers[name].home.db
    row = database.one("PRAGMA page_count")
    assert row is not None
    most = 2**30 if pages is None else row[0] + pages
    database.one(f"PRAGMA max_page_count = {most}")


def _with_big_letters() -> Network:
    network = settled()
    network.send("scout", "all", insight("copper conducts"))
    network.round()
    for number in range(3):
        network.send("core", "scout", f"{number} " + "x" * 20_000)
    network.send("core", "scout", Question(text="what conducts?", topics=("metal",)))
    return network


@pytest.mark.parametrize("pages", range(0, 24, 2))
def test_a_full_disk_under_the_home_of_a_reader(pages: int) -> None:
    """TICK-3, ACT-3: the tick fails and says so; letters stay, and no item is blamed for it."""
    network = _with_big_letters()
    clean = network.copy()
    clean.round(4)
    _leave_room(network, "scout", pages)
    for _ in range(5):
        with suppress(HomeError):
            network.tick("scout")
    _leave_room(network, "scout", None)
    network.restart("scout")
    network.round(4)
    assert network.acted("scout") == clean.acted("scout")
    assert network.acted("core") == clean.acted("core")
    assert network.caught("scout") == []


@pytest.mark.parametrize("pages", range(0, 24, 4))
def test_a_full_disk_under_the_home_of_an_author(pages: int) -> None:
    """SEND-1: what send returned for arrives; what it raised for was not kept by half."""
    network = settled()
    _leave_room(network, "core", pages)
    kept = []
    for number in range(6):
        with suppress(HomeError):
            network.send("core", "scout", f"{number} " + "y" * 20_000)
            kept.append(f"core: {number}")
    assert len(kept) < 6
    _leave_room(network, "core", None)
    network.restart("core")
    network.send("core", "scout", "after")
    network.round(3)
    assert [text[:7] for text in network.acted("scout")] == [*kept, "core: a"]


# ------------------------------------------------------------------------------ campaigns


class Attacker:
    """Somebody with write access to the drive and a die. Everything it does is legal for him."""

    def __init__(self, network: Network, seed: int, tricks: tuple[str, ...]) -> None:
        self.network = network
        self.dice = random.Random(seed)
        self.tricks = tricks
        self.seen: dict[str, list[bytes]] = {}

    def look(self) -> None:
        """Remember what lay there, to replay it later."""
        for path in self.network.files("peers"):
            data = self.network.memory.nodes(path.rpartition("/")[0])[path.rpartition("/")[2]]
            if isinstance(data, bytes):
                self.seen.setdefault(path, []).append(data)

    def strike(self) -> None:  # noqa: PLR0912, PLR0915 - one dice roll, one branch a deed
        """One trick with one file."""
        files = [path for path in self.network.files() if path != "NETWORK.json"]
        path = self.dice.choice(files)
        folder, _, name = path.rpartition("/")
        nodes = self.network.memory.nodes(folder)
        node = nodes[name]
        data = node if isinstance(node, bytes) else b""
        match self.dice.choice(self.tricks):
            case "delete":
                del nodes[name]
            case "flip" if data:
                at = self.dice.randrange(len(data))
                nodes[name] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            case "garbage":
                nodes[name] = self.dice.randbytes(len(data))
            case "truncate":
                nodes[name] = data[: self.dice.randrange(len(data) + 1)]
            case "empty":
                nodes[name] = b""
            case "copy":
                other = self.dice.choice(list(nodes))
                nodes[other] = node
            case "conflict" if "conflict" not in name:
                nodes[name.replace(".", ".sync-conflict-20261121-015315-N3EJAFG.", 1)] = node
            case "swap":
                other = self.dice.choice(list(nodes))
                nodes[name], nodes[other] = nodes[other], nodes[name]
            case "replay" if path in self.seen:
                nodes[name] = self.dice.choice(self.seen[path])
            case "bring back" if self.seen:
                old = self.dice.choice(sorted(self.seen))
                where, _, what = old.rpartition("/")
                with suppress(MissingError, SpecialFileError):  # something else stands there now
                    self.network.memory.nodes(where)[what] = self.dice.choice(self.seen[old])
            case "special":
                nodes[name] = None
            case "folder" if folder not in ("charter", "orders"):
                nodes[name] = {"junk": b"junk", "more": {}}
            case "oversize":
                nodes[name] = b"[" * 1_100_000
            case "no folder" if folder.startswith("peers/") and folder.count("/") > 1:
                parent, _, last = folder.rpartition("/")
                del self.network.memory.nodes(parent)[last]


MILD = ("delete", "flip", "garbage", "truncate", "empty", "copy", "conflict", "swap", "replay")
WILD = (*MILD, "bring back", "special", "folder", "oversize", "no folder")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tricks", [MILD, WILD], ids=["mild", "wild"])
def test_after_the_attacker_stops_everything_was_processed_exactly_once(
    tricks: tuple[str, ...], seed: int
) -> None:
    """SEND-3, SEND-8, STREAM-5, TICK-3, PAGE-15: random sends, ticks and tricks; then quiet.

    No tick fails, nothing is lost, nothing is doubled, receipts end the duty, put-back stops.
    """
    network = settled("core", "scout", "smith", seed=seed)
    dice, attacker = random.Random(seed), Attacker(network, seed, tricks)
    names = sorted(network.peers)
    expected: dict[str, list[str]] = {name: [] for name in names}
    with counting() as seen:
        for number in range(ROUNDS):
            attacker.look()
            author = dice.choice(names)
            others = [name for name in names if name != author]
            if dice.random() < 0.5:
                to = dice.choice(others)
                network.send(author, to, f"{number}")
                expected[to].append(f"{author}: {number}")
            elif dice.random() < 0.4:
                network.send(author, "all", insight(f"{number}"))
                for name in others:
                    expected[name].append(f"{author}: {number}")
            for _ in range(dice.randrange(3)):
                attacker.strike()
            if dice.random() < 0.6:
                network.clock.go(dice.randrange(HOUR_MS))
                network.tick(dice.choice(names))
        network.round(10 + ROUNDS // 30)
    for name in names:
        assert network.acted(name) == sorted(expected[name])
        assert [n for n in names if n != name and network.open_pages(name, n)] == []
    assert sum(seen.values()) == len(seen) == sum(map(len, expected.values()))
    assert network.writes() == []
    assert not [key for name in names for key in network.concerns(name) if "frozen" in key]


class Meddled(FaultyShare):
    """A share where somebody strikes between the calls of one tick, and the drive hiccups."""

    def __init__(self, network: Network, attacker: Attacker, dice: random.Random) -> None:
        super().__init__(network.memory)
        self._attacker, self._dice = attacker, dice

    def _do(self, op: str, path: str, run: Any, data: bytes = b"") -> Any:
        if self._dice.random() < 0.08:
            self._attacker.strike()
        match self._dice.randrange(100):
            case 0:
                raise ShareUnavailableError(f"{path}: hiccup")
            case 1 if op in WRITES:
                raise ShareDeniedError(f"{path}: hiccup")
            case 2:
                raise Killed
        return super()._do(op, path, run, data)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_attacker_amid_the_ticks_of_peers_that_crash(seed: int) -> None:
    """TICK-3, SEND-3, STREAM-5, PAGE-15.

    Tricks between any two calls, errors, kills, closed inboxes.

    What `send` returned for is acted on exactly once by whom it was for; what it was killed in
    may be or not be, and is never doubled.
    """
    network = settled("core", "scout", "smith", seed=seed)
    dice, attacker = random.Random(seed), Attacker(network, seed, WILD)
    names = sorted(network.peers)
    sure: dict[str, set[str]] = {name: set() for name in names}
    maybe: dict[str, set[str]] = {name: set() for name in names}
    for number in range(ROUNDS // 2):
        attacker.look()
        author = dice.choice(names)
        network.clock.go(dice.randrange(HOUR_MS))
        others = [name for name in names if name != author]
        to = dice.choice([*others, "all"])
        peer = network.peers[author]
        share = Meddled(network, attacker, dice)
        peer.share = share
        try:
            if dice.random() < 0.5:
                for name in others if to == "all" else [to]:
                    maybe[name].add(f"{author}: {number}")
                network.send_here(author, to, insight(f"{number}") if to == "all" else f"{number}")
                for name in others if to == "all" else [to]:
                    sure[name].add(f"{author}: {number}")
            else:
                network.tick_here(author)
        except (ShareError, Killed):
            network.restart(author)
        finally:
            network.peers[author].share = network.memory
    network.round(3)
    assert network.rest(10 + ROUNDS // 30)
    for name in names:
        got = network.acted(name)
        assert len(got) == len(set(got))
        assert sure[name] <= set(got) <= sure[name] | maybe[name]
        assert [n for n in names if n != name and network.open_pages(name, n)] == []
        assert [key for key in network.concerns(name) if not key.startswith("hidden")] == []
