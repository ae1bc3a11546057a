"""Several processes at once.

Ticks and sends of one identity, peers of one share, deaths, freezes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from peer.lock import held
from tests.network import FIVE, FolderNetwork, acted, open_folder_peer, send_note, stream_seqs, tick

ROOT = Path(__file__).parents[2]


def _start(base: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.driver", str(base), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _said(process: subprocess.Popen[str], code: int = 0) -> list[dict[str, object]]:
    out, error = process.communicate(timeout=60)
    assert process.returncode == code, error
    return [json.loads(line) for line in out.splitlines() if line.endswith("}")]


def _settle(base: Path, names: tuple[str, ...], rounds: int = 4) -> dict[str, list[str]]:
    """Rounds of everybody, and what each has then; numbers have no gaps, nobody is accused."""
    peers = [open_folder_peer(base, name) for name in names]
    try:
        for _ in range(rounds):
            for peer in peers:
                assert tick(peer).state == "idle"
        for peer in peers:
            assert peer.home.concerns.all() == []
            assert peer.home.quarantine.all() == []
            for seqs in stream_seqs(peer.home):
                assert seqs == list(range(1, len(seqs) + 1))
            for other in peers:
                assert peer.home.outgoing.open_pages(other.address) == []
        return {peer.name: acted(peer.home) for peer in peers}
    finally:
        for peer in peers:
            peer.home.close()


def test_a_second_tick_at_the_same_time_does_nothing(tmp_path: Path) -> None:
    """TICK-1: busy is no error, no letter is read twice, no heartbeat is written."""
    network = FolderNetwork(tmp_path)
    core, scout = (network.peers[name] for name in network.names)
    send_note(core, "scout", "one")
    beat = Path(network.share, "peers/scout/heartbeat.json")
    with held(scout.folder) as mine:
        assert mine
        report = tick(scout)
        assert (report.state, report.received, report.seq) == ("busy", 0, 0)
        other = open_folder_peer(tmp_path, "scout")
        assert tick(other).state == "busy"
        [said] = _said(_start(tmp_path, "ticks", "scout", 1))
        assert said["state"] == "busy"
        assert not beat.exists()
        send_note(other, "core", "sending is not locked")
        other.home.close()
    assert tick(scout).state == "idle"
    assert acted(scout.home) == ["core: one"]
    network.close()


def test_a_dead_process_leaves_no_lock(tmp_path: Path) -> None:
    """TICK-1, TICK-3: the kernel frees it, in whatever way the process ended."""
    network = FolderNetwork(tmp_path)
    network.close()
    process = _start(tmp_path, "ticks", "scout", 10_000)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    scout = network.open("scout")
    assert tick(scout).state == "idle"
    network.close()


def test_one_identity_sends_from_three_processes_while_it_ticks(tmp_path: Path) -> None:
    """SEND-10, TICK-1, EPOCH-2: no number twice, no gap, nothing lost, and it does not park."""
    names = ("core", "scout", "smith")
    network = FolderNetwork(tmp_path, names)
    network.round()
    network.close()
    processes = [
        _start(tmp_path, "ticks", "core", 25),
        _start(tmp_path, "send", "core", "scout", 100, 12),
        _start(tmp_path, "send", "core", "scout,smith", 200, 12),
        _start(tmp_path, "send", "core", "all", 300, 12),
        _start(tmp_path, "ticks", "scout", 25),
    ]
    said = [_said(process) for process in processes]
    assert {line["state"] for line in said[0] + said[4]} == {"idle"}
    got = _settle(tmp_path, names)
    numbers = [*range(100, 112), *range(200, 212), *range(300, 312)]
    assert got["scout"] == [f"core: {n}" for n in numbers]
    assert got["smith"] == [f"core: {n}" for n in numbers if n >= 200]


def test_five_peers_in_five_processes(tmp_path: Path) -> None:
    """SEND-10, STREAM-6, TICK-3: everybody writes to everybody while everybody ticks."""
    network = FolderNetwork(tmp_path, FIVE)
    network.round()
    network.close()
    processes = []
    for number, name in enumerate(FIVE):
        others = ",".join(other for other in FIVE if other != name)
        processes.append(_start(tmp_path, "send", name, others, 100 * number, 6))
        processes.append(_start(tmp_path, "ticks", name, 12))
    for process in processes:
        _said(process)
    got = _settle(tmp_path, FIVE)
    for name in FIVE:
        assert got[name] == sorted(
            f"{author}: {number}"
            for index, author in enumerate(FIVE)
            if author != name
            for number in range(100 * index, 100 * index + 6)
        )


def test_what_send_reported_survives_the_death_of_its_process(tmp_path: Path) -> None:
    """SEND-1, SEND-2: processes that send in a loop are killed; every reported id arrives."""
    network = FolderNetwork(tmp_path)
    network.round()
    network.close()
    reported: set[str] = set()
    for turn in range(4):
        process = _start(tmp_path, "send", "core", "scout", 1_000 * turn, 1_000)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3 + 2 * turn)]
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=10)
        for line in [*lines, *rest.splitlines()]:
            if line.strip().endswith("}"):
                reported |= set(json.loads(line)["ids"])
    assert len(reported) >= 24
    _settle(tmp_path, ("core", "scout"))
    scout = open_folder_peer(tmp_path, "scout")
    rows = scout.home.db.read("SELECT id FROM item WHERE state = 'acted' AND mine = 0")
    scout.home.close()
    assert reported <= {row[0] for row in rows}


def test_a_share_that_freezes_ends_the_process(tmp_path: Path) -> None:
    """TICK-6: exit 5 with a word to a person, and the next tick goes on from there."""
    network = FolderNetwork(tmp_path)
    network.round()
    send_note(network.peers["scout"], "core", "one")
    network.close()
    began = time.monotonic()
    process = _start(tmp_path, "stall")
    out, error = process.communicate(timeout=30)
    assert process.returncode == 5, error
    assert out == ""
    assert "has not answered" in error
    assert time.monotonic() - began < 20
    assert _settle(tmp_path, ("core", "scout"))["core"] == ["scout: one"]


def test_leftover_temporaries_disturb_nobody(tmp_path: Path) -> None:
    """TICK-3: what killed writers left in the folders is seen by nobody."""
    network = FolderNetwork(tmp_path)
    network.round()
    send_note(network.peers["core"], "scout", "one")
    for folder in ("", "charter", "orders", "peers/scout", "peers/scout/inbox", "peers/core"):
        for name in (".core.abc", ".nfs0000", ".stfolder", ".syncthing.x.tmp"):
            Path(network.share, folder, name).write_bytes(b"half")
    Path(network.share, "peers/scout/inbox/~syncthing~x.tmp").write_bytes(b"half")
    network.round(2)
    assert acted(network.peers["scout"].home) == ["core: one"]
    assert network.peers["scout"].home.quarantine.all() == []
    network.close()
