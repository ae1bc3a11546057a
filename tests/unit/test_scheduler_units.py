"""The units themselves: no word of a path is lost, and each is what its scheduler reads."""

from __future__ import annotations

import ast
import os
import plistlib
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from peer.schedulers import choice, crontab, launchd, systemd, windows
from peer.schedulers.machine import Machine
from peer.schedulers.plan import Plan

STRANGE = (
    "a b", "100%", 'q"uote', "it's", "$HOME ${PATH}", "back\\slash", "end\\", "ünï→", "", "%%",
    '\\"', "*", "#x", "a;b",
)  # fmt: skip
UNIT = "soma-peer-core-46e1a798"


def test_words_survive_systemd(plan: Plan) -> None:
    program = "/opt/my $py 100%/python"
    text = systemd.service_text(
        replace(plan, command=(program, *STRANGE), environment=(("A", 'b "c" %d $e\\'),))
    )
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    path, seen, *rest = _systemd_words(line.removeprefix("ExecStart=").removeprefix("@"))
    assert path == program
    assert not any("$" in word.replace("$$", "") for word in (seen, *rest))
    assert [word.replace("$$", "$") for word in (seen, *rest)] == [program, *STRANGE]
    line = next(line for line in text.splitlines() if line.startswith("Environment="))
    assert _systemd_words(line.removeprefix("Environment=")) == ['A=b "c" %d $e\\']


def _systemd_words(line: str) -> list[str]:
    """systemd.service(5): words in quotes, backslash escapes, then `%%` for a percent sign."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"(?: |\Z)', line)
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in words]


def test_words_survive_cron_and_its_shell(plan: Plan, tmp_path: Path) -> None:
    program = tmp_path / "a b%" / "it's"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable} -IS\nimport os, sys\nprint([os.environ['A'], *sys.argv])"
    )
    program.chmod(0o755)
    log = str(tmp_path / "lo g%.txt")
    made = replace(
        plan, command=(str(program), *STRANGE), environment=(("A", "b 'c' %d $e\\"),), log=log
    )
    line = crontab.block(made).splitlines()[1].split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", line)
    subprocess.run(["/bin/sh", "-c", line.replace("\\%", "%")], check=True, cwd=tmp_path)
    assert ast.literal_eval(Path(log).read_text()) == ["b 'c' %d $e\\", str(program), *STRANGE]


def test_words_survive_launchd_and_every_field_is_known(plan: Plan, machine: Machine) -> None:
    made = replace(
        plan, command=("/o p/py", *STRANGE), environment=(("A", "<&>"),), cron="5 6 * * 1,3"
    )
    one = choice.scheduler("launchd", machine, plan.folder)
    ((path, text),) = one.units(made).items()
    assert path.endswith(f"/Library/LaunchAgents/{UNIT}.plist")
    assert plistlib.loads(text.encode()) == {
        "Label": UNIT,
        "ProgramArguments": ["/o p/py", *STRANGE],
        "EnvironmentVariables": {"A": "<&>"},
        "StandardOutPath": plan.log,
        "StandardErrorPath": plan.log,
        "ProcessType": "Background",
        "StartCalendarInterval": [
            {"Weekday": 1, "Hour": 6, "Minute": 5}, {"Weekday": 3, "Hour": 6, "Minute": 5},
        ],
    }  # fmt: skip
    stays = launchd.agent(replace(plan, resident=True))
    assert stays["KeepAlive"] == {"SuccessfulExit": False}
    assert stays["RunAtLoad"] is True
    assert "StartCalendarInterval" not in stays


def test_words_survive_windows(plan: Plan) -> None:
    root = _task(replace(plan, command=("C:\\my py\\python.exe", *STRANGE)))
    action = root.find(f"{{{windows.NAMESPACE}}}Actions/*")
    assert action is not None
    program, arguments = (child.text for child in action)
    assert program == "C:\\my py\\python.exe"
    assert _windows_words(arguments or "") == list(STRANGE)


def test_a_task_of_windows_opens_no_console(plan: Plan, machine: Machine, tmp_path: Path) -> None:
    """But it is tried in one, and its log is the peer's own."""

    def program(name: str) -> str | None:
        task = _task(replace(plan, command=(str(tmp_path / name), "-m", "peer")))
        action = task.find(f"{{{windows.NAMESPACE}}}Actions/*")
        assert action is not None
        return action[0].text

    assert program("python.exe") == str(tmp_path / "python.exe")
    (tmp_path / "pythonw.exe").touch()
    assert program("python.exe") == str(tmp_path / "pythonw.exe")
    assert program("peer.exe") == str(tmp_path / "peer.exe")
    said = choice.scheduler("windows", machine, plan.folder).advice(plan)
    assert _windows_words(said.test) == list(plan.trial)
    assert "`peer log --as core`" in said.log
    assert "TaskScheduler/Operational" in said.log


def _task(plan: Plan) -> ElementTree.Element:
    """The document as Windows reads it: UTF-16 with a mark."""
    return ElementTree.fromstring(windows.document(plan).encode("utf-16"))


def _windows_words(line: str) -> list[str]:
    """The rules of CommandLineToArgvW for what stands behind the program."""
    words, word, quoted, begun, slashes = [], "", False, False, 0
    for char in line + " ":
        if char == "\\":
            slashes += 1
            begun = True
            continue
        if char == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            else:
                quoted = not quoted
            begun = True
        else:
            word += "\\" * slashes
            if char in " \t" and not quoted:
                if begun or word:
                    words.append(word)
                word, begun = "", False
            else:
                word += char
        slashes = 0
    return words


# The order in which [MS-TSCH] 2.5 demands the elements of a sequence; the rest is `xs:all`.
SEQUENCES = {
    "CalendarTrigger": [
        "Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit",
        "RandomDelay", "ScheduleByDay", "ScheduleByWeek", "ScheduleByMonth",
        "ScheduleByMonthDayOfWeek",
    ],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}  # fmt: skip
CHILDREN = {
    "Task": {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
    "RegistrationInfo": {"Description"},
    "Triggers": {"CalendarTrigger", "LogonTrigger"},
    "LogonTrigger": {"Enabled"},
    "Repetition": {"Interval", "Duration", "StopAtDurationEnd"},
    "ScheduleByDay": {"DaysInterval"},
    "ScheduleByWeek": {"WeeksInterval", "DaysOfWeek"},
    "ScheduleByMonth": {"DaysOfMonth", "Months"},
    "ScheduleByMonthDayOfWeek": {"Weeks", "DaysOfWeek", "Months"},
    "DaysOfMonth": {"Day"},
    "Weeks": {"Week"},
    "DaysOfWeek": set(windows.DAYS),
    "Months": set(windows.MONTHS),
    "Principals": {"Principal"},
    "Principal": {"LogonType", "RunLevel"},
    "Settings": {
        "RestartOnFailure", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries", "StartWhenAvailable", "ExecutionTimeLimit",
    },
    "RestartOnFailure": {"Interval", "Count"},
    "Actions": {"Exec"},
}  # fmt: skip


@pytest.mark.parametrize(
    "cron", ["0 */6 * * *", "*/5 9-17 * * 1-5", "0 0 1,15 6 1", "0 0 * 2 *", "5 5 3 * 0"]
)
@pytest.mark.parametrize("resident", [False, True])
def test_a_task_has_the_elements_of_the_schema_in_their_order(
    cron: str, resident: bool, plan: Plan
) -> None:
    root = _task(replace(plan, cron=cron, resident=resident))
    assert root.tag == f"{{{windows.NAMESPACE}}}Task"
    assert root.get("version") == "1.2"
    for parent in root.iter():
        name = parent.tag.rpartition("}")[2]
        children = [child.tag.rpartition("}")[2] for child in parent]
        order = SEQUENCES.get(name)
        if order is not None:
            assert children == sorted(children, key=order.index)
        elif children:
            assert set(children) <= CHILDREN[name], name
        if children and name not in ("Triggers", "DaysOfMonth", "Weeks"):
            assert len(children) == len(set(children)), name
    context = root.find(f"{{{windows.NAMESPACE}}}Actions")
    assert context is not None
    assert context.get("Context") == "Author"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("resident", [False, True])
@pytest.mark.parametrize("cron", ["0 */6 * * *", "*/7 1-5,9 1,15 jan-mar mon"])
def test_systemd_verifies_the_units(cron: str, resident: bool, plan: Plan, tmp_path: Path) -> None:
    program = tmp_path / "my $py 100% ü" / "python"
    program.parent.mkdir()
    program.symlink_to(sys.executable)
    made = replace(
        plan, command=(str(program), *STRANGE), environment=(("A", "b c"),), cron=cron,
        resident=resident, zone="Europe/Berlin", active_hours="08:30-20:00",
    )  # fmt: skip
    one = systemd.Systemd(Machine({"HOME": str(tmp_path), "PATH": os.environ["PATH"]}))
    for path, text in one.units(made).items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *one.units(made)],
        capture_output=True, text=True, timeout=60,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
