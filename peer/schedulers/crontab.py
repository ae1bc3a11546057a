"""Lines of ours in the crontab of the user, between two remarks; everything else stays as it is.

crontab(5): a percent sign is escaped; the command is a line of sh. Nothing is put before other
people's lines, where a variable would change what they do. cron catches nothing up.
"""

from __future__ import annotations

import os
import shlex
from typing import NamedTuple

from peer.schedulers.calendar import Slots, fields
from peer.schedulers.machine import Machine
from peer.schedulers.plan import (
    Advice,
    Installed,
    Plan,
    Run,
    SchedulerError,
    Step,
    refuse_zone,
)  # fmt: skip
from protocol.errors import UsageError

command_bytes_max = 990  # Debian's cron cuts commands at 1,000
WHERE = "crontab"
# What the cron daemons of Debian, Red Hat and macOS write while they run.
PID_FILES = ("/run/crond.pid", "/var/run/crond.pid", "/run/cron.pid", "/var/run/cron.pid")


class _Parts(NamedTuple):
    before: str
    mine: str
    after: str


class Crontab:
    """The crontab of the user."""

    name = "cron"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def trouble(self) -> str | None:
        """See `Scheduler.trouble`."""
        if not self._machine.has("crontab"):
            return "no `crontab` is installed here; install cron, or let `peer run` stay"
        try:
            self._read()
        except SchedulerError as error:
            return str(error)
        return None

    def can(self, slots: tuple[Slots, ...]) -> bool:
        """See `Scheduler.can`."""
        return bool(slots)

    def units(self, plan: Plan) -> dict[str, str]:
        """See `Scheduler.units`."""
        return {WHERE: block(plan)}

    def installing(self, plan: Plan) -> list[Step]:
        """See `Scheduler.installing`."""
        new, text = block(plan), self._read()
        before, mine, after = split(text, plan.label)
        if mine == new:
            return []
        if not mine and before and not before.endswith("\n"):
            before += "\n"
        return [_write(before + new + after)]

    def removing(self, label: str) -> list[Step]:
        """See `Scheduler.removing`."""
        before, mine, after = split(self._read(), label)
        return [_write(before + after)] if mine else []

    def installed(self, label: str) -> Installed | None:
        """See `Scheduler.installed`."""
        return Installed(files=(WHERE,)) if split(self._read(), label).mine else None

    def advice(self, plan: Plan) -> Advice:
        """See `Scheduler.advice`."""
        notes = ["cron beats only while this machine is on, and makes up for nothing it missed"]
        if not any(map(os.path.exists, PID_FILES)):
            notes.append("no cron daemon seems to run; start it (`service cron start`), or no beat")
        return Advice(log=plan.log, test=plan.typed, notes=tuple(notes))

    def _read(self) -> str:
        """The crontab as it is. Only cron's own word says that there is none."""
        done = self._machine.ask(["crontab", "-l"])
        if done.code == 0:
            return done.out
        if "no crontab for" in done.err or "No such file" in done.err:
            return ""
        raise SchedulerError(
            f"the crontab cannot be read ({done.said}); ask who runs this machine, or let"
            " `peer run` stay"
        )


def block(plan: Plan) -> str:
    """Our lines with the remarks around them."""
    if plan.resident:
        raise UsageError(
            "cron starts nothing that has to stay; leave --resident out, or take --with systemd"
        )
    refuse_zone(plan, "cron")
    begin, end = _marks(plan.label)
    command = _command(plan)
    lines = [f"{' '.join(fields(slots))} {command}" for slots in plan.slots()]
    return "\n".join([begin, *lines, end, ""])


def split(text: str, label: str) -> _Parts:
    """A crontab before, in and after our lines; SchedulerError where a remark is missing."""
    begin, end = _marks(label)
    lines = text.splitlines(keepends=True)
    bare = [line.rstrip("\n") for line in lines]
    if begin not in bare and end not in bare:
        return _Parts(text, "", "")
    if bare.count(begin) != 1 or bare.count(end) != 1 or bare.index(begin) > bare.index(end):
        raise SchedulerError(
            f"the crontab has not one `{begin}` before one `{end}`; mend it with `crontab -e`"
        )
    first, last = bare.index(begin), bare.index(end) + 1
    return _Parts("".join(lines[:first]), "".join(lines[first:last]), "".join(lines[last:]))


def _marks(label: str) -> tuple[str, str]:
    return f"# {label}: begin, made by `peer schedule install`", f"# {label}: end"


def _command(plan: Plan) -> str:
    words = list(plan.command)
    if plan.environment:
        words = ["/usr/bin/env", *(f"{k}={v}" for k, v in plan.environment), *words]
    line = f"{shlex.join(words)} >>{shlex.quote(plan.log)} 2>&1"
    if any(ord(c) < 32 or ord(c) == 127 for c in line):
        raise UsageError(f"{line!r} has a control character, which no crontab can hold; rename it")
    line = line.replace("%", "\\%")
    if len(line.encode("utf-8", "surrogateescape")) > command_bytes_max:
        raise UsageError(
            "the command is longer than cron takes; give the home a shorter path, or --with systemd"
        )
    return line


def _write(text: str) -> Run:
    return Run(("crontab", "-"), stdin=text)
