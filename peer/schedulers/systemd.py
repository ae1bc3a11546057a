"""A systemd user timer and its service, or one resident service; systemd.timer(5), systemd.time(7).

systemd ANDs weekdays and days of the month, cron ORs them: then there are two OnCalendar lines. A
missed beat is caught up once (Persistent). Output goes to the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from peer.schedulers.calendar import RANGES, Slots, listed
from peer.schedulers.machine import Machine
from peer.schedulers.plan import Advice, Installed, Plan, Remove, Run, Step, Write
from protocol.errors import UsageError

DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "%": "%%"}


class Systemd:
    """The service manager of a user."""

    name = "systemd"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._folder = f"{machine.config}/systemd/user"

    def trouble(self) -> str | None:
        """See `Scheduler.trouble`."""
        done = self._ask("show", "--property=Version")
        if done[0] == 0:
            return None
        return (
            f"systemd's user manager does not answer ({done[1]}); log in to this machine itself, or"
            f" set XDG_RUNTIME_DIR=/run/user/{self._machine.user}"
        )

    def can(self, slots: tuple[Slots, ...]) -> bool:
        """See `Scheduler.can`."""
        return bool(slots)

    def units(self, plan: Plan) -> dict[str, str]:
        """See `Scheduler.units`."""
        service, timer = self._paths(plan.label)
        found = {service: service_text(plan)}
        if not plan.resident:
            found[timer] = timer_text(plan)
        return found

    def installing(self, plan: Plan) -> list[Step]:
        """See `Scheduler.installing`."""
        units = self.units(plan)
        changed = [path for path, text in units.items() if self._machine.read(path) != text]
        steps = self._other_form(plan)
        steps += [Write(path, units[path]) for path in changed]
        unit = plan.label + (".service" if plan.resident else ".timer")
        runs = self._is(unit, "enabled") and self._is(unit, "active")
        # Files may be as they should while the manager has not read them: a reload that failed.
        named = [path.rpartition("/")[2] for path in units]
        stale = bool(steps) or any(self._show(u, "NeedDaemonReload") == "yes" for u in named)
        if stale or not runs:
            steps.append(_run("daemon-reload"))
            steps.append(_run("restart", unit) if runs else _run("enable", "--now", unit))
        return steps

    def removing(self, label: str) -> list[Step]:
        """See `Scheduler.removing`."""
        there = [path for path in self._paths(label) if self._machine.read(path) is not None]
        if not there:
            return []
        units = [path.rpartition("/")[2] for path in there]
        # A oneshot service is not enabled, and a tick that runs now may end.
        enabled = [unit for unit in units if unit.endswith(".timer")] or units
        return [
            _run("disable", "--now", *enabled, may_fail=True),
            *(Remove(path) for path in there),
            _run("daemon-reload", may_fail=True),
        ]

    def installed(self, label: str) -> Installed | None:
        """See `Scheduler.installed`."""
        there = tuple(path for path in self._paths(label) if self._machine.read(path) is not None)
        if not there:
            return None
        unit = label + (".timer" if len(there) == 2 else ".service")
        return Installed(
            files=there, running=self._is(unit, "active"),
            next_run=self._show(unit, "NextElapseUSecRealtime") or None,
        )  # fmt: skip

    def advice(self, plan: Plan) -> Advice:
        """See `Scheduler.advice`."""
        notes = []
        done = self._machine.ask(["loginctl", "show-user", str(self._machine.user), "-P", "Linger"])
        if done.out.strip() != "yes":
            notes.append(
                "beats only while you are logged in; `loginctl enable-linger` makes it beat always"
            )
        return Advice(
            log=f"journalctl --user -u {plan.label}.service",
            test=plan.typed,
            notes=tuple(notes),
        )

    def _paths(self, label: str) -> tuple[str, str]:
        return f"{self._folder}/{label}.service", f"{self._folder}/{label}.timer"

    def _other_form(self, plan: Plan) -> list[Step]:
        """Away with a timer where a resident is to be, and the other way round."""
        service, timer = self._paths(plan.label)
        if plan.resident and self._machine.read(timer) is not None:
            return [_run("disable", "--now", f"{plan.label}.timer", may_fail=True), Remove(timer)]
        if not plan.resident and "[Install]" in (self._machine.read(service) or ""):
            return [_run("disable", "--now", f"{plan.label}.service", may_fail=True)]
        return []

    def _show(self, unit: str, what: str) -> str:
        code, said = self._ask("show", unit, f"--property={what}", "--value")
        return said if code == 0 else ""

    def _is(self, unit: str, what: str) -> bool:
        return self._ask(f"is-{what}", "--quiet", unit)[0] == 0

    def _ask(self, *words: str) -> tuple[int, str]:
        done = self._machine.ask(["systemctl", "--user", *words])
        return done.code, done.out.strip() if done.code == 0 else done.said


def service_text(plan: Plan) -> str:
    """The service: one tick, or the resident peer."""
    lines = ["[Unit]", f"Description={_plain(plan.words)}", "", "[Service]"]
    if plan.resident:
        lines += ["Type=exec", "Restart=on-failure", "RestartSec=30"]
    else:
        lines += ["Type=oneshot"]
    lines += [f"Environment={_quoted(f'{k}={v}')}" for k, v in plan.environment]
    lines += [f"ExecStart={_command(plan.command)}"]
    if plan.resident:
        lines += ["", "[Install]", "WantedBy=default.target"]
    return "\n".join(lines) + "\n"


def timer_text(plan: Plan) -> str:
    """The timer: its lines together are the minutes of the plan."""
    times = [f"OnCalendar={line}" for slots in plan.slots() for line in calendars(slots, plan.zone)]
    return "\n".join(
        [
            "[Unit]",
            f"Description={_plain(plan.words)}",
            "",
            "[Timer]",
            *times,
            "AccuracySec=1s",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def calendars(slots: Slots, zone: str = "") -> Iterator[str]:
    """The calendar expressions that together mean some slots; two where cron means either day."""
    if slots.days is not None and slots.weekdays is not None:
        yield _calendar(replace(slots, weekdays=None), zone)
        yield _calendar(replace(slots, days=None), zone)
    else:
        yield _calendar(slots, zone)


def _calendar(slots: Slots, zone: str) -> str:
    parts = (slots.minutes, slots.hours, slots.days, slots.months)
    minute, hour, day, month = (
        "*" if numbers is None else listed(numbers, *span, "..")
        for numbers, span in zip(parts, RANGES[:4], strict=True)
    )
    on = "" if slots.weekdays is None else ",".join(DAYS[n] for n in slots.weekdays) + " "
    return f"{on}*-{month}-{day} {hour}:{minute}:00" + (f" {zone}" if zone else "")


def _command(argv: tuple[str, ...]) -> str:
    """A command line; `$` is doubled in arguments, and the program is looked up as it stands."""
    program, rest = argv[0], [_quoted(word).replace("$", "$$") for word in argv[1:]]
    first = _quoted(program)
    if "$" in program:  # the path itself is never expanded, the word that the program sees is
        first = f"@{first} {first.replace('$', '$$')}"
    return " ".join([first, *rest])


def _quoted(word: str) -> str:
    return f'"{_plain(word, _ESCAPED)}"'


def _plain(text: str, escaped: dict[str, str] | None = None) -> str:
    """One line of a unit; UsageError where it cannot be one."""
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise UsageError(f"{text!r} has a control character, which no unit can hold; rename it")
    table = {"%": "%%"} if escaped is None else escaped
    return "".join(table.get(c, c) for c in text)


def _run(*words: str, may_fail: bool = False) -> Run:
    return Run(("systemctl", "--user", *words), may_fail=may_fail)
