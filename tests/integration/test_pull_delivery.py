"""Pull delivery: where an inbox cannot be used the letter waits at its author's and is fetched."""

from __future__ import annotations

import pytest

from registry import layout
from registry.faulty import Fault
from registry.memory import Node
from tests.network import SIX_HOURS_MS, Network, denied, hidden, settled

INBOX = "peers/scout/inbox"
MAIL = "peers/core/outbox/mail/scout"

# A mount where nothing can be written; one where not even names can be read; no such folder.
CLOSED = {
    "read-only": [denied(f"{INBOX}/*", "place")],
    "no access": [denied(f"{INBOX}*")],
    "missing": [Fault(name="missing", path=f"{INBOX}*", times=-1)],
}
closed = pytest.mark.parametrize("faults", CLOSED.values(), ids=CLOSED)


def _turn(network: Network, faults: list[Fault], times: int = 1) -> None:
    for _ in range(times):
        network.clock.go(SIX_HOURS_MS)
        network.tick("core", *faults)
        network.tick("scout")


@closed
def test_the_letter_waits_in_the_own_outbox_and_the_heartbeat_says_so(faults: list[Fault]) -> None:
    """SEND-6: at once, with a new `seq` and the same `tick`; and it is fetched, once (SEND-7)."""
    network = settled()
    before = network.heartbeat("core")
    sent = network.send("core", "scout", "one", *faults)
    assert sent.state == "delivered"
    assert len(network.files(MAIL)) == 1
    after = network.heartbeat("core")
    assert after["mail"] == ["scout"]
    assert after["seq"] == before["seq"] + 1
    assert after["tick"] == before["tick"]
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]
    _turn(network, faults, 3)
    assert network.acted("scout") == ["core: one"]
    assert network.files(MAIL) == []
    assert network.heartbeat("core").get("mail", []) == []
    assert network.open_pages("core", "scout") == 0
    assert network.writes() == []


@closed
def test_a_tick_pulls_what_send_could_not_push(faults: list[Fault]) -> None:
    """SEND-6, SEND-7: staged while the share was away, then kept to be fetched."""
    network = settled()
    network.memory.gone = True
    network.send("core", "scout", "one")
    network.memory.gone = False
    _turn(network, faults, 4)
    assert network.acted("scout") == ["core: one"]
    assert network.files(MAIL) == []


@closed
def test_back_to_push(faults: list[Fault]) -> None:
    """SEND-6, SEND-7: the inbox opens again before the letter was fetched; nothing stays behind."""
    network = settled()
    network.send("core", "scout", "one", *faults)
    network.tick("core")
    network.send("core", "scout", "two")
    assert any(path.endswith(".2.page") for path in network.files(INBOX))
    network.round(4)
    assert network.acted("scout") == ["core: one", "core: two"]
    assert network.files(MAIL) == []
    assert network.files(INBOX) == []
    assert network.writes() == []


def test_a_mixture_of_pushed_and_fetched_pages_is_one_stream() -> None:
    """SEND-6, STREAM-5: in whatever way pages come, they are acted on in their order."""
    network = settled()
    for number in range(12):
        faults = list(CLOSED.values())[number % 3] if number % 2 else []
        network.send("core", "scout", f"{number:02}", *faults)
    _turn(network, [], 4)
    assert network.acted("scout") == [f"core: {n:02}" for n in range(12)]
    seqs = [letter.seq for letter in network.letters("scout")]
    assert seqs == list(range(1, 13))
    assert network.files(MAIL) == []


def test_a_receipt_that_was_lost_is_written_again() -> None:
    """SEND-7, STREAM-3: who still keeps mail for me has not seen my receipt."""
    network = settled()
    faults = CLOSED["no access"]
    network.send("core", "scout", "one", *faults)
    for _ in range(3):
        network.tick("scout")
        for path in network.files("peers/scout/receipts"):
            network.memory.remove(path)
        network.clock.go(SIX_HOURS_MS)
        network.tick("core", *faults)
    _turn(network, faults, 4)
    assert network.open_pages("core", "scout") == 0
    assert network.files(MAIL) == []


@pytest.mark.parametrize(
    "junk",
    [
        "same size",
        "shorter",
        "special",
        "folder",
        "gone",
        "oversized",
    ],
)
def test_a_damaged_file_is_named_by_its_reader_and_mended_by_its_author(junk: str) -> None:
    """SEND-6, SEND-3: in its author's folder only the author can mend a page."""
    network = settled()
    faults = CLOSED["no access"]
    network.send("core", "scout", "one", *faults)
    [path] = network.files(MAIL)
    nodes = network.memory.nodes(MAIL)
    name, size = path.rpartition("/")[2], len(network.data(path))
    del nodes[name]
    if junk != "gone":
        things: dict[str, Node] = {
            "same size": b"x" * size,
            "shorter": b"x",
            "special": None,
            "folder": {"junk": b""},
            "oversized": b"x" * 600_000,
        }
        nodes[name] = things[junk]
    _turn(network, faults, 6)
    assert network.acted("scout") == ["core: one"]
    assert network.files(MAIL) == []
    assert network.open_pages("core", "scout") == 0
    assert network.writes(["scout"]) == []


def test_mail_for_others_is_not_mine() -> None:
    """SEND-7: a letter for smith that lies in the mail for scout is refused, and both go on."""
    network = settled("core", "scout", "smith")
    faults = [denied("peers/s*/inbox*")]
    network.send("core", "scout", "for scout", *faults)
    network.send("core", "smith", "for smith", *faults)
    [theirs] = network.files("peers/core/outbox/mail/smith")
    data = network.data(theirs)
    [mine] = network.files(MAIL)
    network.memory.place(mine, data)
    network.tick("scout")
    assert network.acted("scout") == []
    assert network.caught("scout") == [("PAGE-10", mine)]
    for _ in range(5):
        network.clock.go(SIX_HOURS_MS)
        network.tick("core", *faults)
        network.tick("scout")
        network.tick("smith")
    assert network.acted("scout") == ["core: for scout"]
    assert network.acted("smith") == ["core: for smith"]


def test_without_the_flag_nobody_lists_an_outbox() -> None:
    """SEND-7: mail costs nothing where there is none."""
    network = settled("core", "scout", "smith")
    calls = network.calls("scout", lambda: network.tick_here("scout"))
    assert not [path for _, path in calls if "/outbox/mail" in path]


def test_a_hidden_heartbeat_delays_the_mail_only() -> None:
    """SEND-7: the flag is seen late (CIFS, NFS); the letter arrives when it is seen."""
    network = settled()
    faults = CLOSED["read-only"]
    network.send("core", "scout", "one", *faults)
    network.tick("scout", hidden(layout.heartbeat("core")))
    assert network.acted("scout") == []
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]


def test_sixteen_pages_wait_to_be_fetched_and_no_more() -> None:
    """SEND-4, SEND-6: the window is the same in both ways."""
    network = settled()
    faults = CLOSED["no access"]
    for number in range(40):
        network.send("core", "scout", f"{number:02}", *faults)
    assert len(network.files(MAIL)) == 16
    _turn(network, faults, 5)
    assert network.acted("scout") == [f"core: {n:02}" for n in range(40)]
    assert network.files(MAIL) == []


def test_repair_leaves_no_mail_behind() -> None:
    """SEND-7, EPOCH-4: pages of the epoch that is over leave the outbox, too."""
    network = settled()
    faults = CLOSED["no access"]
    network.send("core", "scout", "one", *faults)
    network.repair("core")
    network.restart("core")
    _turn(network, faults, 5)
    assert network.acted("scout") == ["core: one"]
    assert network.files(MAIL) == []
    assert network.heartbeat("core").get("mail", []) == []
