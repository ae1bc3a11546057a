"""Each scheduler: installed once and again, changed, moved, removed, and what it refuses."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from peer.home.places import Identity
from peer.schedulers import choice, crontab, systemd
from peer.schedulers.machine import Machine
from peer.schedulers.plan import Plan, Scheduler, SchedulerError
from peer.settings import Schedule
from protocol.errors import UsageError
from tests.integration.scheduling import Tools

MINE = ("systemd", "cron", "launchd", "windows")
UNIT = "soma-peer-core-46e1a798"


def everything(base: Path) -> dict[str, bytes]:
    """Every file of an account and of what the tools keep, but for the list of calls."""
    return {
        str(file.relative_to(base)): file.read_bytes()
        for file in base.rglob("*")
        if file.is_file() and file.name not in ("calls", "loaded")
    }


@pytest.mark.parametrize("name", MINE)
def test_installed_twice_is_installed_once_and_removed_is_gone(
    name: str, machine: Machine, tools: Tools, plan: Plan, tmp_path: Path
) -> None:
    tools.crontab = "MAILTO=kim\n# mine\n5 4 * * * /bin/true\n"
    before = everything(tmp_path)
    one = choice.scheduler(name, machine, plan.folder)
    assert one.trouble() is None
    assert one.installed(plan.label) is None
    machine.do(one.installing(plan))
    state = one.installed(plan.label)
    assert state is not None
    assert state.running
    assert bool(state.next_run) == (name in ("systemd", "windows"))
    tools.forget()
    assert one.installing(plan) == []
    machine.do(one.installing(replace(plan, cron="5 * * * *")))
    assert tools.changes
    assert one.installing(replace(plan, cron="5 * * * *")) == []
    other = replace(plan, name="scout")
    if name != "windows":  # there the document lies in the identity's own folder
        machine.do(one.installing(other))
        machine.do(one.removing(other.label))
    assert one.installing(replace(plan, cron="5 * * * *")) == []
    machine.do(one.removing(plan.label))
    assert one.installed(plan.label) is None
    assert one.removing(plan.label) == []
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", MINE)
def test_a_tool_that_fails_is_told_and_the_next_try_finishes(
    name: str, machine: Machine, tools: Tools, plan: Plan
) -> None:
    tool = {
        "systemd": "systemctl",
        "cron": "crontab",
        "launchd": "launchctl",
        "windows": "schtasks",
    }
    one = choice.scheduler(name, machine, plan.folder)
    steps = one.installing(plan)
    tools.refuse(tool[name], "out of order\nsince today")
    with pytest.raises(SchedulerError, match="failed: out of order since today; mend that"):
        machine.do(steps)
    tools.refuse(tool[name], "")
    machine.do(one.installing(plan))
    assert one.installed(plan.label) is not None
    assert one.installing(plan) == []


def test_units_that_systemd_has_not_read_yet_are_not_installed(
    machine: Machine, tools: Tools, plan: Plan
) -> None:
    """The files are as they should be, the timer runs, and only the reload has failed."""
    one = choice.scheduler("systemd", machine, plan.folder)
    machine.do(one.installing(plan))
    for other in (replace(plan, cron="5 * * * *"), replace(plan, command=("/bin/other",))):
        steps = one.installing(other)
        tools.refuse("systemctl", "no")
        with pytest.raises(SchedulerError):
            machine.do(steps)
        tools.refuse("systemctl", "")
        assert one.installing(other)
        machine.do(one.installing(other))
        assert one.installing(other) == []


@pytest.mark.parametrize("name", ["systemd", "launchd", "windows"])
def test_a_resident_takes_the_place_of_ticks_and_gives_it_back(
    name: str, machine: Machine, plan: Plan, tools: Tools
) -> None:
    one = choice.scheduler(name, machine, plan.folder)
    stays = replace(plan, resident=True, zone="Europe/Berlin", cron="0 1 * 3 1")
    for made in (plan, stays, plan, stays):
        machine.do(one.installing(made))
        assert one.installing(made) == []
        state = one.installed(plan.label)
        assert state is not None
        assert state.running
    if name == "systemd":
        assert sorted(p.name for p in tools.base.glob("*able*.soma*")) == [
            f"enabled.{UNIT}.service"
        ]
        assert not (tools.base / f"account/config/systemd/user/{UNIT}.timer").exists()


def test_what_is_installed_moves_from_one_scheduler_to_another(
    machine: Machine, tools: Tools, plan: Plan
) -> None:
    candidates = choice.usual(machine, plan.folder, "linux")
    by_systemd, by_cron = candidates
    machine.do(choice.installing(plan, by_systemd, candidates))
    machine.do(choice.installing(plan, by_cron, candidates))
    assert [one.name for one, _ in choice.present(candidates, plan.label)] == ["cron"]
    machine.do(choice.installing(plan, by_systemd, candidates))
    assert [one.name for one, _ in choice.present(candidates, plan.label)] == ["systemd"]
    assert tools.crontab == ""
    assert choice.installing(plan, by_systemd, candidates) == []
    machine.do(choice.removing(plan.label, candidates))
    assert choice.removing(plan.label, candidates) == []


def test_the_best_scheduler_that_works_is_taken(machine: Machine, tools: Tools, plan: Plan) -> None:
    def taken(platform: str) -> tuple[str, list[str]]:
        chosen, why = choice.choose(choice.usual(machine, plan.folder, platform))
        return chosen.name, why

    assert taken("linux") == ("systemd", [])
    assert taken("darwin") == ("launchd", [])
    assert taken("win32") == ("windows", [])
    tools.refuse("systemctl", "Failed to connect to bus: No medium found")
    name, (why,) = taken("linux")
    assert name == "cron"
    for word in ("No medium found", "log in", "XDG_RUNTIME_DIR=/run/user/"):
        assert word in why
    assert "--with" not in why, "it is said beside what was taken instead"
    tools.refuse("crontab", "You (kim) are not allowed to use this program (crontab)")
    with pytest.raises(SchedulerError, match=r"no scheduler can be used: .*are not allowed"):
        taken("linux")
    assert choice.present(choice.usual(machine, plan.folder, "linux"), plan.label) == []
    for tool in ("crontab", "launchctl", "schtasks", "systemctl"):
        tools.without(tool)
    for platform in ("linux", "darwin", "win32"):
        with pytest.raises(SchedulerError, match="no scheduler can be used"):
            taken(platform)


def test_lingering_that_is_missing_is_said(machine: Machine, tools: Tools, plan: Plan) -> None:
    one = choice.scheduler("systemd", machine, plan.folder)
    assert "loginctl enable-linger" in " ".join(one.advice(plan).notes)
    (tools.base / "linger").touch()
    assert one.advice(plan).notes == ()


def test_a_cron_that_seems_not_to_run_is_said(
    machine: Machine, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.schedulers.crontab.PID_FILES", (str(tmp_path / "pid"),))
    one = choice.scheduler("cron", machine, plan.folder)
    assert "no cron daemon seems to run" in " ".join(one.advice(plan).notes)
    (tmp_path / "pid").touch()
    assert "seems" not in " ".join(one.advice(plan).notes)


def test_a_crontab_that_cannot_be_read_is_never_written(
    machine: Machine, tools: Tools, plan: Plan
) -> None:
    one = choice.scheduler("cron", machine, plan.folder)
    tools.refuse("crontab", "crontab: some disk is broken")
    with pytest.raises(SchedulerError, match="cannot be read"):
        one.installing(plan)


@pytest.mark.parametrize(
    "text", ["", "# mine", "# mine\n", "\n\n5 4 * * * x\n\n", "é\u2028\x0c%\n# soma-peer-core: x\n"]
)
def test_what_others_wrote_in_the_crontab_stays_to_the_byte(
    text: str, machine: Machine, tools: Tools, plan: Plan
) -> None:
    one = choice.scheduler("cron", machine, plan.folder)
    tools.crontab = text
    machine.do(one.installing(plan))
    ended = text if not text or text.endswith("\n") else text + "\n"
    assert (tools.crontab or "").startswith(ended)
    tools.crontab = (tools.crontab or "") + "6 6 * * * later\n"
    machine.do(one.installing(replace(plan, cron="1 1 * * *")))
    assert (tools.crontab or "").endswith("end\n6 6 * * * later\n")
    machine.do(one.removing(plan.label))
    assert tools.crontab == ended + "6 6 * * * later\n"


def test_a_remark_of_ours_that_somebody_took_away_stops_us(
    machine: Machine, tools: Tools, plan: Plan
) -> None:
    one = choice.scheduler("cron", machine, plan.folder)
    machine.do(one.installing(plan))
    whole = tools.crontab or ""
    for broken in (whole.partition("\n")[2], whole + whole, "".join(whole.splitlines(True)[::-1])):
        tools.crontab = broken
        for change in (lambda: one.installing(plan), lambda: one.removing(plan.label)):
            with pytest.raises(SchedulerError, match="crontab -e"):
                change()
        assert tools.crontab == broken


def test_what_cron_cannot_do_is_refused(plan: Plan) -> None:
    for other, why in (
        (replace(plan, resident=True), "starts nothing that has to stay"),
        (replace(plan, zone="Europe/Berlin"), "not in Europe/Berlin"),
        (replace(plan, log="/" + "x" * 1000), "longer than cron takes"),
        (replace(plan, log="/a\nb"), "control character"),
    ):
        with pytest.raises(UsageError, match=why):
            crontab.block(other)


def test_what_the_others_cannot_do_is_refused(machine: Machine, plan: Plan) -> None:
    def refused(name: str, other: Plan, why: str) -> None:
        with pytest.raises(UsageError, match=why):
            choice.scheduler(name, machine, plan.folder).units(other)

    for name in ("launchd", "windows"):
        refused(name, replace(plan, zone="Europe/Berlin"), "--with systemd")
    refused("launchd", replace(plan, cron="0 6 * 6 1"), r'that can: --cron "0 6 \* \* 1"')
    refused("launchd", replace(plan, cron="0 6 1 6 1"), r'that can: --cron "0 6 1 6 \*"')
    refused("windows", replace(plan, cron="1,2,4,9,11,30 * * * *"), r'that can: --cron "\*/10 ')
    refused("windows", replace(plan, environment=(("PYTHONPATH", "/x"),)), "no environment")
    refused("systemd", replace(plan, command=("/bin/a\nb",)), "control character")
    zoned = systemd.timer_text(replace(plan, zone="Europe/Berlin"))
    assert "OnCalendar=*-*-* 0..18/6:0:00 Europe/Berlin\n" in zoned


def identity(name: str) -> Identity:
    return Identity(name=name, cluster="lab", network="46e1a798" * 8, share="/s h", key="k" * 64)


def test_a_plan_is_a_line_that_can_be_typed(tmp_path: Path) -> None:
    words = {"home": "/h ome", "environment": {}}
    made = choice.plan_of(str(tmp_path), identity("core"), Schedule(), **words)  # type: ignore[arg-type]  # a dict of keywords
    assert shlex.join(made.command) == (
        f"{shlex.quote(sys.executable)} -P -m peer tick --spread --home '/h ome' --as core"
        " --network '/s h'"
    )
    assert made.label == UNIT
    other = choice.plan_of(
        str(tmp_path),
        identity("core"),
        Schedule(),
        resident=True,
        **words,  # type: ignore[arg-type]  # as above
    )
    assert other.command[4:] == ("run", "--home", "/h ome", "--as", "core", "--network", "/s h")
    assert choice.with_cron(Schedule(), "1 2 * * *").cron == "1 2 * * *"
    assert choice.with_cron(Schedule(), None) == Schedule()


def test_the_trial_has_the_environment_of_the_unit(tmp_path: Path) -> None:
    """Of a resident, too, it is one tick, and it does not wait."""
    for resident in (False, True):
        made = choice.plan_of(
            str(tmp_path), identity("core"), Schedule(), home="/h ome", resident=resident,
            environment={"PYTHONPATH": "/my code"},
        )  # fmt: skip
        assert made.typed == (
            f"env 'PYTHONPATH=/my code' {shlex.quote(sys.executable)} -P -m peer tick"
            " --home '/h ome' --as core --network '/s h'"
        )


def test_the_command_finds_this_very_program(root: Path) -> None:
    for path in ("", str(root)):
        way = choice.way_here(Machine({**os.environ, "PYTHONPATH": path}))
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import peer; print(peer.__file__)"],
            capture_output=True, text=True, check=True, cwd="/",
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | way,
        )  # fmt: skip
        assert Path(done.stdout.strip()) == root / "peer" / "__init__.py"


def test_a_tool_that_hangs_or_cannot_run_is_a_failure(
    tools: Tools, machine: Machine, monkeypatch: pytest.MonkeyPatch, plan: Plan
) -> None:
    monkeypatch.setattr("peer.schedulers.machine.tool_seconds_max", 0.2)
    script = tools.base / "bin" / "crontab"
    script.write_text(f"#!{sys.executable} -IS\nimport time\ntime.sleep(60)\n")
    assert machine.ask(["crontab", "-l"]).said == "crontab did not answer within 0.2 s"
    script.write_text("#!/nowhere/at/all\n")
    assert "cannot be run" in machine.ask(["crontab", "-l"]).said
    assert machine.ask(["no-such-tool"]).code == 127


def test_files_that_cannot_be_written_are_told_in_one_line(
    tools: Tools, machine: Machine, plan: Plan
) -> None:
    one: Scheduler = choice.scheduler("systemd", machine, plan.folder)
    (tools.base / "account").write_text("no folder")
    with pytest.raises(SchedulerError, match=r"cannot be changed .*; check who owns it"):
        machine.do(one.installing(plan))
