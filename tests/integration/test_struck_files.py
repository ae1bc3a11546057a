"""What the fuzz campaign (tests/fuzz) found, each as a story of its own."""

from __future__ import annotations

import pytest

from peer.home import quarantine
from protocol import canonical, limits
from registry import layout
from registry.memory import Node
from tests.network import CLUSTER, Network, settled

CORES_RECEIPT = layout.receipt("core", CLUSTER, "scout")
DOCUMENT = f"{layout.CHARTER}/9.roster.aaaaaaaa.json"
BAD: dict[str, tuple[Node, str]] = {
    "device": (None, "LAYOUT-9"),
    "folder": ({"inside": b"x"}, "LAYOUT-9"),
    "oversized": (b" " * (limits.steward_bytes_max + 1), "ENV-1"),
}


def put(network: Network, path: str, node: Node) -> None:
    folder, _, name = path.rpartition("/")
    network.memory.make_folder(folder)
    network.memory.nodes(folder)[name] = node


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("path", [layout.heartbeat("core"), CORES_RECEIPT, DOCUMENT])
def test_what_can_be_no_document_is_set_aside_with_its_rule(path: str, kind: str) -> None:
    """LAYOUT-9, ENV-1: also a receipt, which was passed over without a word; once, and counted."""
    network = settled()
    network.send("scout", "core", "one")
    node, rule = BAD[kind]
    for _ in range(3):
        put(network, path, node)
        network.tick("scout")
    [caught] = network.peers["scout"].home.quarantine.all()
    assert (caught.file, caught.rule, caught.times) == (path, rule, 3)
    assert caught.reason
    network.round(4)
    assert network.acted("core") == ["scout: one"]


def test_a_misspelled_signature_is_no_half_written_file() -> None:
    """PAGE-14, CANON-7: the document is whole, so nobody waits for the rest of it."""
    network = settled()
    network.send("core", "scout", "one")
    [path] = network.files(layout.inbox("scout"))
    value = canonical.decode(network.data(path))
    value["signatures"][0]["sig"] += "="
    put(network, path, canonical.encode(value))
    network.tick("scout")
    assert network.caught("scout") == [("CANON-7", path)]
    network.round(2)
    assert network.acted("scout") == ["core: one"]


@pytest.mark.parametrize("node", [b"junk", b'{"a":1}', None, {"in": b"x"}], ids=repr)
def test_junk_in_a_mail_folder_that_nobody_was_told_of_is_cleared(node: Node) -> None:
    """SEND-11: its owner looks there when he writes to that reader, mail or no mail."""
    network = settled("core", "scout", "smith")
    path = f"{layout.mail('core', 'scout')}/aaaaaaaa.1.page"
    put(network, path, node)
    network.round(2)
    network.send("core", "scout", "one")
    network.round(5)
    assert network.acted("scout") == ["core: one"]
    assert network.files(layout.mail("core", "scout")) == []
    assert path in [file for _, file in network.caught("core")]
    assert network.heartbeat("core")["mail"] == []


def test_junk_at_the_place_of_a_receipt_that_was_never_written_gives_way() -> None:
    """RCPT-16, LAYOUT-7: what is not what its owner wrote is written over."""
    network = settled()
    assert network.files(layout.peer_folder("scout") + "/receipts") == []
    path = layout.receipt("scout", CLUSTER, "core")
    put(network, path, b"junk")
    network.round(2)
    assert network.receipt("scout", "core")["streams"] == []
    network.send("core", "scout", "one")
    network.round(2)
    assert network.acted("scout") == ["core: one"]
    assert network.open_pages("core", "scout") == 0


def test_the_quarantine_keeps_its_bound_while_a_flood_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PAGE-15: not only at the end of a tick, or a flood of large files would fill the disk."""
    monkeypatch.setattr(quarantine, "entries_max", 30)
    monkeypatch.setattr(quarantine, "trimmed_every", 10)
    network = settled()
    nodes = network.memory.nodes(layout.inbox("scout"))
    nodes.update({f"nobody.abcdefgh.{n}.page": b"{}" for n in range(1, 501)})
    most = 0
    home = network.peers["scout"].home
    add = home.quarantine.add

    def counted(*args: object, **more: object) -> bool:
        nonlocal most
        added = add(*args, **more)  # type: ignore[arg-type]
        most = max(most, home.quarantine.count())
        return added

    monkeypatch.setattr(home.quarantine, "add", counted)
    network.tick("scout")
    assert 30 <= most <= 30 + 10


def test_false_receipts_alone_do_not_fill_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-15: another one at every tick, and nothing else that would be counted."""
    monkeypatch.setattr(quarantine, "entries_max", 5)
    network = settled()
    network.send("scout", "core", "one")
    for number in range(20):
        put(network, CORES_RECEIPT, canonical.encode({"junk": number}))
        network.tick("scout")
    assert network.peers["scout"].home.quarantine.count() <= 5
