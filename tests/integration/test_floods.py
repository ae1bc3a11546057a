"""A tick stays bounded whatever fills an inbox, says what it put off, and works it off."""

from __future__ import annotations

import pytest

from peer.tick import act, deliver, receive, report
from protocol.messages import Note
from registry import inbox, layout, outbox
from tests.network import Network, denied, insight, settled

DIGITS = str.maketrans("0189", "abcd")  # an epoch has none of these


def flood(network: Network, count: int, data: bytes = b"torn", author: str = "aaa") -> None:
    """Files by names of letters that sort before all true ones."""
    nodes = network.memory.nodes(layout.inbox("scout"))
    nodes.update({f"{author}.abcdefgh.{n}.page": data for n in range(1, count + 1)})


def left(network: Network) -> int:
    return len(network.memory.nodes(layout.inbox("scout")))


def test_a_true_letter_passes_a_flood_of_letters_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-16, PAGE-14: in the very tick; the flood goes in two looks at each part of it."""
    monkeypatch.setattr(inbox, "letters_max", 100)
    network = settled("core", "scout", "smith")
    network.send("smith", "scout", "before")
    network.round(1)
    flood(network, 450)
    network.send("core", "scout", "first of its stream")
    network.send("smith", "scout", "one more")
    told = network.tick("scout").problems
    assert network.acted("scout") == [
        "core: first of its stream", "smith: before", "smith: one more"
    ]  # fmt: skip
    assert any(problem.startswith("352 files in my inbox are put off") for problem in told)
    ticks = 1
    while left(network):
        problems = network.tick("scout").problems
        ticks += 1
        assert ticks <= 10, problems
    assert ticks == 10, "two looks at 100 each; the last 50 are seen beside others"
    assert network.writes() == []


def test_letters_of_a_known_author_behind_a_hole_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PAGE-16: what he may have under way is counted from the highest that I hold."""
    monkeypatch.setattr(inbox, "letters_max", 100)
    network = settled()
    network.send("core", "scout", "1")
    [first] = network.files(layout.inbox("scout"))
    lost = network.memory.nodes(layout.inbox("scout")).pop(first.rpartition("/")[2])
    for number in range(2, 18):
        network.peers["core"].looked.clear()
        network.send("core", "scout", str(number))
    network.memory.nodes(layout.inbox("scout")).pop(first.rpartition("/")[2], None)
    network.tick("scout")
    assert network.acted("scout") == []
    flood(network, 200)
    network.memory.nodes(layout.inbox("scout"))[first.rpartition("/")[2]] = lost
    network.tick("scout")
    assert len(network.acted("scout")) >= 15


def test_a_tick_gives_up_reading_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-16: on a slow drive the rest waits for the next tick, and is told."""
    monkeypatch.setattr(receive, "inbox_ms_max", 0)
    network = settled()
    network.send("core", "scout", "one")
    told = network.tick("scout")
    assert network.acted("scout") == []
    assert any(problem.startswith("1 files in my inbox are put off") for problem in told.problems)
    monkeypatch.undo()
    network.tick("scout")
    assert network.acted("scout") == ["core: one"]


def test_on_a_slow_drive_awaited_letters_are_read_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-16: also where all names could be listed."""
    monkeypatch.setattr(receive, "crowd", 10)
    network = settled()
    flood(network, 50)
    network.send("core", "scout", "one")
    calls = network.calls("scout", lambda: network.tick_here("scout"))
    read = [path for op, path in calls if op == "read" and layout.inbox("scout") in path]
    assert "core" in read[0]
    assert len(read) == 51
    assert network.acted("scout") == ["core: one"]


def test_more_items_than_a_tick_acts_on_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """TICK-3: they are told, and acted on in the next one."""
    monkeypatch.setattr(act, "tick_items_max", 3)
    monkeypatch.setattr(act, "batch_items_max", 2)
    network = settled()
    for number in range(6):
        network.send("core", "scout", f"{number}")
    first = network.tick("scout")
    assert any("more items than I act on" in problem for problem in first.problems)
    assert first.acted < 6
    second = network.tick("scout")
    assert first.acted + second.acted == 6
    assert not any("more items" in problem for problem in second.problems)


def test_the_report_of_a_flood_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-15: the home keeps it, and people read it."""
    monkeypatch.setattr(report, "problems_max", 20)
    network = settled()
    flood(network, 200, b"{}")
    told = network.tick("scout")
    assert told.quarantined == 200
    assert len(told.problems) == 21
    assert told.problems[-1] == "and 180 more; see `peer quarantine list`"


def test_long_work_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "shown_every", 2)
    network = settled()
    said: list[tuple[int, int, str]] = []
    network.peers["scout"].progress = lambda *what: said.append(what)
    for number in range(4):
        network.peers["core"].looked.clear()
        network.send("core", "scout", Note(text=f"{number}"))
    network.tick("scout")
    assert said == [(2, 4, "letters read"), (4, 4, "letters read"), (4, 4, "items acted on")]


@pytest.mark.parametrize("kind", ["feed", "mail"])
def test_a_flooded_outbox_hides_no_new_page(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGE-16: its owner clears it, some files a tick; readers look for what is new first."""
    monkeypatch.setattr(outbox, "names_max", 100)
    monkeypatch.setattr(deliver, "strange_pages_max", 50)
    network = settled()
    to = None if kind == "feed" else "scout"
    if kind == "feed":
        network.send("core", "all", insight("new"))
    else:
        network.send("core", "scout", "new", denied(f"{layout.inbox('scout')}/*", "place"))
    nodes = network.memory.nodes(outbox.folder("core", to))
    nodes.update({f"2222{n:04}".translate(DIGITS) + ".1.page": b"torn" for n in range(400)})
    nodes.update({f"0junk{n}": b"" for n in range(400)})
    before = len(nodes)
    told = network.tick("core").problems + network.tick("scout").problems
    assert network.acted("scout") == ["core: new"]
    assert any("is crowded; new pages are read before others" in problem for problem in told)
    network.round(30)
    assert len(nodes) < before
    assert not [name for name in nodes if name.endswith(".page") and name.startswith("2222")]
