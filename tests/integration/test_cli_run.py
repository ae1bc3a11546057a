"""`peer run` as people start it: real processes, real signals, a real folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peer.clock import SystemClock
from peer.home import open_home
from peer.home.places import choose
from peer.logbook import newest
from peer.run.supervisor import COMMAND, Job, Patience, Supervisor
from tests.integration.typist import Typist, settled
from tests.network import acted

PATIENCE_SECONDS = 60  # for what takes a moment, on a machine that is busy
SLOW = {"pydantic", "cryptography", "croniter", "rich", "watchdog"}


def eventually(is_true: Callable[[], object], what: str = "") -> None:
    began = time.monotonic()
    while not is_true():
        assert time.monotonic() - began < PATIENCE_SECONDS, what
        time.sleep(0.02)


class Running:
    """A `peer run` under way."""

    def __init__(self, typist: Typist, *words: str, python: tuple[str, ...] = ()) -> None:
        self.typist = typist
        self.folder = typist.base / f"run-{time.monotonic_ns()}"
        self.folder.mkdir()
        command = [*map(os.fsdecode, typist.command("run", *words))]
        with (self.folder / "out").open("w") as out, (self.folder / "err").open("w") as err:
            self.process = subprocess.Popen(
                [command[0], *python, *command[1:]],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=typist.environment,
            )  # fmt: skip

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def ticks(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines() if line.endswith("}")]

    def workers(self) -> list[int]:
        done = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in done.stdout.split()]

    def ready(self) -> Running:
        eventually(lambda: "running; " in self.err, self.err)
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def typist(tmp_path: Path) -> Typist:
    return settled(tmp_path)


@pytest.fixture
def run(typist: Typist) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*words: str, **more: Any) -> Running:
        started.append(Running(typist, *words, **more))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def letters(typist: Typist, name: str) -> list[str]:
    """What a peer has acted on, each as often as it was."""
    home = open_home(os.path.join(typist.folder(name), "home.db"))
    try:
        return acted(home)
    finally:
        home.close()


def test_two_residents_write_to_each_other(typist: Typist, run: Callable[..., Running]) -> None:
    """RUN-3, RUN-6: letters are acted on in a moment; SIGTERM is exit 0, and nobody is left."""
    core, librarian = run("--as", "core", "--json").ready(), run("--as", "librarian").ready()
    for n in range(3):
        typist("send", "--as", "core", "librarian", f"to you {n}")
        typist("send", "--as", "librarian", "core", f"and back {n}")
    eventually(lambda: len(letters(typist, "core")) == len(letters(typist, "librarian")) == 3)
    assert letters(typist, "librarian") == [f"core: to you {n}" for n in range(3)]
    eventually(lambda: sum(tick["acted"] for tick in core.ticks) == 3)
    eventually(lambda: "acted on" in librarian.out)
    workers = core.workers()
    assert len(workers) == 1
    assert (core.stop(), librarian.stop(signal.SIGINT)) == (0, 0)
    assert not [pid for pid in workers if os.path.exists(f"/proc/{pid}")]
    assert {"peer", "seq", "received", "state", "peers", "problems", "at", "why"} <= set(
        core.ticks[0]
    )
    assert core.ticks[0]["why"] == "start"
    assert core.err.count("\n") == librarian.err.count("\n") == 1, core.err + librarian.err
    assert "Traceback" not in core.err + librarian.err


def test_all_identities_of_a_home(typist: Typist, run: Callable[..., Running]) -> None:
    together = run("--all", "--json")
    eventually(lambda: {tick["peer"] for tick in together.ticks} == {"core", "librarian", "scout"})
    typist("send", "--as", "core", "librarian,scout", "hello")
    eventually(lambda: letters(typist, "librarian") == letters(typist, "scout") == ["core: hello"])
    assert together.stop() == 0


def test_a_damaged_identity_keeps_nobody_else_from_living(
    typist: Typist, run: Callable[..., Running]
) -> None:
    (typist.folder("scout") / "identity.json").write_text("{")
    others = run("--all", "--json")
    eventually(lambda: {tick["peer"] for tick in others.ticks} == {"core", "librarian"})
    assert "is damaged" in others.err
    assert others.stop() == 0


def test_a_worker_that_is_killed_is_replaced(typist: Typist, run: Callable[..., Running]) -> None:
    """RUN-4, TICK-3: and nothing is done twice."""
    librarian = run("--as", "librarian").ready()
    for n in range(3):
        typist("send", "--as", "core", "librarian", f"{n}")
        for pid in librarian.workers():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda n=n: len(letters(typist, "librarian")) == n + 1)  # type: ignore[misc]
    assert letters(typist, "librarian") == ["core: 0", "core: 1", "core: 2"]
    assert "it is started again" in librarian.err
    assert librarian.stop() == 0


def test_when_the_parent_is_killed_its_worker_ends(
    typist: Typist, run: Callable[..., Running]
) -> None:
    librarian = run("--as", "librarian").ready()
    [worker] = librarian.workers()
    librarian.process.kill()
    librarian.process.wait()
    eventually(lambda: not os.path.exists(f"/proc/{worker}"))
    again = run("--as", "librarian").ready()
    assert again.stop() == 0


def test_one_resident_of_an_identity(typist: Typist, run: Callable[..., Running]) -> None:
    run("--as", "core").ready()
    said = typist("run", "--as", "core", code=1)
    assert "another `peer run` of core" in said.err
    typist("tick", "--as", "core")


def test_what_is_typed_wrong_is_one_line(typist: Typist) -> None:
    for words in (("--cron", "every day"), ("--poll", "0"), ("--watch", "closely")):
        said = typist("run", "--as", "core", *words, code=2)
        assert words[0] in said.err
    typist("run", code=2)
    typist("run", "--as", "nobody", code=3)
    (typist.folder("core") / "settings.toml").write_text('[schedule]\ncron = "0 3 * * *"\n')
    said = typist("run", "--as", "core", code=2, env={"PEER_SCHEDULE_ACTIVE_HOURS": "08:00-09:00"})
    assert "never beats" in said.err


def test_settings_that_change_are_taken_up(typist: Typist, run: Callable[..., Running]) -> None:
    """RUN-2: and what the next heartbeat announces is by the new ones."""
    core = run("--as", "core", "--json").ready()
    eventually(lambda: core.ticks)
    (typist.folder("core") / "settings.toml").write_text(
        '[schedule]\ncron = "* * * * *"\nspread_s = 0\n'
    )
    eventually(lambda: len(core.ticks) >= 2)
    beat = json.loads((typist.share / "peers/core/heartbeat.json").read_text())["signed"]
    assert beat["next_beat_ms"] == 60_000
    assert core.stop() == 0
    assert "Traceback" not in core.err


def test_what_a_resident_announced_stands(typist: Typist, run: Callable[..., Running]) -> None:
    """RUN-2: beside its own cron, whatever the settings of a letter or a tick by hand say."""
    beat = typist.share / "peers/core/heartbeat.json"
    daily = ("--cron", "0 9 * * *", "--watch", "polling", "--poll", "3600")
    core = run("--as", "core", "--json", *daily)
    eventually(lambda: core.ticks)
    before = beat.read_bytes()
    for command in ("send librarian hello", "tick"):
        typist(*command.split(), "--as", "core")
        assert json.loads(beat.read_text())["signed"]["next_beat_ms"] >= 24 * 3_600_000
        assert typist("status", "--as", "core", "--json").json["next_beat_s"] > 23 * 3600
    assert beat.read_bytes() != before
    assert core.stop() == 0
    typist("tick", "--as", "core")
    assert json.loads(beat.read_text())["signed"]["next_beat_ms"] == 6 * 3_600_000


@pytest.mark.parametrize("empty", [False, True])
def test_a_share_that_goes_away(typist: Typist, run: Callable[..., Running], empty: bool) -> None:
    """RUN-5: also where an empty folder stands there meanwhile; nothing is written into it."""
    core = run("--as", "core", "--watch", "polling", "--poll", "1").ready()
    away = typist.base / "elsewhere"
    typist.share.rename(away)
    if empty:
        typist.share.mkdir()
    eventually(lambda: "the share cannot be used" in core.err)
    time.sleep(3)
    if empty:
        assert list(typist.share.iterdir()) == []
        typist.share.rmdir()
    assert not typist.share.exists()
    away.rename(typist.share)
    typist("send", "--as", "scout", "core", "hello")
    eventually(lambda: letters(typist, "core") == ["scout: hello"])
    eventually(lambda: "all is well again" in core.err)
    assert core.err.count("the share cannot be used") == 1, core.err
    assert core.stop() == 0


def test_folders_that_come_back_are_watched_again(
    typist: Typist, run: Callable[..., Running]
) -> None:
    """RUN-3, RUN-5: the system's own word, after the whole share was another one for a while."""
    core = run("--as", "core", "--watch", "native", "--json").ready()
    eventually(lambda: core.ticks)
    typist.share.rename(typist.base / "elsewhere")
    time.sleep(0.2)
    subprocess.run(["cp", "-a", typist.base / "elsewhere", typist.share], check=True)
    for n in range(2):
        typist("send", "--as", "scout", "core", f"{n}")
        eventually(lambda n=n: len(letters(typist, "core")) == n + 1)  # type: ignore[misc]
    assert core.stop() == 0


def test_the_parent_imports_nothing_slow(typist: Typist, run: Callable[..., Running]) -> None:
    """RUN-4: it has to be there for weeks, and to touch nothing that can hang."""
    typist.env["COVERAGE_PROCESS_START"] = typist.env["COVERAGE_PROCESS_CONFIG"] = ""
    core = run("--as", "core", python=("-X", "importtime")).ready()
    assert core.stop() == 0
    lines = [line for line in core.err.splitlines() if line.startswith("import time:")]
    loaded = {line.rpartition("|")[2].strip() for line in lines}
    assert not {name.partition(".")[0] for name in loaded} & SLOW
    assert not {"registry.folder", "peer.wiring", "peer.tick.session"} & loaded
    assert "peer.run.supervisor" in loaded


class Watched:
    """A supervisor in a thread of this process, with workers that misbehave."""

    def __init__(self, typist: Typist, name: str, how: str, **patience: int) -> None:
        folder, identity = choose(str(typist.home), "peers", name, None)
        self.heard: list[dict[str, Any]] = []
        self.codes: list[int] = []
        command = list(COMMAND)
        if how:
            command = [sys.executable, "-m", "tests.integration.workers", how, str(typist.base)]
        self.supervisor = Supervisor(
            [Job(name, folder, identity.share)],
            lambda job, facts: self.heard.append(facts),
            SystemClock(),
            environment=typist.environment,
            command=command,
            patience=Patience(**patience),
        )
        self.thread = threading.Thread(
            target=lambda: self.codes.append(self.supervisor.run()), daemon=True
        )
        self.thread.start()

    def count(self, what: str) -> int:
        return sum(facts["what"] == what for facts in list(self.heard))

    def end(self, times: int = 1) -> int:
        for _ in range(times):
            self.supervisor.stop()
        self.thread.join(PATIENCE_SECONDS)
        return self.codes[0]


def test_a_frozen_share_is_waited_for(typist: Typist) -> None:
    """RUN-4, RUN-7, TICK-6: the worker ends itself, others try, it is told once; it goes on."""
    typist.env["PEER_SCHEDULE_CRON"] = "0 0 29 2 *"  # no slot comes meanwhile
    typist("send", "--as", "core", "librarian", "hello")
    watched = Watched(typist, "librarian", "frozen")
    eventually(lambda: watched.count("ready") and watched.count("frozen"))
    began = time.monotonic()
    eventually(lambda: time.monotonic() - began > 3)
    assert watched.thread.is_alive()
    assert letters(typist, "librarian") == []
    faults = newest(str(typist.folder("librarian")), 99, "error")
    assert [entry["error"] for entry in faults] == ["Stalled"]
    assert typist("status", "--as", "librarian", "--json").json["away_since"]
    (typist.base / "well").touch()
    eventually(lambda: letters(typist, "librarian") == ["core: hello"])
    eventually(lambda: watched.count("back"))
    assert watched.count("frozen") == watched.count("back") == 1
    assert len(newest(str(typist.folder("librarian")), 99, "error")) == 1
    assert typist("status", "--as", "librarian", "--json").json["away_since"] is None
    assert watched.end() == 0


def test_a_worker_without_a_sign_of_life_is_killed(typist: Typist) -> None:
    """RUN-4: a process that stands still cannot end itself."""
    typist("send", "--as", "core", "librarian", "hello")
    watched = Watched(typist, "librarian", "slow", silent_ms=3_000)
    eventually(lambda: letters(typist, "librarian") == ["core: hello"])
    before = watched.supervisor._workers[0].process
    assert before is not None
    os.kill(before.pid, signal.SIGSTOP)
    typist("send", "--as", "core", "librarian", "again")
    eventually(lambda: watched.count("silent"))
    eventually(lambda: letters(typist, "librarian") == ["core: again", "core: hello"])
    assert before.poll() == -signal.SIGKILL
    assert watched.end() == 0


def test_a_stop_does_not_wait_for_a_frozen_share(typist: Typist) -> None:
    """RUN-6: whoever hangs is killed; a second order ends it at once."""
    watched = Watched(typist, "librarian", "held", stop_ms=1_000)
    eventually(lambda: watched.count("ready"))
    assert watched.end() == 0
    watched = Watched(typist, "librarian", "held", stop_ms=1_000_000)
    eventually(lambda: watched.count("ready"))
    assert watched.end(times=2) == 0


def test_a_stop_in_the_middle_of_a_long_tick(typist: Typist) -> None:
    """RUN-6, TICK-2: it ends after the current transaction, and nothing is done twice."""
    from peer.send import send
    from peer.wiring import open_peer
    from protocol.messages import Note

    core = open_peer(*choose(str(typist.home), "peers", "core", None))
    send(core, ["librarian"], [Note(text=f"{n:04}") for n in range(1_000)])
    core.home.close()
    watched = Watched(typist, "librarian", "slow", stop_ms=1_000_000)
    handled = typist.base / "handled"
    eventually(handled.exists)
    assert watched.end() == 0
    some = len(letters(typist, "librarian"))
    assert 0 < some < 1_000
    assert handled.stat().st_size == some
    typist.round(2)
    assert letters(typist, "librarian") == [f"core: {n:04}" for n in range(1_000)]
