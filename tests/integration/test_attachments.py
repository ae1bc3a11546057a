"""Attachments: part of "received", put back whatever happens, bounded, and never mistaken."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest

from peer.enclosing import Source
from peer.home.blobs import MemoryBlobs, Part
from peer.settings import Letters, Settings
from peer.tick import blobs as own_blobs
from peer.tick import fetch
from protocol import canonical, documents, limits, wire
from protocol.errors import HomeError, UsageError
from protocol.messages import Attachment, Note
from protocol.receipt import Receipt
from registry import layout, outbox
from registry.faulty import Fault, FaultyShare
from registry.share import Share
from tests.network import CLUSTER, DAY_MS, Killed, Network, denied, failing, hidden, settled

DATA = bytes(range(256)) * 40
NAME = sha256(DATA).hexdigest()
BLOB = f"peers/core/blobs/{NAME}"


def source(data: bytes = DATA, name: str = "data.bin") -> Source:
    return Source(name, lambda: [data[:100], data[100:]])


def attach(network: Network, *contents: bytes, to: str = "scout", text: str = "see files") -> str:
    """Core sends a letter with these files; its id."""
    return network.send("core", to, text, files=[source(data) for data in contents]).ids[0]


def inbox(network: Network, name: str = "scout") -> list[str]:
    return network.memory.names(f"peers/{name}/inbox", 99)


def blobs_of(network: Network, name: str = "core") -> list[str]:
    return network.files(f"peers/{name}/blobs")


def held(network: Network, name: str) -> dict[str, bytes]:
    found = network.peers[name].blobs
    assert isinstance(found, MemoryBlobs)
    return found.files


def texts(network: Network, name: str = "scout") -> list[str]:
    return [canonical.decode(one.data)["body"]["text"] for one in network.letters(name)]


def age(network: Network, days: int, *names: str) -> None:
    for _ in range(days):
        network.clock.go(DAY_MS)
        for name in names:
            network.tick(name)


class TestTheWay:
    def test_a_letter_and_its_file(self) -> None:
        """ATT-1, ATT-2, ATT-3: on the share until the receipt, at the reader for good."""
        network = settled()
        attach(network, DATA)
        assert network.data(BLOB) == DATA
        report = network.tick("scout")
        assert (report.received, report.problems) == (1, [])
        assert held(network, "scout") == {NAME: DATA}
        assert inbox(network) == []
        network.tick("core")
        assert blobs_of(network) == []
        assert network.peers["core"].home.state.number("blobs") == 0
        assert network.rest()

    def test_one_file_for_many_letters_lies_there_once(self) -> None:
        """ATT-3: until the last of its readers has it."""
        network = settled("core", "scout", "smith")
        network.send("core", ["scout", "smith"], "both", files=[source()])
        network.send("core", "scout", "again", files=[source()])
        assert blobs_of(network) == [BLOB]
        network.tick("scout")
        network.tick("core")
        assert blobs_of(network) == [BLOB]
        network.tick("smith")
        network.tick("core")
        assert blobs_of(network) == []

    def test_without_attachments_nobody_looks(self) -> None:
        """ATT-3: who never attached anything pays nothing."""
        network = settled()
        network.send("core", "scout", "plain")
        for name in ("core", "scout", "core"):
            calls = network.calls(name, lambda name=name: network.tick_here(name))  # type: ignore[misc]
            assert not [path for _, path in calls if "blobs" in path]

    def test_files_come_before_the_page_that_names_them(self) -> None:
        """ATT-3: and where they cannot come the page does not either."""
        network = settled()
        sent = network.send(
            "core", "scout", "x", Fault(name="full", op="place_file", times=-1), files=[source()]
        )
        assert sent.state == "staged"
        assert inbox(network) == []
        network.round()
        assert texts(network) == ["x"]

    def test_a_letter_that_is_staged_brings_its_file_later(self) -> None:
        """SEND-1, ATT-3."""
        network = settled()
        network.memory.gone = True
        attach(network, DATA)
        network.memory.gone = False
        network.round(2)
        assert texts(network) == ["see files"]
        assert held(network, "scout") == {NAME: DATA}

    def test_letters_that_are_fetched_bring_their_files(self) -> None:
        """ATT-2, SEND-7: pull delivery."""
        network = settled()
        refuse = failing("denied", "place", "peers/scout/inbox/*")
        network.send("core", "scout", "x", refuse, files=[source()])
        assert inbox(network) == []
        network.memory.remove(BLOB)
        network.tick("scout")
        assert texts(network) == []
        with network.faulty("core", refuse):
            network.tick_here("core")
        network.tick("scout")
        assert texts(network) == ["x"]
        assert held(network, "scout") == {NAME: DATA}

    def test_what_is_published_is_fetched_by_nobody(self) -> None:
        """ATT-6."""
        network = settled()
        attach(network, DATA, to="all")
        assert network.data(BLOB) == DATA
        calls = network.calls("scout", lambda: network.tick_here("scout"))
        assert texts(network) == ["see files"]
        assert not [path for _, path in calls if "blobs" in path]
        assert held(network, "scout") == {}
        age(network, 89, "core", "scout")
        assert blobs_of(network) == [BLOB]
        network.send("core", "all", "newer")
        age(network, 4, "core", "scout")
        assert blobs_of(network) == []

    @pytest.mark.parametrize("data", [b"", b"x", DATA])
    def test_any_size(self, data: bytes) -> None:
        """ATT-1."""
        network = settled()
        attach(network, data)
        network.tick("scout")
        assert list(held(network, "scout").values()) == [data]


class TestWaiting:
    def test_a_letter_waits_for_all_its_files_and_others_do_not(self) -> None:
        """ATT-2: its stream goes on behind it, and is acted on when it has come."""
        network = settled("core", "scout", "smith")
        attach(network, DATA, b"other")
        network.send("core", "scout", "behind it")
        network.send("smith", "scout", "of another")
        network.memory.remove(BLOB)
        report = network.tick("scout")
        assert sorted(texts(network)) == ["behind it", "of another"]
        assert any("not on the share yet" in problem for problem in report.problems)
        assert network.acted("scout") == ["smith: of another"]
        assert network.receipt("scout", "core")["streams"][-1]["received"] == 0
        assert len(inbox(network)) == 1
        network.tick("core")
        assert network.data(BLOB) == DATA
        network.tick("scout")
        assert network.acted("scout") == ["core: behind it", "core: see files", "smith: of another"]

    def test_who_waits_long_is_told_and_told_when_it_is_over(self) -> None:
        """ATT-5."""
        network = settled()
        attach(network, DATA)
        for _ in range(fetch.patient_ticks):
            with network.faulty("scout", hidden("peers/core/blobs/*")):
                network.tick_here("scout")
        assert "stuck:core@lab.eu" not in network.concerns("scout")
        with network.faulty("scout", hidden("peers/core/blobs/*")):
            network.tick_here("scout")
        assert "stuck:core@lab.eu" in network.concerns("scout")
        network.tick("scout")
        assert "stuck:core@lab.eu" not in network.concerns("scout")
        assert texts(network) == ["see files"]

    def test_a_letter_whose_file_never_comes_expires(self) -> None:
        """ATT-2, AGE-4: and what came behind it is acted on then."""
        network = settled()
        attach(network, DATA)
        network.send("core", "scout", "behind it")
        held(network, "core").clear()
        network.memory.remove(BLOB)
        report = network.tick("core")
        assert any("gone from this home" in problem for problem in report.problems)
        age(network, 33, "core", "scout")
        assert network.acted("scout") == ["core: behind it"]
        assert inbox(network) == []
        assert network.rest()

    def test_fetching_goes_on_where_it_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """ATT-5: a tick reads so many bytes, and the next one the rest."""
        monkeypatch.setattr(fetch, "tick_bytes_max", 4_000)
        monkeypatch.setattr(fetch, "part_bytes", 1_000)
        network = settled()
        attach(network, DATA)
        sizes = []
        for _ in range(3):
            assert texts(network) == []
            network.tick("scout")
            sizes.append(len(held(network, "scout").get(f"{NAME}.core.part", b"")))
        assert sizes == [4_000, 8_000, 0]
        assert texts(network) == ["see files"]
        assert held(network, "scout") == {NAME: DATA}

    def test_a_drive_that_fails_in_the_middle_loses_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ATT-2: what is here already is not read again."""
        monkeypatch.setattr(fetch, "part_bytes", 1_000)
        network = settled()
        attach(network, DATA)
        report = network.tick("scout", Fault(name="unavailable", op="read_part", at=4))
        assert len(held(network, "scout")[f"{NAME}.core.part"]) == 3_000
        assert any("waits for its attachments" in problem for problem in report.problems)
        calls = network.calls("scout", lambda: network.tick_here("scout"))
        assert len([op for op, _ in calls if op == "read_part"]) == 8
        assert texts(network) == ["see files"]

    @pytest.mark.parametrize("at", range(1, 12))
    def test_a_death_anywhere_loses_nothing(self, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """ATT-2, TICK-3: while a reader fetches."""
        monkeypatch.setattr(fetch, "part_bytes", 1_500)
        network = settled()
        attach(network, DATA, b"other")
        try:
            network.tick("scout", Fault(name="kill_after", op="read_part", at=at))
        except Killed:
            network.restart("scout")
        network.round(2)
        assert network.acted("scout") == ["core: see files"]
        assert held(network, "scout")[NAME] == DATA
        assert blobs_of(network) == []

    @pytest.mark.parametrize("name", ["kill_before", "kill_after", "kill_torn"])
    def test_a_death_of_the_author_loses_nothing(self, name: str) -> None:
        """ATT-3, SEND-1: while a file comes to the share; half of one is written anew."""
        network = settled()
        network.memory.make_folder("peers/core/blobs")
        with pytest.raises(Killed):
            network.send("core", "scout", "x", Fault(name=name, op="place_file"), files=[source()])
        network.restart("core")
        network.round(2)
        assert network.acted("scout") == ["core: x"]
        assert held(network, "scout") == {NAME: DATA}


class TestDamage:
    @pytest.mark.parametrize("wrong", [b"short", DATA + b"more", b""])
    def test_a_file_of_another_size_is_not_read(self, wrong: bytes) -> None:
        """ATT-1, ATT-3: its author sees it himself."""
        network = settled()
        attach(network, DATA)
        network.memory.place(BLOB, wrong)
        calls = network.calls("scout", lambda: network.tick_here("scout"))
        assert not [op for op, _ in calls if op == "read_part"]
        network.tick("core")
        assert network.data(BLOB) == DATA
        network.tick("scout")
        assert texts(network) == ["see files"]

    def test_other_bytes_of_the_right_size_are_written_anew(self) -> None:
        """ATT-4: the receipt names the page, and nobody keeps what is wrong."""
        network = settled()
        attach(network, DATA)
        network.memory.place(BLOB, bytes(len(DATA)))
        report = network.tick("scout")
        assert any("damaged" in problem for problem in report.problems)
        assert held(network, "scout") == {}
        assert network.receipt("scout", "core")["streams"][-1]["damaged"] == [1]
        network.tick("core")
        assert network.data(BLOB) == DATA
        network.tick("scout")
        assert texts(network) == ["see files"]
        assert network.receipt("scout", "core")["streams"][-1]["damaged"] == []
        network.tick("core")
        assert network.peers["core"].home.mail.unacknowledged() == []
        assert network.rest()

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda share: share.put_special(BLOB),
            lambda share: (share.remove(BLOB), share.make_folder(f"{BLOB}/deep")),
            lambda share: share.remove("peers/core/blobs"),
            lambda share: (share.remove("peers/core/blobs"), share.place("peers/core/blobs", b"")),
        ],
    )
    def test_whatever_stands_in_its_place_gives_way(self, spoil: Callable[[Share], object]) -> None:
        """ATT-3, LAYOUT-7."""
        network = settled()
        attach(network, DATA)
        spoil(network.memory)
        network.tick("scout")
        assert texts(network) == []
        network.round(2)
        assert texts(network) == ["see files"]
        assert network.rest()

    def test_junk_beside_them_goes(self) -> None:
        """ATT-8: what another life may have put there stays a while."""
        network = settled()
        attach(network, DATA)
        stray, large = "e" * 64, "f" * 64
        network.memory.place(f"peers/core/blobs/{stray}", b"of another life")
        network.memory.make_folder(f"peers/core/blobs/{large}")
        network.memory.place("peers/core/blobs/README", b"junk")
        network.round(2)
        assert network.memory.names("peers/core/blobs", 9) == [stray]
        age(network, own_blobs.stray_days - 1, "core", "scout")
        assert network.memory.names("peers/core/blobs", 9) == [stray]
        age(network, 2, "core", "scout")
        assert network.memory.names("peers/core/blobs", 9) == []
        assert network.rest()

    @pytest.mark.parametrize("name", ["junk", "0" * 64])
    def test_what_cannot_be_removed_keeps_no_file_from_coming_back(self, name: str) -> None:
        """ATT-3: as the folder of another user is there."""
        network = settled()
        attach(network, DATA)
        network.memory.place(f"peers/core/blobs/{name}", bytes(2**27) if name != "junk" else b"")
        network.memory.remove(BLOB)
        network.tick("core", denied(f"peers/core/blobs/{name}", "remove"))
        network.tick("scout")
        assert texts(network) == ["see files"]

    def test_a_flood_of_strays_is_kept_within_bounds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """ATT-8."""
        monkeypatch.setattr(own_blobs, "strays_max", 5)
        network = settled()
        attach(network, DATA)
        for number in range(20):
            network.memory.place(f"peers/core/blobs/{number:064x}", b"x")
        network.tick("core")
        assert len(blobs_of(network)) == 6

    def test_a_reader_who_lost_his_home_gets_the_file_again(self) -> None:
        """RCPT-9, ATT-3: from the home of its author."""
        network = settled()
        before = network.backup("scout")
        attach(network, DATA)
        network.round(2)
        assert blobs_of(network) == []
        network.restart("scout", before).blobs = MemoryBlobs()
        network.repair("scout")
        network.round(4)
        assert network.acted("scout") == ["core: see files"]
        assert held(network, "scout") == {NAME: DATA}
        assert blobs_of(network) == []


class TestBounds:
    def test_beyond_the_room_of_a_home_letters_wait(self) -> None:
        """ATT-5: half of it for one author; a person is told how to make more."""
        network = settled("core", "scout", "smith")
        large = bytes(600_000)
        network.peers["scout"].settings = Settings(letters=Letters(attachments_mb=1))
        attach(network, large)
        network.send("smith", "scout", "small", files=[source(DATA)])
        for _ in range(fetch.patient_ticks + 1):
            report = network.tick("scout")
        assert texts(network) == ["small"]
        assert any("room for 1 MiB" in problem for problem in report.problems)
        concern = network.peers["scout"].home.concerns.all()[-1]
        assert "attachments_mb" in concern.mend
        network.peers["scout"].settings = Settings(letters=Letters(attachments_mb=2))
        network.tick("scout")
        assert sorted(texts(network)) == ["see files", "small"]

    def test_what_letters_withdrew_makes_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """ATT-5: a hostile author takes letters back whose files were begun, and begins others."""
        monkeypatch.setattr(fetch, "tick_bytes_max", 300_000)
        monkeypatch.setattr(fetch, "part_bytes", 50_000)
        network = settled("core", "scout", "smith")
        network.peers["scout"].settings = Settings(letters=Letters(attachments_mb=1))
        for number in range(6):
            attach(network, bytes([number]) * 400_000)
            network.tick("scout")
            if number < 5:
                for path in network.files("peers/scout/inbox"):
                    network.memory.remove(path)
        assert sum(map(len, held(network, "scout").values())) <= 1_048_576
        network.send("smith", "scout", "mine", files=[source(bytes(300_000))])
        for _ in range(4):
            network.tick("scout")
        assert "mine" in texts(network)

    def test_all_authors_together_keep_to_the_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """ATT-5: each has half of what the others leave; who comes last has room, too."""
        monkeypatch.setattr(fetch, "tick_bytes_max", 300_000)
        monkeypatch.setattr(fetch, "part_bytes", 50_000)
        network = settled("core", "fred", "scout", "smith")
        network.peers["scout"].settings = Settings(letters=Letters(attachments_mb=1))
        for number in range(6):
            author = ("core", "fred")[number % 2]
            network.send(author, "scout", author, files=[source(bytes([number]) * 300_000)])
        for _ in range(12):
            network.tick("scout")
            assert sum(map(len, held(network, "scout").values())) <= 1_048_576
        assert sorted(texts(network)) == ["core", "fred"]
        network.send("smith", "scout", "smith", files=[source(bytes(200_000))])
        for _ in range(3):
            network.tick("scout")
        assert "smith" in texts(network)

    def test_what_others_say_of_a_file_that_is_here_takes_no_room(self) -> None:
        """ATT-5: a member names contents that came long ago, as far larger than they are."""
        network = settled("core", "scout", "smith")
        some = [bytes([number]) for number in range(10)]
        network.send("smith", "scout", "small", files=[source(data) for data in some])
        network.round(2)
        network.peers["scout"].settings = Settings(letters=Letters(attachments_mb=64))
        named = tuple(
            Attachment(sha256=sha256(data).hexdigest(), size=2**26, name="x") for data in some
        )
        item = network.item("smith", "lies", attachments=named)
        page, data, _ = network.page("smith", "scout", [item], seq=9, prev="0" * 64)
        network.drop("scout", page, data)
        attach(network, DATA)
        network.tick("scout")
        assert "see files" in texts(network)

    def test_a_reader_who_takes_back_his_receipt_has_a_windowful_written_again(self) -> None:
        """ATT-3, SEND-4: however many pages he says that he has lost; and a bound a tick."""
        network = settled()
        for number in range(40):
            attach(network, bytes([number]))
            network.round(1, hours=1)
        before = network.receipt("scout", "core")
        scout = network.peers["scout"]
        (line,) = before["streams"]
        lost = {
            **before,
            "n": before["n"] + 1,
            "streams": [{**line, "received": 0, "acted": 0, "have": []}],
        }
        lost["streams"][0].pop("head", None)
        forged = documents.seal(wire.trusted(Receipt, lost), scout.signer)
        network.memory.place(layout.receipt("scout", CLUSTER, "core"), forged)
        attach(network, DATA)
        network.tick("core")
        network.tick("core")
        assert network.caught("core") == []
        assert network.open_pages("core", "scout") > 30
        assert 1 < len(blobs_of(network)) <= 16

    def test_a_home_that_lost_its_files_says_so(self) -> None:
        """ATT-9: its database is there, and the folder of its attachments is not."""
        network = settled()
        attach(network, DATA)
        network.round(2)
        lost = held(network, "scout").copy()
        held(network, "scout").clear()
        network.round(6)
        assert "files" in network.concerns("scout")
        held(network, "scout").update(lost)
        network.round(6)
        assert "files" not in network.concerns("scout")

    def test_a_letter_whose_file_is_lost_holds_back_no_other(self) -> None:
        """ATT-10: after two days it ends, its writer is told, and what shared its page goes on."""
        network = settled()
        for number in range(limits.stream_pages_unreceipted_max):
            network.send("core", "scout", f"{number}")
        attach(network, b"lost", text="without its file")
        network.send("core", "scout", "in the same page")
        held(network, "core").pop(sha256(b"lost").hexdigest())
        network.round(3, hours=1)
        network.send("core", "scout", "after it")
        network.round(3, hours=1)
        assert len(network.acted("scout")) == limits.stream_pages_unreceipted_max
        age(network, 1, "core", "scout")
        assert "expired:scout@lab.eu" not in network.concerns("core")
        age(network, 3, "core", "scout")
        came = network.acted("scout")
        assert came.count("core: after it") == came.count("core: in the same page") == 1
        assert "core: without its file" not in came
        assert "expired:scout@lab.eu" in network.concerns("core")
        assert network.open_pages("core", "scout") == 0
        network.send("core", "scout", "goes on")
        network.round(2)
        assert "core: goes on" in network.acted("scout")

    @pytest.mark.parametrize("pulled", [False, True])
    def test_pages_whose_files_never_come_are_not_all_opened_at_every_tick(
        self, pulled: bool
    ) -> None:
        """ATT-5: a member writes more of them than any window has."""
        network = settled("core", "scout", "smith")
        mail = denied("peers/scout/inbox/*", "place")
        network.send("smith", "scout", "plain", *([mail] if pulled else []))
        named = (Attachment(sha256="5d" * 32, size=9, name="x"),)
        for seq in range(2, 50):
            item = network.item("smith", str(seq), attachments=named)
            name, data, _ = network.page("smith", "scout", [item], seq=seq, prev="0" * 64)
            if pulled:
                network.memory.place(outbox.path("scout", name), data)
            else:
                network.drop("scout", name, data)
        attach(network, DATA)
        calls = network.calls("scout", lambda: network.tick_here("scout"))
        read = [path for op, path in calls if op == "read" and "smith" in path and "page" in path]
        assert 10 < len(read) <= 2 * 16
        assert sorted(texts(network)) == ["plain", "see files"]

    def test_nobody_spoils_what_another_author_offers(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ATT-2, ATT-5: two members offer something else under the hash of his file."""
        monkeypatch.setattr(fetch, "tick_bytes_max", 12_000)
        monkeypatch.setattr(fetch, "part_bytes", 1_000)
        network = settled("anna", "core", "scout", "zoe")
        attach(network, DATA)
        for name in ("anna", "zoe"):
            network.send(name, "scout", "mine", files=[source(DATA)])
            network.memory.place(f"peers/{name}/blobs/{NAME}", bytes(len(DATA)))
        for _ in range(4):
            for name in ("anna", "zoe"):
                network.memory.place(f"peers/{name}/blobs/{NAME}", bytes(len(DATA)))
            network.tick("scout")
        assert "see files" in texts(network)
        assert network.peers["scout"].home.journal.damaged("core@lab.eu") == []

    def test_what_another_command_is_about_to_send_stays(self) -> None:
        """ATT-5: what no letter names makes room only if an earlier look saw it, too."""
        network = settled("core", "scout")
        scout = network.peers["scout"]
        scout.settings = Settings(letters=Letters(attachments_mb=1))
        kept = scout.blobs.put([bytes(700_000)])
        attach(network, bytes([1]) * 400_000)
        network.tick("scout")
        assert scout.blobs.size(kept.sha256) == kept.size
        network.tick("scout")
        assert scout.blobs.size(kept.sha256) is None
        assert texts(network) == ["see files"]

    def test_authors_share_what_a_tick_fetches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """ATT-5: whoever floods keeps nobody else's files from coming."""
        monkeypatch.setattr(fetch, "tick_bytes_max", 30_000)
        monkeypatch.setattr(fetch, "part_bytes", 1_000)
        network = settled("core", "scout", "smith")
        for number in range(5):
            attach(network, bytes([number]) * 14_000)
        network.send("smith", "scout", "mine", files=[source()])
        network.tick("scout")
        assert "mine" in texts(network)
        network.round(6)
        assert len(texts(network)) == 6

    def test_files_that_no_letter_names_leave_the_home(self) -> None:
        """AGE-6: of what was sent when its page goes, of what never came after some days."""
        network = settled()
        attach(network, DATA)
        held(network, "scout")["d" * 64 + ".core.part"] = b"begun"
        age(network, 3, "core", "scout")
        assert len(held(network, "scout")) == 2
        age(network, 3, "core", "scout")
        assert held(network, "scout") == {NAME: DATA}
        assert held(network, "core") == {NAME: DATA}
        age(network, 62, "core", "scout")
        assert held(network, "core") == {}
        assert held(network, "scout") == {NAME: DATA}

    def test_what_is_received_stays_as_long_as_its_letter(self) -> None:
        """AGE-7."""
        network = settled()
        attach(network, DATA)
        network.tick("scout")
        age(network, 360, "scout")
        assert held(network, "scout") == {NAME: DATA}
        age(network, 12, "scout")
        assert held(network, "scout") == {}

    def test_a_file_too_large_or_too_many_are_refused_before_anything_is_sent(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """ATT-1."""
        network = settled()
        monkeypatch.setattr("protocol.limits.blob_bytes_max", 1_000)
        with pytest.raises(UsageError, match="larger"):
            attach(network, DATA)
        with pytest.raises(UsageError, match="at most 16"):
            attach(network, *(bytes([n]) for n in range(17)))
        with pytest.raises(UsageError, match="same content"):
            attach(network, b"x", b"x")
        assert network.letters("core") == []
        assert inbox(network) == []

    def test_sixteen_are_not_too_many(self) -> None:
        """ATT-1."""
        network = settled()
        attach(network, *(bytes([n]) * n for n in range(16)))
        network.tick("scout")
        assert len(held(network, "scout")) == 16
        assert texts(network) == ["see files"]

    def test_a_file_that_vanishes_while_it_is_sent_is_noticed(self) -> None:
        """SEND-1: nothing is reported as sent whose bytes are not in the home."""
        network = settled()
        peer = network.peers["core"]

        class Forgetful(MemoryBlobs):
            def size(self, name: str) -> int | None:
                return None

        peer.blobs = Forgetful()
        with pytest.raises(HomeError, match="send it again"):
            attach(network, DATA)
        assert peer.home.mail.unacknowledged() == []


def test_a_page_of_files_that_never_come_costs_one_listing() -> None:
    """ATT-5: 640 names in one page, of which none is there."""
    network = settled()
    items = [network.item("core", Note(text=f"{n}"), attachments=attachments(n)) for n in range(40)]
    name, data, _ = network.page("core", "scout", items)
    network.drop("scout", name, data)
    calls = network.calls("scout", lambda: network.tick_here("scout"))
    assert len([path for _, path in calls if "blobs" in path]) == 1


def attachments(number: int) -> tuple[object, ...]:
    from protocol.messages import Attachment

    return tuple(
        Attachment(sha256=sha256(b"%d %d" % (number, one)).hexdigest(), size=9, name="x")
        for one in range(16)
    )


def test_a_home_without_room_on_its_disk_waits_and_goes_on() -> None:
    """ATT-5: the tick ends as every other one, and a person is told."""
    network = settled("core", "scout", "smith")
    attach(network, DATA)
    network.send("smith", "scout", "plain")

    class Full(MemoryBlobs):
        def begin(self, name: str, author: str) -> Part:
            raise HomeError("the disk is full; make room")

    network.peers["scout"].blobs = Full()
    report = network.tick("scout")
    assert any("the disk is full" in problem for problem in report.problems)
    assert texts(network) == ["plain"]
    network.peers["scout"].blobs = MemoryBlobs()
    network.tick("scout")
    assert sorted(texts(network)) == ["plain", "see files"]


def test_a_folder_that_cannot_be_listed_keeps_nobody_else_waiting() -> None:
    """ATT-5: another author's files come all the same."""
    network = settled("core", "scout", "smith")
    attach(network, DATA)
    network.send("smith", "scout", "mine", files=[source(b"other")])
    report = network.tick("scout", failing("unavailable", "entries", "peers/core/blobs"))
    assert any("attachments of core" in problem for problem in report.problems)
    assert texts(network) == ["mine"]


def test_a_tick_fetches_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """ATT-5: then others have their turn, and the rest is fetched by the next one."""
    network = settled()
    attach(network, DATA)
    monkeypatch.setattr(fetch, "tick_ms_max", 0)
    network.tick("scout")
    assert texts(network) == []
    monkeypatch.undo()
    network.tick("scout")
    assert texts(network) == ["see files"]


def test_a_file_that_shrinks_while_it_is_read_is_damaged() -> None:
    """ATT-1, ATT-4: what is here is judged by its hash, and dropped."""
    network = settled()
    attach(network, DATA)

    class Shrinking(FaultyShare):
        def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
            return super().read_part(path, offset, bytes_max)[:100] if offset == 0 else b""

    report = network.tick_on("scout", Shrinking(network.memory))
    assert any("damaged" in problem for problem in report.problems)
    assert held(network, "scout") == {}
    network.round(2)
    assert texts(network) == ["see files"]
