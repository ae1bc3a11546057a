"""What is told of a tick: log lines, counters, calls of addresses; and that none can fail it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from peer import lock
from peer.deadline import watch
from peer.home import census
from peer.instance import RunningPeer
from peer.logbook import Entry, newest
from peer.operations import problems_logged_max, tick_with_care
from peer.settings import Log, Metrics, Ping, Settings
from peer.tick import session
from peer.tick.report import Report
from protocol.errors import ShareError
from tests.network import FolderNetwork
from tests.unit.test_pings import Server, hanging, serving, unproxied

__all__ = ["serving", "unproxied"]  # fixtures


@pytest.fixture
def network(tmp_path: Path) -> Iterator[FolderNetwork]:
    made = FolderNetwork(tmp_path)
    yield made
    made.close()


def log(peer: RunningPeer, level: str = "debug") -> list[Entry]:
    return newest(str(peer.folder), 1_000, level)


def pinged(peer: RunningPeer, url: str, timeout_s: int = 5) -> RunningPeer:
    """The peer with all addresses at a server."""
    ping = Ping(
        start=f"{url}/start", success=f"{url}/success", failure=f"{url}/failure",
        timeout_s=timeout_s,
    )  # fmt: skip
    peer.settings = Settings(ping=ping)
    return peer


def test_a_tick_notes_one_line_with_its_counts(network: FolderNetwork) -> None:
    core = network.peers["core"]
    tick_with_care(core)
    (entry,) = log(core)
    assert entry.items() >= {
        "level": "info", "event": "tick", "peer": "core", "tick": 1, "seq": 1, "result": "ok",
        "received": 0, "acted": 0, "quarantined": 0, "delivered": 0, "published": 0,
        "problems": 0, "took_ms": 0,
    }.items()  # fmt: skip


def test_each_problem_is_a_warning_and_there_is_an_end_to_them(
    network: FolderNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = network.peers["core"]

    def troubled(peer: RunningPeer, report: Report) -> None:
        report.problems += [f"problem {n}" for n in range(problems_logged_max + 5)]

    monkeypatch.setattr(session, "_session", troubled)
    tick_with_care(core)
    texts = [entry["text"] for entry in log(core, "warning")]
    assert texts[0] == "problem 0"
    assert len(texts) == problems_logged_max + 1
    assert texts[-1] == "and 5 more problems"
    assert census.total(core.home.state, "problems") == problems_logged_max + 5


def test_a_fault_that_ends_a_tick_is_an_error_and_is_raised(network: FolderNetwork) -> None:
    core = network.peers["core"]
    network.round()
    os.rename(network.share, f"{network.share}.away")
    with pytest.raises(ShareError):
        tick_with_care(core)
    *_, entry = log(core, "error")
    assert (entry["event"], entry["exit"]) == ("fault", 5)
    assert entry["text"]
    assert log(core, "info")[-2]["result"] == "failed"
    assert core.home.state.text("last_tick_fault") == entry["text"]
    os.rename(f"{network.share}.away", network.share)
    tick_with_care(core)
    assert core.home.state.text("last_tick_fault") == ""
    assert len(log(core, "error")) == 1


def test_a_mistake_of_ours_is_told_too_and_stays_one(
    network: FolderNetwork, monkeypatch: pytest.MonkeyPatch, serving: Server
) -> None:
    core = pinged(network.peers["core"], serving.url)

    def broken(peer: RunningPeer, report: Report) -> None:
        raise ValueError("a bug \udc80")

    monkeypatch.setattr(session, "_session", broken)
    with pytest.raises(ValueError, match="a bug"):
        tick_with_care(core)
    (entry,) = log(core, "error")
    assert (entry["error"], entry["text"]) == ("ValueError", "a bug \\udc80")
    assert serving.seen[-1] == ("POST", "/failure", "a bug \\udc80")


def test_a_tick_beside_another_is_told_to_nobody(network: FolderNetwork, serving: Server) -> None:
    core = pinged(network.peers["core"], serving.url)
    core.settings = replace(core.settings, log=Log(level="debug"))
    with lock.held(core.folder):
        assert tick_with_care(core).state == "busy"
    assert [entry["event"] for entry in log(core)] == ["busy"]
    assert serving.seen == []
    assert census.total(core.home.state, "ticks-ok") == 0


# ------------------------------------------------------------------------------- addresses


def test_addresses_hear_the_start_and_the_success(network: FolderNetwork, serving: Server) -> None:
    tick_with_care(pinged(network.peers["core"], serving.url))
    assert serving.seen == [("GET", "/start", ""), ("GET", "/success", "")]


def test_addresses_hear_a_failure_with_its_reason(network: FolderNetwork, serving: Server) -> None:
    core = pinged(network.peers["core"], serving.url)
    os.rename(network.share, f"{network.share}.away")
    with pytest.raises(ShareError) as raised:
        tick_with_care(core)
    assert serving.seen == [("GET", "/start", ""), ("POST", "/failure", str(raised.value)[:1000])]


def test_who_needs_a_human_has_not_succeeded(network: FolderNetwork, serving: Server) -> None:
    core = pinged(network.peers["core"], serving.url)
    with core.home.transaction():
        core.home.state.put("parked", "heartbeat 9 is signed by my key")
    assert tick_with_care(core).human is not None
    assert [path for _, path, _ in serving.seen] == ["/start", "/failure"]
    assert "heartbeat 9" in serving.seen[1][2]
    assert census.total(core.home.state, "ticks-parked") == 1


def test_addresses_that_fail_or_hang_are_warnings_without_the_address(
    network: FolderNetwork, serving: Server
) -> None:
    core = pinged(network.peers["core"], f"{serving.url}/500")
    assert tick_with_care(core).state == "idle"
    with hanging() as url:
        core.settings = Settings(ping=Ping(success=url, timeout_s=1))
        assert tick_with_care(core).state == "idle"
    texts = [entry["text"] for entry in log(core, "warning")]
    assert texts == [
        "ping.start failed: the answer was 500",
        "ping.success failed: the answer was 500",
        "ping.success failed: no answer within 1 s",
    ]
    raw = (Path(network.folder("core")) / "log" / "peer.jsonl").read_text()
    assert "127.0.0.1" not in raw
    assert "secret" not in raw


def test_a_process_that_stays_need_not_wait(network: FolderNetwork) -> None:
    with hanging() as url:
        core = network.peers["core"]
        core.settings = Settings(ping=Ping(success=url, timeout_s=1))
        tick_with_care(core, wait=False)
        assert log(core, "warning") == []  # the call is still under way


# ------------------------------------------------------- nothing around a tick can fail it


def test_a_full_disk_around_a_tick_ends_nothing(
    network: FolderNetwork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    core = network.peers["core"]
    core.settings = Settings(metrics=Metrics(textfile=str(tmp_path / "core.prom")))

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("peer.logbook.os.write", full)
    monkeypatch.setattr("peer.metrics.os.fsync", lambda descriptor: full(descriptor, b""))
    # The share goes on as it is: it has the same functions under its own names.
    monkeypatch.setattr(session, "_session", lambda peer, report: None)
    assert tick_with_care(core).state == "idle"
    assert not (tmp_path / "core.prom").exists()


def test_a_home_that_cannot_be_written_does_not_hide_why(network: FolderNetwork) -> None:
    core = network.peers["core"]
    network.round()
    core.home.db._connection.execute("PRAGMA query_only = 1")
    core.settings = Settings(metrics=Metrics(textfile="core.prom"))
    with pytest.raises(Exception, match=r"readonly|cannot be written"):
        tick_with_care(core)
    assert [e["event"] for e in log(core)][-3:] == ["metrics", "tick", "fault"]


def test_a_frozen_share_is_told_before_the_process_ends_itself(
    network: FolderNetwork, monkeypatch: pytest.MonkeyPatch, serving: Server
) -> None:
    core = pinged(network.peers["core"], serving.url)
    core.share = watched = watch(core.share, core.clock)

    def frozen(peer: RunningPeer, report: Report) -> None:
        watched.last_words("the share has not answered for 60 s (list peers)")

    monkeypatch.setattr(session, "_session", frozen)
    tick_with_care(core)
    (entry,) = log(core, "error")
    assert entry["error"] == "Stalled"
    assert "60 s (list peers)" in entry["text"]
    assert ("POST", "/failure", entry["text"]) in serving.seen
    watched.last_words("nobody ticks any more")
    assert len(log(core, "error")) == 1


FROZEN = """
import sys, threading
from peer import deadline
from peer.home.places import choose
from peer.operations import tick_with_care
from peer.settings import Ping, Settings
from peer.wiring import open_peer
from registry.folder import FolderShare

deadline.stalled_ms_max = 300
FolderShare.read = lambda *words: threading.Event().wait()
peer = open_peer(*choose(sys.argv[1], "peers", "core", None), watched=True)
peer.settings = Settings(ping=Ping(failure=sys.argv[2]))
tick_with_care(peer)
"""


def test_a_process_that_a_frozen_share_ends_leaves_word(
    network: FolderNetwork, serving: Server
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FROZEN, network.home, f"{serving.url}/failure"],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    (entry,) = log(network.peers["core"], "error")
    assert (entry["error"], entry["exit"]) == ("Stalled", 5)
    assert entry["text"] in done.stderr
    assert serving.seen == [("POST", "/failure", entry["text"])]
    # And the next tick, over a share that answers, goes on.
    assert tick_with_care(network.peers["core"]).state == "idle"
