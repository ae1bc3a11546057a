"""`peer schedule`, as a user types it, over tools that are not the real ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from peer import lock
from tests.integration.scheduling import Tools
from tests.integration.typist import NAMES, Typist, settled


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path / "tools")


@pytest.fixture
def typed(tmp_path: Path, tools: Tools) -> Typist:
    typist = settled(tmp_path)
    typist.env = {**tools.environment, "PEER_NAME": "core"}
    return typist


def units(tools: Tools) -> list[str]:
    return sorted(p.name for p in (tools.base / "account").rglob("*") if p.is_file())


@pytest.mark.slow
def test_install_show_remove(typed: Typist, tools: Tools) -> None:
    said = typed("schedule", "install")
    assert "core  is installed with systemd and beats at 0 */6 * * *" in said.out
    (now,) = (line for line in said.out.splitlines() if line.startswith("  try now  "))
    assert "-m peer tick" in now
    assert "--spread" not in now
    assert "journalctl --user -u soma-peer-core-" in said.out
    assert "enable-linger" in said.out
    assert len(units(tools)) == 2
    tools.forget()
    assert "already" in typed("schedule", "install").out
    assert tools.changes == []
    shown = typed("schedule", "show", "--json").json
    assert (shown["installed"], shown["scheduler"], shown["current"]) == (True, "systemd", True)
    assert shown["next_run"] == "Sat 2026-11-21 18:00:00 UTC"
    assert len(shown["files"]) == 2
    assert "2026-11-21 18:00" in typed("schedule", "show").out
    assert "is removed" in typed("schedule", "remove").out
    assert "nothing to do" in typed("schedule", "remove").out
    assert units(tools) == []
    assert typed("schedule", "show", "--json").json["installed"] is False
    assert "peer schedule install" in typed("schedule", "show").out


@pytest.mark.slow
def test_the_cron_that_was_typed_becomes_the_setting(typed: Typist, tools: Tools) -> None:
    typed("schedule", "install", "--cron", "5 */2 * * *", "--dry-run")
    typed("schedule", "print", "--cron", "5 */2 * * *")
    assert not (typed.folder("core") / "settings.toml").exists()
    typed("schedule", "install", "--cron", "5 */2 * * *")
    rows = {row["name"]: row for row in typed("config", "show", "--json").json}
    assert rows["schedule.cron"]["value"] == "5 */2 * * *"
    assert "  times    5 */2 * * *\n" in typed("schedule", "show").out
    said = typed("config", "set", "schedule.cron", "6 */2 * * *")
    assert "`peer schedule install` does it" in said.err
    assert "  wanted   6 */2 * * *\n" in typed("schedule", "show").out
    assert typed("schedule", "show", "--json").json["current"] is False
    assert "`peer schedule install` mends it" in typed("schedule", "show").out
    typed("schedule", "install")
    assert typed("schedule", "show", "--json").json["current"] is True
    for bad in ("at noon", "0 0 L * *", "0 0 31 2 *"):
        typed("schedule", "install", "--cron", bad, code=2)
    assert typed("schedule", "show", "--json").json["current"] is True


@pytest.mark.slow
def test_dry_run_and_print_touch_nothing(typed: Typist, tools: Tools) -> None:
    tools.crontab = "# mine\n"
    value = typed("schedule", "install", "--dry-run", "--json").json
    assert (value["changed"], value["dry_run"]) == (True, True)
    said = typed("schedule", "install", "--dry-run").out
    assert "would be installed" in said
    assert "OnCalendar=" in said
    said = typed("schedule", "install", "--with", "cron", "--dry-run").out
    assert "run crontab -" in said
    assert "| # mine" in said
    for name in ("systemd", "cron", "launchd"):
        found = typed("schedule", "print", "--with", name, "--json").json["units"]
        assert all("--spread" in text or ".timer" in path for path, text in found.items())
        assert typed("schedule", "print", "--with", name).out
    assert tools.changes == []
    assert units(tools) == []
    assert tools.crontab == "# mine\n"
    typed("schedule", "install", "--with", "cron")
    assert "would be removed" in typed("schedule", "remove", "--dry-run").out
    assert typed("schedule", "show", "--json").json["scheduler"] == "cron"


def test_units_are_shown_also_where_no_scheduler_works(typed: Typist, tools: Tools) -> None:
    for tool in ("systemctl", "crontab"):
        tools.without(tool)
    assert "[Timer]" in typed("schedule", "print").out
    assert "--spread" in typed("schedule", "print", "--with", "cron").out
    assert "no scheduler can be used" in typed("schedule", "install", code=1).err
    assert typed("schedule", "show", "--json").json["installed"] is False


def test_no_unit_holds_a_secret(typed: Typist, tools: Tools) -> None:
    """The key stays in the home; the environment of whoever installs is not copied."""
    secret = {"AWS_SECRET_ACCESS_KEY": "hunter2", "PEER_PASSPHRASE": "hunter2"}
    for name in ("systemd", "cron", "launchd"):
        typed("schedule", "install", "--with", name, env=secret)
    key = (typed.folder("core") / "key").read_bytes()
    kept = [f.read_bytes() for f in tools.base.rglob("*") if f.is_file()]
    assert not any(b"hunter2" in data or key in data for data in kept)


def test_who_goes_away_hears_of_the_schedule_that_stays(typed: Typist, tmp_path: Path) -> None:
    file = str(tmp_path / "librarian.peer")
    typed("schedule", "install", "--with", "cron", "--as", "core")
    assert "peer schedule remove --as core" in typed("leave", "--as", "core").out
    assert "schedule" not in typed("export", file, "--as", "librarian").out


def test_every_identity_has_a_unit_of_its_own(typed: Typist, tools: Tools) -> None:
    values = typed(
        "schedule", "install", "--all", "--with", "cron", "--json", env={"PEER_NAME": ""}
    )
    assert [row["peer"] for row in values.json] == sorted(NAMES)
    assert (tools.crontab or "").count("--spread") == len(NAMES)
    typed("schedule", "remove", "--as", "librarian")
    assert (tools.crontab or "").count("--spread") == len(NAMES) - 1
    shown = typed("schedule", "show", "--all", "--json", env={"PEER_NAME": ""}).json
    assert [row["installed"] for row in shown] == [True, False, True]
    typed("schedule", "remove", "--all", env={"PEER_NAME": ""})
    assert tools.crontab == ""


def test_no_user_bus_is_explained_and_cron_taken(typed: Typist, tools: Tools) -> None:
    tools.refuse("systemctl", "Failed to connect to bus: No medium found")
    said = typed("schedule", "install", "--cron", "0 0 31 2 *", code=2)
    assert "never beats" in said.err
    assert "systemd" not in said.err, "what is wrong has nothing to do with that"
    said = typed("schedule", "install")
    assert said.err.startswith(
        "peer: cron is taken, because systemd's user manager does not answer"
    )
    assert "No medium found); to use that one, log in to this machine itself, or set" in said.err
    assert "XDG_RUNTIME_DIR" in said.err
    assert "--with" not in said.err
    assert "is installed with cron" in said.out
    said = typed("schedule", "install", "--with", "systemd", code=1)
    assert "--with cron" in said.err
    assert said.err.count("\n") == 1
    tools.refuse("systemctl", "")
    typed("schedule", "install")
    assert tools.crontab == ""
    assert typed("schedule", "show", "--json").json["scheduler"] == "systemd"


def test_what_a_scheduler_cannot_express_is_refused(typed: Typist, tools: Tools) -> None:
    said = typed("schedule", "install", "--with", "launchd", "--cron", "0 6 * 6 1", code=2)
    assert '--cron "0 6 * * 1"' in said.err
    typed("schedule", "install", "--with", "cron", "--resident", code=2)
    typed("schedule", "install", "--with", "anacron", code=2)
    assert units(tools) == []
    assert not (typed.folder("core") / "settings.toml").exists()


def test_a_resident_is_a_service(typed: Typist, tools: Tools) -> None:
    assert "stays resident" in typed("schedule", "install", "--resident").out
    (unit,) = units(tools)
    assert unit.endswith(".service")
    shown = typed("schedule", "show", "--json").json
    assert (shown["running"], shown["current"], shown["resident"]) == (True, True, True)
    assert "run" in shown["command"]


def test_a_damaged_identity_stops_no_other(typed: Typist, tools: Tools) -> None:
    (typed.folder("scout") / "identity.json").write_bytes(b"{")
    said = typed("schedule", "install", "--all", "--with", "cron", code=1, env={"PEER_NAME": ""})
    assert "identity.json is damaged" in said.err
    assert (tools.crontab or "").count("--spread") == len(NAMES) - 1


def test_who_joins_another_network_under_his_name_goes_on_beating(
    typed: Typist, tools: Tools, tmp_path: Path
) -> None:
    """What was installed before names its share; older units that do not are not current."""
    typed("schedule", "install")
    shown = typed("schedule", "show", "--json").json
    other = str(tmp_path / "other")
    typed("network", "create", other, "--cluster", "lab", "--steward", "kim", "--no-passphrase")
    typed("join", other, "--name", "core")
    typed("tick", "--as", "core", code=2)
    typed(*shown["command"][shown["command"].index("tick") :], env={"PEER_SCHEDULE_SPREAD_S": "0"})
    (service,) = (p for p in (tools.base / "account").rglob("*.service"))
    service.write_text(service.read_text().replace(f' "--network" "{typed.share}"', ""))
    shown = typed("schedule", "show", "--network", str(typed.share), "--json").json
    assert shown["current"] is False


def test_what_the_environment_said_at_an_install_is_what_the_settings_say(typed: Typist) -> None:
    """A scheduler's call has no such environment: its heartbeats would announce another time."""
    env = {"PEER_SCHEDULE_CRON": "0 9 * * *", "PEER_SCHEDULE_ACTIVE_HOURS": "08:00-12:00"}
    typed("schedule", "install", "--dry-run", env=env)
    assert not (typed.folder("core") / "settings.toml").exists()
    typed("schedule", "install", env=env)
    assert typed("schedule", "show", "--json").json["current"] is True
    typed("tick")
    assert typed("heartbeat", "--json").json["next_beat_s"] > 23 * 3600
    typed("schedule", "install", "--cron", "30 11 * * *", env=env)
    rows = {row["name"]: row["value"] for row in typed("config", "show", "--json").json}
    assert rows["schedule.cron"] == "30 11 * * *"
    assert rows["schedule.active_hours"] == "08:00-12:00"
    for resident in ("", "--resident"):
        words = ["schedule", "install", "--cron", "0 13 * * *", resident]
        assert "never beats" in typed(*filter(None, words), code=2).err


def test_a_status_says_where_nothing_calls_the_peer(typed: Typist) -> None:
    nothing = "; no scheduler: `peer schedule`"
    assert nothing in typed("status").out
    for scheduler in ("systemd", "cron"):
        typed("schedule", "install", "--with", scheduler)
        assert nothing not in typed("status").out
    typed("schedule", "remove")
    assert nothing in typed("status").out
    with lock.held(str(typed.folder("core")), lock.RUN):  # as `peer run` does
        assert nothing not in typed("status").out


@pytest.mark.parametrize("words", ["--with systemd", "--with cron", "--resident"])
def test_what_is_told_to_try_works_when_it_is_pasted(
    typed: Typist, tools: Tools, words: str
) -> None:
    """At once, and in a shell that knows nothing of whoever installed it."""
    value = typed("schedule", "install", *words.split(), "--json").json
    assert "--spread" not in value["test"]
    beat = typed.share / "peers/core/heartbeat.json"
    before = beat.read_bytes()
    done = subprocess.run(
        ["/bin/sh", "-c", value["test"]], capture_output=True, text=True, cwd="/", check=False,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("core  beat ")
    assert beat.read_bytes() != before
