"""Why a letter waits: every cause, told from the home of its writer."""

from __future__ import annotations

import pytest

from peer.enclosing import Source
from peer.instance import HOUR_MS
from peer.operations import tick_with_care
from peer.stewards.orders import halt
from peer.waits import outbox
from protocol import limits
from protocol.errors import ShareUnavailableError
from registry.faulty import Fault
from tests.network import CLUSTER, FIVE, Network


@pytest.fixture
def network() -> Network:
    made = Network(FIVE)
    made.round(2)
    return made


def reasons(network: Network) -> list[str]:
    rows = outbox(network.peers["core"])
    assert all(row["why"] and row["next"] for row in rows)
    return [row["reason"] for row in rows]


def test_a_letter_on_its_way_waits_for_the_next_beat_of_its_reader(network: Network) -> None:
    network.send("core", "librarian", "one")
    (row,) = outbox(network.peers["core"])
    assert row["reason"] == "under-way"
    assert row["state"] == "delivered"
    assert "librarian had not beaten since" in row["why"]
    assert "next beat is expected about 2026-" in row["next"]
    network.round(2)
    assert reasons(network) == []


def test_letters_are_told_oldest_first_for_all_readers(network: Network) -> None:
    network.send("core", "librarian", "one")
    network.send("core", "scout", "two")
    network.send("core", "librarian", "three")
    assert [row["text"] for row in outbox(network.peers["core"])] == ["one", "two", "three"]


def test_what_a_broken_drive_holds_back_names_the_fault(network: Network) -> None:
    network.send("core", "librarian", "one", Fault(name="unavailable", times=-1))
    assert reasons(network) == ["staged"]
    away = Fault(name="unavailable", times=-1)
    with pytest.raises(ShareUnavailableError), network.faulty("core", away):
        tick_with_care(network.peers["core"])
    (row,) = outbox(network.peers["core"])
    assert (row["reason"], row["state"]) == ("share", "staged")
    assert "the last tick failed: " in row["why"]
    tick_with_care(network.peers["core"])
    assert reasons(network) == ["under-way"]


def test_the_seventeenth_page_waits_for_those_before(network: Network) -> None:
    most = limits.stream_pages_unreceipted_max
    for number in range(most + 3):
        network.send("core", "librarian", f"letter {number}")
    network.tick("core")
    assert reasons(network) == ["under-way"] * most + ["window"] * 3
    assert f"{most} pages before it" in outbox(network.peers["core"])[-1]["why"]
    network.round(3)
    assert reasons(network) == []


def test_a_reader_who_is_silent_is_named_with_since_when(network: Network) -> None:
    network.send("core", "librarian", "one")
    for _ in range(4):
        network.round(only=[name for name in FIVE if name != "librarian"])
    (row,) = outbox(network.peers["core"])
    assert row["reason"] == "silent"
    assert "librarian is silent since 2026-" in row["why"]


def test_a_reader_never_heard_of_has_not_ticked(network: Network) -> None:
    signer = network.add("newcomer").signer
    network.roster(network.members() | {"newcomer": {signer.key: "active"}})
    network.tick("core")
    network.send("core", "newcomer", "welcome")
    assert reasons(network) == ["unheard"]


def test_a_reader_who_beats_and_does_not_receipt(network: Network) -> None:
    network.send("core", "librarian", "one")
    page = next(path for path in network.files("peers/librarian/inbox") if "core" in path)
    network.memory.remove(page)
    network.round(only=["librarian"])
    network.clock.go(HOUR_MS)
    # The heartbeat of its reader is heard, and nothing covers the letter.
    network.tick(
        "core", Fault(name="unavailable", op="read", path="peers/librarian/receipts/*", times=-1)
    )
    assert reasons(network) == ["no-receipt"]


def test_a_reader_who_fetches_its_files(network: Network) -> None:
    files = [Source("a", lambda: [b"a file"])]
    network.send("core", "librarian", "one", files=files)
    assert reasons(network) == ["under-way"]
    network.round(2, only=["librarian", "core"])
    assert reasons(network) == []
    network.send("core", "librarian", "two", files=[Source("b", lambda: [b"another"])])
    (blob,) = network.files("peers/core/blobs")
    network.memory.remove(blob)
    network.round(only=["librarian"])
    network.clock.go(HOUR_MS)
    network.tick("core", Fault(name="unavailable", op="place_file", times=-1))
    assert reasons(network) == ["fetching"]
    core = network.peers["core"]
    core.blobs.drop(blob.rpartition("/")[2])
    assert reasons(network) == ["attachment-lost"]


def test_an_inbox_that_cannot_be_written_is_fetched_from_mine(network: Network) -> None:
    denied = Fault(name="denied", op="place", path="peers/librarian/inbox/*", times=-1)
    network.send("core", "librarian", "one", denied)
    (row,) = outbox(network.peers["core"])
    assert (row["reason"], row["state"]) == ("pull", "delivered")


def test_a_stream_that_a_receipt_stopped_needs_a_human(network: Network) -> None:
    network.send("core", "librarian", "one")
    core = network.peers["core"]
    with core.home.transaction():
        core.home.outgoing.stop(core.home.state.epoch, f"librarian@{CLUSTER}", "it claims page 9")
    (row,) = outbox(core)
    assert row["reason"] == "stopped"
    assert "it claims page 9" in row["why"]


def test_halts_of_either_side_are_told(network: Network) -> None:
    network.send("core", "librarian", "one")
    halt(network.desk, f"librarian@{CLUSTER}", "disk check")
    network.tick(
        "core", Fault(name="unavailable", op="read", path="peers/librarian/receipts/*", times=-1)
    )
    assert reasons(network) == ["reader-halted"]
    halt(network.desk, f"core@{CLUSTER}", "disk check")
    network.tick("core")
    (row,) = outbox(network.peers["core"])
    assert row["reason"] == "halted"
    assert "disk check" in row["why"]


def test_who_is_parked_sends_nothing(network: Network) -> None:
    network.send("core", "librarian", "one")
    state = network.peers["core"].home.state
    for name, value, reason in (
        ("parked", "heartbeat 9 is signed by my key", "parked"),
        ("left", 1, "left"),
        ("moved", "epoch", "moved"),
    ):
        with network.peers["core"].home.transaction():
            state.put(name, value)
        assert reasons(network) == [reason]


def test_who_is_no_member_gets_nothing(network: Network) -> None:
    network.send("core", "librarian", "one")
    members = network.members()
    members["librarian"] = dict.fromkeys(members["librarian"], "retired")
    network.roster(members)
    network.tick("core")
    assert reasons(network) == ["no-member"]


def test_an_expired_letter_says_so_and_what_to_do(network: Network) -> None:
    network.send("core", "librarian", "one")
    others = [name for name in FIVE if name != "librarian"]
    for _ in range(34):
        network.round(hours=24, only=others)
    (row,) = outbox(network.peers["core"])
    assert (row["reason"], row["state"]) == ("expired", "expired")
    assert "peer outbox cancel" in row["next"]
