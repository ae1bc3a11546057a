"""What lies on the share of one letter: its page, and what the receipt of its reader says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from peer.tracing import on_share, trace
from protocol import documents
from protocol.receipt import Refused, StreamReceipt, open_receipt
from registry import layout
from registry.faulty import Fault
from tests.network import CLUSTER, FIVE, Network

PATH = layout.receipt("librarian", CLUSTER, "core")


@pytest.fixture
def network() -> Network:
    made = Network(FIVE)
    made.round(2)
    return made


def facts(network: Network, item: str) -> list[tuple[str, str]]:
    core = network.peers["core"]
    found = on_share(core.share, core.home, core.identity, core.home.mail.get(item))
    assert found["fault"] is None
    return [(fact["what"], fact["text"]) for fact in found["facts"]]


def rewrite(network: Network, change: Callable[[StreamReceipt], StreamReceipt | None]) -> None:
    """The librarian's receipt for core says something else of each stream; None leaves it out."""
    reader = network.peers["librarian"]
    data = network.memory.read(PATH, 1 << 20)
    true = open_receipt(data, network.network, reader.address, f"core@{CLUSTER}")
    streams = tuple(line for line in map(change, true.streams) if line is not None)
    network.memory.place(PATH, documents.seal(replace(true, streams=streams), reader.signer))


@pytest.mark.parametrize(
    ("change", "what", "text"),
    [
        (lambda line: line, "acted", "received and acted on"),
        (lambda line: replace(line, acted=0), "received", "not acted on yet"),
        (
            lambda line: replace(line, refused=(Refused(seq=1, rule="PAGE-11"),)),
            "refused", "refused by PAGE-11",
        ),
        (
            lambda line: replace(line, received=0, acted=0, head=None, damaged=(1,)),
            "waits", "is damaged",
        ),
        (lambda line: replace(line, received=0, acted=0, head=None), "waits", "does not cover it"),
        (lambda line: None, "waits", "does not cover it"),
    ],
)  # fmt: skip
def test_what_a_receipt_says_of_a_letter(
    network: Network,
    change: Callable[[StreamReceipt], StreamReceipt | None],
    what: str,
    text: str,
) -> None:
    (item,) = network.send("core", "librarian", "hello").ids
    network.tick("librarian")
    rewrite(network, change)
    told = facts(network, item)
    assert told[-1][0] == what
    assert text in told[-1][1]
    # Whoever has it has cleared its page away; else its author will put it back.
    assert [fact[0] for fact in told[:-1]] == ([] if what != "waits" else ["missing"])


def test_a_page_that_waits_to_be_fetched_lies_with_its_author(network: Network) -> None:
    denied = Fault(name="denied", op="place", path="peers/librarian/inbox/*", times=-1)
    (item,) = network.send("core", "librarian", "hello", denied).ids
    (lies, _) = facts(network, item)
    assert lies == ("lies", "its page lies in the outbox of core, for librarian to fetch")


def test_an_inbox_that_cannot_be_listed_is_told(network: Network) -> None:
    (item,) = network.send("core", "librarian", "hello").ids
    denied = Fault(name="denied", op="entries", path="peers/librarian/inbox", times=-1)
    with network.faulty("core", denied):
        assert facts(network, item)[0][0] == "missing"


def test_a_share_that_fails_is_a_fault_and_no_fact(network: Network) -> None:
    (item,) = network.send("core", "librarian", "hello").ids
    core = network.peers["core"]
    with network.faulty("core", Fault(name="unavailable", times=-1)):
        found = on_share(core.share, core.home, core.identity, core.home.mail.get(item))
    assert found["facts"] == []
    assert "unavailable" in found["fault"]


def test_a_letter_in_no_page_lies_nowhere(network: Network) -> None:
    away = Fault(name="unavailable", times=-1)
    (item,) = network.send("core", "librarian", "hello", away).ids
    assert facts(network, item) == []


def test_a_letter_that_expired_says_so(network: Network) -> None:
    (item,) = network.send("core", "librarian", "hello").ids
    network.round(34, hours=24, only=[name for name in FIVE if name != "librarian"])
    core = network.peers["core"]
    assert trace(core.home, core.identity, item)["state"] == "expired"
