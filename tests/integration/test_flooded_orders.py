"""Files among the steward documents that no steward signed: they stop nobody, and hide little."""

from __future__ import annotations

import pytest

from peer.stewards import strangers
from peer.stewards.orders import halt
from protocol.order import Order
from registry import charter, layout
from tests.network import Network, path_of, settled

TORN, FALSE = b"torn", b'{"signatures":[],"signed":{}}'


def flood(network: Network, count: int, data: bytes = FALSE, folder: str = layout.ORDERS) -> None:
    """Files under names of documents."""
    form = "{:016x}.json" if folder == layout.ORDERS else "9{:06}.roster.0123abcd.json"
    network.memory.nodes(folder).update((form.format(n), data) for n in range(count))


def ticks_until_halted(network: Network) -> int:
    for count in range(1, 200):
        network.clock.go(3_600_000)
        if network.tick("scout").state == "parked":
            return count
    raise AssertionError("never halted")


@pytest.mark.parametrize("folder", charter.FOLDERS)
@pytest.mark.parametrize("form", ["{}.json", "{:016x}.json.sync-conflict", "{:015X}A.json", "x{}"])
def test_names_of_another_form_are_nothing(folder: str, form: str) -> None:
    """HALT-8, LAYOUT-2: 20,000 of them, and all goes on as before."""
    network = settled()
    network.memory.nodes(folder).update((form.format(n), b"junk") for n in range(20_000))
    network.send("core", "scout", "one")
    network.clock.go(2_000)
    report = network.tick("scout")
    assert (report.state, report.problems) == ("idle", [])
    assert network.acted("scout") == ["core: one"]
    halt(network.desk, "*", "")
    assert ticks_until_halted(network) == 1
    assert network.concerns("scout") == []


@pytest.mark.parametrize("folder", charter.FOLDERS)
@pytest.mark.parametrize("data", [TORN, FALSE])
def test_a_flood_of_names_of_documents_parks_nobody(folder: str, data: bytes) -> None:
    """HALT-8, HALT-9: letters go on, what was signed holds, and a person is told what to do."""
    network = settled()
    halt(network.desk, "core@lab.eu", "")
    network.round(1)
    flood(network, 5_000, data, folder)
    network.resume_all()
    network.send("scout", "core", "one")
    network.round(3)
    assert network.concerns("scout") == ["flooded"]
    network.round(45)
    assert network.acted("core") == ["scout: one"]
    nodes = network.memory.nodes(folder)
    nodes.clear()
    network.round(1)
    assert network.concerns("scout") == []
    assert nodes, "peers put back what they know"
    flood(network, 5_000, data, folder)
    assert len(list(charter.documents(network.memory))) > 5_000, "who must have seen all sees all"


def test_a_halt_in_a_flood_is_found_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """HALT-9: whatever has not been read comes before what was judged."""
    monkeypatch.setattr(strangers, "files_max", 20)
    network = settled()
    flood(network, 300)
    halt(network.desk, "*", "")
    assert 2 <= ticks_until_halted(network) <= 22, "300 files, 20 a look; one tick of four is lost"
    assert network.concerns("scout") == ["flooded"]
    network.resume_all()
    network.round(45)
    halt(network.desk, "*", "")
    assert ticks_until_halted(network) <= 2, "all else was judged"


def test_a_halt_in_the_place_of_junk_is_found_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """HALT-9: junk may have taken the place of a document, which somebody puts back."""
    monkeypatch.setattr(strangers, "files_max", 20)
    network = settled()
    flood(network, 300)
    salt, now = "b" * 26, network.clock.wall_ms()
    body = Order(network=network.network, order="halt", scope="*", salt=salt, at=now)
    document = network.desk.seal(body)
    network.memory.place(path_of(document), FALSE)
    network.round(25)
    network.memory.place(path_of(document), document.data)
    assert ticks_until_halted(network) <= 4 * 16


def test_a_halt_that_a_neighbour_has_heard_of_is_found_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HALT-9, AUTH-11: signed heads tell which file of a flood to read."""
    monkeypatch.setattr(strangers, "files_max", 20)
    network = settled()
    network.round(1)
    halt(network.desk, "*", "")
    network.tick("core")
    flood(network, 300)
    assert ticks_until_halted(network) == 1
    assert network.concerns("scout") == ["flooded"]


def test_large_files_are_read_in_turn_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """HALT-9: so many bytes at each look."""
    monkeypatch.setattr(strangers, "bytes_max", 100_000)
    network = settled()
    flood(network, 30, b"x" * 20_000)
    halt(network.desk, "*", "")
    before = len(network.memory.nodes(layout.ORDERS))
    assert before == 31
    assert 2 <= ticks_until_halted(network) <= 12


def test_an_unreadable_file_holds_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """HALT-9: what stays unread is passed by."""
    monkeypatch.setattr(strangers, "files_max", 20)
    network = settled()
    nodes = network.memory.nodes(layout.ORDERS)
    for number in range(60):
        network.memory.put_special(f"{layout.ORDERS}/{number:016x}.json")
    halt(network.desk, "*", "")
    assert len(nodes) == 61
    assert ticks_until_halted(network) <= 5


def test_many_true_documents_are_no_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    """HALT-9: whoever comes late learns all that stewards signed in years, at once."""
    monkeypatch.setattr(strangers, "files_max", 20)
    network = settled()
    for number in range(50):
        halt(network.desk, "*", f"the {number}th")
    assert ticks_until_halted(network) == 1
    assert network.concerns("scout") == []
    network.resume_all()
    network.clock.go(2_000)
    assert network.tick("scout").state == "idle"
