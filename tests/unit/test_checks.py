"""The checks that a peer makes: disks, missed beats, a command of its owner's."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from peer import bounded, checks
from peer.checks import CheckFailedError, examine
from peer.clock import SystemClock
from peer.home import outages
from peer.instance import RunningPeer
from peer.settings import Checks, Schedule, Settings, parse
from peer.wiring import CHECKS
from protocol.errors import HomeError, UsageError
from protocol.trouble import Trouble
from tests.network import DAY_MS, SIX_HOURS_MS, Network, settled

MIB = 1 << 20


@pytest.fixture
def network() -> Network:
    return settled()


@pytest.fixture
def core(network: Network) -> RunningPeer:
    return network.peers["core"]


def bound(peer: RunningPeer, **settings: str | int) -> None:
    """These settings of checks."""
    peer.settings = Settings(checks=Checks(**settings))  # type: ignore[arg-type]


# ------------------------------------------------------------------------------- of any kind


def test_every_peer_makes_the_same_checks(core: RunningPeer) -> None:
    made = checks.product(core)
    assert sorted(made) == sorted(CHECKS)
    bound(core, disk_warn_percent=0)
    assert [list(look()) for look in made.values()] == [[], [], []]


def test_keys_belong_to_their_check() -> None:
    found = examine("model", lambda: [Trouble("slow", "warn", "x"), Trouble("", "critical", "y")])
    assert list(found.troubles) == ["model/slow", "model"]
    assert found.whole


def test_a_check_that_raises_is_a_trouble_and_knows_of_no_end() -> None:
    """CHECK-6: the tick goes on; what it says to everybody is not what it raised."""

    def look() -> Iterable[Trouble]:
        yield Trouble("slow", "warn", "x")
        raise RuntimeError("secret /path")

    found = examine("model", look)
    assert [one.text for one in found.troubles.values()] == ["the check model raised RuntimeError"]
    assert not found.whole
    assert not examine("model", lambda: [Trouble("Slow!", "warn", "x")]).whole
    none: list[Trouble] | None = None
    assert not examine("model", lambda: none).whole  # type: ignore[arg-type, return-value]


def test_a_home_that_fails_is_no_trouble_of_the_check() -> None:
    def look() -> Iterable[Trouble]:
        raise HomeError("gone")

    with pytest.raises(HomeError):
        examine("model", look)


def test_what_finds_too_much_is_cut() -> None:
    """CHECK-6."""
    endless = (Trouble(f"t{n}", "warn", "x") for n in range(10**9))
    found = examine("model", lambda: endless)
    assert len(found.troubles) == checks.found_max + 1
    assert "more than 16" in found.troubles["model/more"].text


# -------------------------------------------------------------------------------------- disks


def disk(
    monkeypatch: pytest.MonkeyPatch, used: int, free: int, share: tuple[int, int] | None = None
) -> None:
    """A disk of the home, and perhaps another one of the share, sizes in MiB."""

    def usage(path: str) -> SimpleNamespace:
        one = (used, free) if "home" in path or share is None else share
        return SimpleNamespace(used=one[0] * MIB, free=one[1] * MIB)

    def stat(path: str) -> SimpleNamespace:
        return SimpleNamespace(st_dev=1 if "home" in path or share is None else 2)

    monkeypatch.setattr(checks, "shutil", SimpleNamespace(disk_usage=usage))
    monkeypatch.setattr(checks, "os", SimpleNamespace(stat=stat))


@pytest.mark.parametrize(
    ("used", "free", "severity"),
    [
        (89_999, 10_001, "warn"),  # as df does, the next whole percent counts
        (89_000, 11_000, None),
        (90_000, 10_000, "warn"),
        (96_000, 4_000, "warn"),
        (97_000, 3_000, "critical"),
        (1_000, 99, "critical"),
        (1_000, 100, "warn"),
        (50, 50, None),  # a small disk is not full because it is small
    ],
)
def test_a_disk_that_is_nearly_full(
    core: RunningPeer, monkeypatch: pytest.MonkeyPatch, used: int, free: int, severity: str | None
) -> None:
    core.folder = "/secret/home"
    disk(monkeypatch, used, free)
    found = checks.full_disks(core)
    assert [one.severity for one in found] == ([severity] if severity else [])
    for one in found:
        assert one.key == "home"
        assert "home and share" in one.text
        assert "secret" not in one.text, "what everybody reads names no path"
        assert "secret" in one.mend


def test_the_disk_of_the_share_is_told_of_by_one_peer(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, 10, 10_000, share=(97, 3))
    told = {}
    for name, peer in network.peers.items():
        peer.folder = "/home"
        peer.identity = replace(peer.identity, share="/drive")
        told[name] = [one.text for one in checks.full_disks(peer)]
    assert told == {"core": ["the disk of the share is 97 % full, 3 MiB are free"], "scout": []}
    with network.peers["scout"].home.transaction():
        network.peers["scout"].home.neighbours.judge([("dead", "core")])
    scout = network.peers["scout"]
    assert len(checks.full_disks(scout)) == 1, "then the next one speaks"
    scout.checks = {"disk": lambda: checks.full_disks(scout)}
    network.tick("scout")
    (lasting,) = scout.home.troubles.all()
    assert (lasting.key, lasting.alert is None) == ("disk/share", False)
    network.round(2)  # core beats again
    assert checks.full_disks(scout), "and goes on, or it would tell that it is over"


def test_a_share_that_stands_still_is_not_waited_for(
    core: RunningPeer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    core.folder = str(tmp_path)
    bound(core, disk_warn_percent=1)
    monkeypatch.setattr(checks, "share_seconds", 0.01)
    room = checks._room

    def late(path: str) -> object:
        if path != core.folder:
            time.sleep(0.3)
        return room(path)

    monkeypatch.setattr(checks, "_room", late)
    assert [one.key for one in checks.full_disks(core)] == ["home"]


def test_a_disk_of_which_nothing_is_known_is_no_trouble(
    core: RunningPeer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    core.folder = str(tmp_path / "nowhere")
    assert checks.full_disks(core) == []
    core.folder = "/home"
    disk(monkeypatch, 0, 0)
    assert checks.full_disks(core) == []
    disk(monkeypatch, 99, 1)
    bound(core, disk_warn_percent=0)
    assert checks.full_disks(core) == []
    core.folder = None
    bound(core)
    assert checks.full_disks(core) == []


# -------------------------------------------------------------------------------------- beats


@pytest.mark.parametrize(("days", "missed"), [(0.25, 0), (1, 0), (1.25, 4), (3, 11)])
def test_beats_that_no_tick_kept(
    network: Network, core: RunningPeer, days: float, missed: int
) -> None:
    """Six hours apart: after a day three were missed, and the fourth is that of this tick."""
    network.clock.go(round(days * DAY_MS))
    found = checks.missed_ticks(core)
    assert [one.text.split()[0] for one in found] == ([str(missed)] if missed else [])


def test_no_wrong_date_makes_beats_missed(network: Network, core: RunningPeer) -> None:
    network.clock.jump(400 * DAY_MS)
    assert checks.missed_ticks(core) == []
    network.clock.reboot(400 * DAY_MS)
    (one,) = checks.missed_ticks(core)
    assert one.text.startswith("27 beats"), "across a boot a week at most is believed"


def test_hours_in_which_nobody_beats_are_not_missed(network: Network, core: RunningPeer) -> None:
    hours = Schedule(cron="0 * * * *", zone="UTC", active_hours="08:00-12:00")
    core.settings, core.next_beat_ms = Settings(schedule=hours), SIX_HOURS_MS // 6
    network.clock.go(DAY_MS)
    assert checks.missed_ticks(core) == [], "four slots, of which this tick keeps one"
    bound(core, missed_ticks=0)
    network.clock.go(7 * DAY_MS)
    assert checks.missed_ticks(core) == []


def test_beats_missed_in_an_outage_say_so_and_are_not_counted_for_ever(
    network: Network, core: RunningPeer
) -> None:
    core.settings, core.next_beat_ms = Settings(schedule=Schedule(cron="* * * * *")), 60_000
    with core.home.transaction():
        outages.begin(core.home.state, network.clock.wall_ms(), "away", told=True)
    network.clock.go(3 * DAY_MS)
    (one,) = checks.missed_ticks(core)
    assert one.text.startswith("more than 1000 beats were missed since 2026-")
    assert "the share was away since 2026-" in one.text


# ------------------------------------------------------------------------------------ command


def command(core: RunningPeer, tmp_path: Path, program: str, **more: int) -> list[Trouble]:
    """What the check makes of a Python program."""
    core.folder = str(tmp_path)
    bound(core, command=shlex.join([sys.executable, "-c", program]), **more)
    return checks.of_command(core)


def test_a_line_is_a_trouble(core: RunningPeer, tmp_path: Path) -> None:
    program = (
        r"print('warn model answers take 40 s\n\nok disk\ninfo all well\ncritical gpu/0 is gone')"
    )
    assert command(core, tmp_path, program) == [
        Trouble("model", "warn", "answers take 40 s"), Trouble("gpu/0", "critical", "is gone"),
    ]  # fmt: skip
    assert command(core, tmp_path, "") == []
    bound(core)
    assert checks.of_command(core) == []


def test_the_command_knows_whom_it_looks_after(core: RunningPeer, tmp_path: Path) -> None:
    program = "import os; print('warn', os.environ['PEER_NAME'], os.path.basename(os.getcwd()))"
    assert command(core, tmp_path, program) == [Trouble("core", "warn", tmp_path.name)]


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        ("print('warn a b'); raise SystemExit(3)", "ended with 3"),
        ("print('warn a b'); print('what?')", "prints what is no `severity key text`"),
        ("print('warn a b'); print('warn A b')", "prints what is no"),
        ("print('warn a b'); print('terrible a b')", "prints what is no"),
        ("print('warn a b', flush=True); import time; time.sleep(99)", "did not end within 1 s"),
        ("print('warn a b\\n' * 100_000)", "printed more than 16384 bytes"),
        (
            "import os, sys, time; print('warn a b', flush=True)\n"
            "os.close(1); time.sleep(99)", "did not end within 1 s",
        ),
        (
            "import subprocess, sys; print('warn a b', flush=True)\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])",
            "did not end within 1 s",
        ),
    ],
)  # fmt: skip
def test_a_command_that_fails_is_a_trouble_beside_what_it_found(
    core: RunningPeer, tmp_path: Path, program: str, fault: str
) -> None:
    """CHECK-6: also where what it began holds on, or does not stop printing."""
    began = time.monotonic()
    with pytest.raises(CheckFailedError, match=fault) as caught:
        command(core, tmp_path, program, timeout_s=1)
    assert time.monotonic() - began < 10
    assert caught.value.found[0] == Trouble("a", "warn", "b")
    found = examine("command", lambda: checks.of_command(core))
    assert fault in found.troubles["command/failed"].text
    assert "command/a" in found.troubles
    assert not found.whole


def test_what_a_hanging_command_began_ends_with_it(core: RunningPeer, tmp_path: Path) -> None:
    """CHECK-6: nothing is left running."""
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
        "open('pid', 'w').write(str(child.pid)); time.sleep(99)"
    )
    with pytest.raises(CheckFailedError):
        command(core, tmp_path, program, timeout_s=1)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if _is_over(pid):
            return
        time.sleep(0.05)
    raise AssertionError("its child still runs")


def _is_over(pid: int) -> bool:
    """Gone, or dead and waiting for whoever inherited it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_what_is_no_program_is_a_trouble(core: RunningPeer, tmp_path: Path) -> None:
    for text, why in (("/nowhere/at-all --now", "No such file"), ("'a\0b'", "is no program")):
        core.folder = str(tmp_path)
        bound(core, command=text)
        with pytest.raises(CheckFailedError, match=f"cannot be run.*{why}"):
            checks.of_command(core)
    with pytest.raises(UsageError, match="quote is open"):
        parse("checks.command", "say 'hello")


def test_bytes_that_are_no_text_are_harmless() -> None:
    """CHECK-6."""
    ran = bounded.run(
        [sys.executable, "-c", r"import os; os.write(1, b'warn a \xff\x1b[31m')"],
        5_000, SystemClock(), None, os.environ,
    )  # fmt: skip
    assert ran == bounded.Ran("warn a \ufffd\x1b[31m")
    found = examine("command", lambda: [Trouble("a", "warn", ran.output)])
    assert found.troubles["command/a"].text == "warn a \ufffd?[31m"
