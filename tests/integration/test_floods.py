"""A tick stays bounded whatever fills an inbox, says what it put off, and works it off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peer.tick import act, deliver, receive, report
from protocol.messages import Note
from registry import crowd, inbox, layout, outbox
from registry.memory import Node
from tests.network import FolderNetwork, Network, acted, denied, insight, send_note, settled

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


def crowd_of(count: int) -> dict[str, Node]:
    """Names that are no letters and no pages: a third each plain, hidden and unsafe."""
    kinds = ("0junk{}", ".core.{}", "0 junk\n{}")
    return {kinds[n % 3].format(n): b"" for n in range(count)}


FOLDERS = {
    "inbox": layout.inbox("scout"),
    "feed": layout.feed("scout"),
    "mail": layout.mail("scout", "core"),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_crowd_in_a_folder_of_mine_is_said_and_goes(kind: str) -> None:
    """LAYOUT-8: from 1,000 names on; what may be a write under way from the second tick on."""
    network, folder = settled(), FOLDERS[kind]
    if kind == "mail":
        network.send("scout", "core", "one", denied(f"{layout.inbox('core')}/*", "place"))
    network.send("scout", "all", insight("published"))
    nodes = network.memory.nodes(folder)
    before = set(nodes)
    nodes.update(crowd_of(999))
    assert not any("crowded" in problem for problem in network.tick("scout").problems)
    assert len(set(nodes) - before) == 999, "a few are nobody's business"
    nodes.update(crowd_of(1_500))
    told = network.tick("scout").problems
    assert (
        f"{folder} is crowded with 1500 names that are none of the network's;"
        " 500 of them are cleared away, more at the next tick" in told
    )
    assert len(set(nodes) - before) == 1_000
    nodes.update({".core.new": b"", "0junk": b""})
    network.tick("scout")
    assert set(nodes) - before == {".core.new"}
    assert not any("crowded" in problem for problem in network.tick("scout").problems)
    assert network.peers["scout"].home.state.flags("junk:") == []
    assert before <= set(nodes)


def test_a_crowd_that_cannot_be_cleared_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """LAYOUT-8: and the tick goes on."""
    monkeypatch.setattr(crowd, "names_max", 10)
    network = settled()
    network.memory.nodes(layout.inbox("scout")).update(crowd_of(30))
    network.memory.nodes(layout.feed("scout")).update(crowd_of(30))
    network.send("core", "scout", "one")
    faults = [denied(FOLDERS[kind], "remove") for kind in ("inbox", "feed")]
    told = network.tick("scout", *faults).problems
    assert len([p for p in told if "is crowded with 30 odd names" in p]) == 2
    assert network.acted("scout") == ["core: one"]
    network.round(2)
    assert not network.memory.nodes(layout.feed("scout"))


def test_a_crowd_in_a_real_folder_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LAYOUT-8: whatever bytes the names are, and whatever stands there."""
    monkeypatch.setattr(crowd, "names_max", 20)
    network = FolderNetwork(tmp_path)
    network.round(1)
    folder = os.fsencode(f"{network.share}/{layout.inbox('scout')}")
    for number in range(10):
        for name in (b"plain%d", b".core.%d", b"\xff %d", b"new\nline%d"):
            at = os.path.join(folder, name % number)
            os.mkdir(at) if number % 2 else os.symlink(b"/nowhere", at)
    send_note(network.peers["core"], "scout", "one")
    network.round(3)
    assert os.listdir(folder) == []
    assert acted(network.peers["scout"].home) == ["core: one"]
    network.close()


def test_a_flood_of_pages_names_hides_no_page_of_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    """SEND-8, EPOCH-2: neither one that was damaged, nor one that a twin wrote."""
    monkeypatch.setattr(outbox, "names_max", 50)
    monkeypatch.setattr(deliver, "strange_pages_max", 5)
    monkeypatch.setattr(deliver, "audited_pages", 0)
    network = settled()
    network.send("core", "all", insight("one"))
    nodes = network.memory.nodes(layout.feed("core"))
    [mine] = nodes
    nodes.update({f"2222{n:04}".translate(DIGITS) + ".1.page": b"torn" for n in range(400)})
    calls = network.calls("core", lambda: network.tick_here("core"))
    assert ("read", f"{layout.feed('core')}/{mine}") not in calls, "its size says that it is whole"
    name, data, _ = network.page("core", "all", seq=2, prev="0" * 64)
    network.memory.place(outbox.path(None, name), data)
    assert network.tick("core").state == "parked"
