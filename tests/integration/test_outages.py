"""A share that is away under a resident: each slot it costs is told once, and its return."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from peer import metrics
from peer.deadline import WatchedShare
from peer.home import census, outages
from peer.instance import RunningPeer
from peer.logbook import Entry, newest
from peer.overview import status
from peer.run.beats import SLOT
from peer.run.here import teller
from peer.run.living import live
from peer.run.outages import last_words, note_death
from peer.run.supervisor import Job, Supervisor
from peer.settings import Metrics, Ping, Schedule, Settings
from peer.tick import session
from peer.tick.report import Report
from protocol.errors import HomeError, ShareDeniedError, ShareError
from tests.integration.test_resident import MINUTE_MS, Life, starting
from tests.network import FolderNetwork

CRON = "*/10 * * * *"


@pytest.fixture
def pings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which occasions were called, in their order."""
    seen: list[str] = []

    def call(self: object, occasion: str, body: str = "") -> None:
        seen.append(occasion)

    monkeypatch.setattr("peer.operations.Watchers.call", call)
    return seen


@pytest.fixture
def network(tmp_path: Path) -> Iterator[FolderNetwork]:
    made = FolderNetwork(tmp_path)
    starting(made, "2026-11-21T06:55:00")
    made.round(2)
    starting(made, "2026-11-21T07:01:00")
    yield made
    made.close()


def move(network: FolderNetwork, *, back: bool = False) -> Callable[[], None]:
    names = [network.share, f"{network.share}.away"]
    return lambda: os.rename(*(names[::-1] if back else names))


def log(peer: RunningPeer, *events: str) -> list[Entry]:
    return [e for e in newest(str(peer.folder), 1_000) if e["event"] in events]


def failed(peer: RunningPeer) -> int:
    return census.total(peer.home.state, "ticks-failed")


def value(peer: RunningPeer, name: str) -> float:
    (found,) = [family for family in metrics.families(peer) if family.name == name]
    return found.samples[0][1]


def slots(peer: RunningPeer) -> list[str]:
    return [entry["slot"][-5:] for entry in log(peer, "fault")]


def test_each_slot_that_an_outage_costs_is_one_failed_tick(
    network: FolderNetwork, pings: list[str]
) -> None:
    """RUN-7: in log, counters, metrics, `status` and pings; then one beat catches up."""
    life = Life(network, cron=CRON, look_ms=2_000)
    core, before = life.peer, failed(life.peer)
    life.then[12 * MINUTE_MS] = move(network)  # 07:13
    life.then[35 * MINUTE_MS] = move(network, back=True)
    ticks = life.go(34 * MINUTE_MS)
    assert [at // MINUTE_MS for _, at in ticks] == [0, 9]
    assert slots(core) == ["07:20", "07:30"]
    assert {entry["exit"] for entry in log(core, "fault")} == {5}
    assert failed(core) - before == 2
    assert pings == [*["start", "success"] * 2, "failure", "failure"]
    assert (value(core, "last_tick_success"), value(core, "share_away")) == (0, 1)
    found = status(core)
    assert found["last_tick_result"] == "failed"
    assert found["away_since"].startswith("2026-11-21T06:13:0")  # UTC
    assert found["away_fault"]
    assert len(log(core, "away")) == 1
    ticks = life.go(10 * MINUTE_MS)
    assert [why for why, _ in ticks] == ["share", "schedule"]
    assert ticks[1][1] == 39 * MINUTE_MS
    assert failed(core) - before == 2
    assert status(core)["away_since"] is None
    assert (value(core, "last_tick_success"), value(core, "share_away")) == (1, 0)
    (back,) = [entry["away_s"] for entry in log(core, "tick") if "away_s" in entry]
    assert 22 * 60 <= back <= 24 * 60
    assert core.home.state.text(SLOT) == "2026-11-21T07:40"


def test_the_catch_up_stands_for_the_slot_that_was_missed(
    network: FolderNetwork, pings: list[str]
) -> None:
    """RUN-1, RUN-7: a clock that goes back does not bring it again, neither as beat nor as miss."""
    life = Life(network, cron=CRON, look_ms=2_000)
    life.then[5 * MINUTE_MS] = move(network)
    life.then[10 * MINUTE_MS] = lambda: network.clock.jump(-5 * MINUTE_MS)  # 07:11 becomes 07:06
    life.then[16 * MINUTE_MS] = move(network, back=True)  # 07:12
    life.go(20 * MINUTE_MS)
    assert slots(life.peer) == ["07:10"]
    assert life.peer.home.state.text(SLOT) == "2026-11-21T07:10"


def test_a_share_that_lets_no_tick_through_is_no_failed_tick_for_every_try(
    network: FolderNetwork, pings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """RUN-7: its folders can be listed, as on a drive that is read-only."""

    def refuse(peer: RunningPeer, report: Report) -> None:
        raise ShareDeniedError("the share is read-only")

    life = Life(network, cron=CRON, look_ms=2_000)
    life.then[5 * MINUTE_MS] = lambda: monkeypatch.setattr(session, "_session", refuse)
    life.go(30 * MINUTE_MS)  # over the slots of 07:10, 07:20 and 07:30
    assert len(log(life.peer, "fault")) == failed(life.peer) == 3
    assert Counter(pings) == {"start": 2, "success": 1, "failure": 3}


def test_a_new_process_knows_of_the_outage(network: FolderNetwork, pings: list[str]) -> None:
    """RUN-7: it tells nothing twice, and of the slot that came before its time once."""
    life = Life(network, cron=CRON, look_ms=2_000)
    life.then[5 * MINUTE_MS] = move(network)
    life.go(10 * MINUTE_MS)
    assert slots(life.peer) == ["07:10"]
    life.resident = life.begin()
    life.go(1 * MINUTE_MS)
    assert len(log(life.peer, "fault")) == len(log(life.peer, "away")) == 1
    network.clock.go(10 * MINUTE_MS)  # 07:22, and nobody was there at 07:20
    life.resident = life.begin()
    life.go(1 * MINUTE_MS)
    assert len(log(life.peer, "fault")) == 2
    move(network, back=True)()
    life.resident = life.begin()
    assert [why for why, _ in life.go(1 * MINUTE_MS)] == ["share"]
    assert pings.count("failure") == 2
    assert pings[-1] == "success"


def frozen(peer: RunningPeer, text: str = "the share has not answered for 60 s") -> None:
    """Another thread's last words, as the guard of the share says them."""
    thread = threading.Thread(target=last_words, args=(peer, text))
    thread.start()
    thread.join()


def test_a_frozen_share_outside_of_a_tick_is_told_once_and_for_each_slot(
    network: FolderNetwork, pings: list[str], tmp_path: Path
) -> None:
    """RUN-7: by the thread that ends the process, over a home of its own."""
    core, prom = network.peers["core"], tmp_path / "core.prom"
    network.tick("core")
    core.settings = Settings(
        schedule=Schedule(cron=CRON, zone="Europe/Berlin", spread_s=0),
        metrics=Metrics(textfile=str(prom)),
    )
    frozen(core)
    frozen(core)
    (entry,) = log(core, "fault")
    assert (entry["error"], entry["exit"]) == ("Stalled", 5)
    assert pings == ["failure"]
    assert status(core)["last_tick_result"] == "failed"
    assert status(core)["away_since"] is not None
    (sample,) = [x for x in prom.read_text().splitlines() if x.startswith("soma_peer_share_away{")]
    assert sample.endswith(" 1")
    network.clock.go(10 * MINUTE_MS)
    frozen(core)
    frozen(core)
    assert len(log(core, "fault")) == len(pings) == 2


def test_a_worker_that_was_killed_is_told_of_by_the_next(
    network: FolderNetwork, pings: list[str]
) -> None:
    core = network.peers["core"]
    note_death(core, "no sign of life for 60 s")
    note_death(core, "no sign of life for 60 s")
    frozen(core)
    (entry,) = log(core, "fault")
    assert (entry["error"], entry["text"]) == ("Silent", "no sign of life for 60 s")
    assert pings == ["failure"]


def test_a_home_that_is_gone_does_not_keep_the_last_words_back(
    network: FolderNetwork, pings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: str) -> Any:
        raise HomeError("it is gone")

    monkeypatch.setattr("peer.operations.open_home", gone)
    frozen(network.peers["core"])
    assert [entry["error"] for entry in log(network.peers["core"], "fault")] == ["Stalled"]
    assert pings == ["failure"]


def test_a_resident_has_last_words_in_and_between_ticks(
    network: FolderNetwork, pings: list[str]
) -> None:
    """RUN-7: those of a tick give way to those of the loop again, and none stay after it."""
    core = network.peers["core"]
    core.share = share = WatchedShare(core.share, core.clock)
    told: list[str] = []

    class Waits:
        def wait(self, ms: int) -> None:
            told.append("waited")
            share.last_words("the share has not answered")

        def wake(self) -> None:
            """Nobody is waited for."""

    core.settings = replace(core.settings, ping=Ping())
    live(core, share, Waits(), lambda: bool(told), lambda what, **facts: None)
    assert told == ["waited"]
    assert [entry["error"] for entry in log(core, "fault")] == ["Stalled"]
    share.last_words("nobody lives any more")
    assert len(log(core, "fault")) == 1


def test_the_next_worker_hears_why_the_one_before_was_killed(tmp_path: Path) -> None:
    """RUN-4, RUN-7: the supervisor opens no home; whoever comes next can note it."""
    given: list[dict[str, Any]] = []

    class Process:
        stdin = stdout = None
        pid = 7

        def kill(self) -> None:
            """It is gone at once."""

        def wait(self) -> int:
            return -9

    class Clock:
        def monotonic_ms(self) -> int:
            return 0

    supervisor = Supervisor(
        [Job("core", str(tmp_path), str(tmp_path))],
        lambda job, facts: None,
        Clock(),  # type: ignore[arg-type]
    )
    (worker,) = supervisor._workers
    worker.lived = True

    def start(command: list[str], **_: Any) -> Process:
        given.append(json.loads(command[-1]))
        return Process()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("peer.run.supervisor.subprocess.Popen", start)
        patch.setattr(Supervisor, "_read", lambda *words: None)
        for silent_ms in (61_000, 0):
            supervisor._turn(worker)
            worker.silent_ms = silent_ms
            supervisor._turn(worker)
            supervisor._take(worker, 7, None)
            worker.due_ms = 0
        supervisor._turn(worker)
    assert given[0]["died"] is None
    assert "no sign of life for 61 s" in given[1]["died"]
    assert given[2]["died"] is None


def test_a_program_hears_of_an_outage_once_and_of_its_end() -> None:
    heard: list[object] = []
    tell = teller(
        lambda report: heard.append(report.state),
        lambda why: heard.append(f"away: {why}"),
        lambda: heard.append("back"),
    )
    tick = {"report": Report("core").as_json()}
    tell("ready", watch="native")
    tell("tick", **tick)
    tell("away", error="gone")
    tell("away", error="still gone")
    tell("tick", **tick)
    tell("tick", **tick)
    assert heard == ["idle", "away: gone", "back", "idle", "idle"]


def test_a_failed_tick_of_a_scheduler_is_an_outage_too(network: FolderNetwork) -> None:
    from peer.operations import tick_with_care

    core = network.peers["core"]
    move(network)()
    for _ in range(2):  # each is called by its schedule
        with pytest.raises(ShareError):
            tick_with_care(core)
        network.clock.go(MINUTE_MS)
    found = outages.current(core.home.state)
    assert found is not None
    assert found.told_ms - found.since_ms == MINUTE_MS
    assert len(log(core, "fault")) == 2
    move(network, back=True)()
    tick_with_care(core)
    assert outages.current(core.home.state) is None
