"""Settings of one identity: what they are called, what they mean, and where a value came from.

An option of a command wins over the environment (`PEER_SCHEDULE_CRON`), that over `settings.toml`
in the identity's directory, and that over the defaults below. A field here is a setting there: its
section, its name, its type, its default; `means` is what `peer config show` and the README say.
A key that nobody knows is an error that names the nearest known one: a typing mistake in a schedule
must not be found out a week later. Not here: what a value makes a peer do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from peer import settings_lines
from peer.home.files import write_private
from peer.settings_values import (
    Value,
    a_command,
    a_cron,
    a_textfile,
    a_zone,
    an_address,
    between,
    one_of,
    setting,
    some_hours,
)
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.timetable import Timetable

FILE = "settings.toml"
Origin = Literal["default", "file", "environment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a peer beats."""

    cron: str = setting("0 */6 * * *", "when to beat, in the five fields of cron", a_cron)
    zone: str = setting("", "time zone of cron and active_hours; empty: this machine's", a_zone)
    active_hours: str = setting(
        "", "beats only between these, such as 08:00-20:00; empty: at all hours", some_hours
    )
    spread_s: int = setting(
        60, "beats wait up to this long, each peer its own time, so that not all come at once",
        between(0, 3600),
    )  # fmt: skip

    def timetable(self, of: str) -> Timetable:
        """The beats of the peer with a full address; UsageError where there would be none."""
        from peer.timetable import Timetable, hours

        table = Timetable(self.cron, self.zone, self.active_hours, self.spread_s, of)
        try:
            table.next(0)
        except ValueError as error:
            hour, minute = divmod((hours(self.active_hours) or (6 * 60,))[0], 60)
            fitting = f'`peer config set schedule.cron "{minute} {hour} * * *"` would'
            raise UsageError(f"{error}; {fitting}") from error
        return table

    def announced_ms(self, of: str, now_ms: int) -> int:
        """What a heartbeat of now announces as the wait for the next.

        The default schedule is known without counting: most ticks need no library for it.
        UsageError as in `timetable`.
        """
        if self == _DEFAULTS.schedule:
            return _DEFAULT_PERIOD_MS
        return self.timetable(of).announced_ms(now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How `peer run` notices letters."""

    watch: str = setting(
        "auto", "native: be told by the system; polling: look; auto: as fits the drive",
        one_of("auto", "native", "polling"),
    )  # fmt: skip
    poll_s: int = setting(2, "seconds between two looks where it polls", between(1, 3600))


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The log of ticks, one JSON object a line."""

    level: str = setting(
        "info", "what is logged, and what is worse", one_of("debug", "info", "warning", "error")
    )
    kilobytes: int = setting(
        1024, "size of a log file before the next begins", between(16, 1 << 20)
    )
    files: int = setting(5, "how many log files are kept", between(1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Numbers for Prometheus."""

    textfile: str = setting(
        "",
        "file ending in .prom for node-exporter's textfile collector, written after each tick, or"
        " a folder where each peer has its own, seen from the identity's directory; empty: none",
        a_textfile,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Addresses that a dead-man's switch watches."""

    start: str = setting("", "address to call when a tick begins", an_address)
    success: str = setting("", "address to call when a tick has succeeded", an_address)
    failure: str = setting("", "address to call when a tick has failed", an_address)
    timeout_s: int = setting(5, "seconds to wait for each of them", between(1, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Letters that are sent."""

    expires_days: int = setting(
        30, "days for which a letter is offered where `--expires` says nothing", between(1, 365)
    )
    attachments_mb: int = setting(
        1024, "MiB of attachments of others that this home holds; beyond it letters wait",
        between(1, 1 << 20),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What a peer looks for in itself at each tick, to tell the others of it."""

    command: str = setting(
        "", "program with arguments that prints own troubles, a line each; empty: none", a_command
    )
    timeout_s: int = setting(10, "seconds that it may take", between(1, 60))
    disk_warn_percent: int = setting(
        90, "a disk this full, of the home or the share, is a trouble; 0: no disk is looked at",
        between(0, 100),
    )  # fmt: skip
    disk_critical_percent: int = setting(97, "and this full a critical one", between(1, 100))
    disk_free_mib: int = setting(
        100, "so is one that warns and has fewer MiB free", between(0, 1 << 20)
    )
    missed_ticks: int = setting(
        4, "so many beats that no tick kept are a trouble; 0: none are", between(0, 1000)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentor:
    """Newcomers, and who guides them."""

    wanted: str = setting(
        "auto", "auto: while this home is new, ask somebody to be my mentor; no: never by itself",
        one_of("auto", "no"),
    )  # fmt: skip
    mentees_max: int = setting(
        3, "how many newcomers this peer guides at a time; 0: none", between(0, 100)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of them, by section."""

    schedule: Schedule = Schedule()
    run: Run = Run()
    log: Log = Log()
    metrics: Metrics = Metrics()
    ping: Ping = Ping()
    letters: Letters = Letters()
    checks: Checks = Checks()
    mentor: Mentor = Mentor()


_DEFAULTS = Settings()
_DEFAULT_PERIOD_MS = 6 * 3_600_000
_DEFAULT: Origin = "default"


class Setting(NamedTuple):
    """One setting: its dotted name, value and where that came from, its default and meaning."""

    name: str
    value: Value
    origin: Origin
    default: Value
    means: str


def environment_name(name: str) -> str:
    """The environment variable of a setting: `PEER_RUN_POLL_S` for `run.poll_s`."""
    return "PEER_" + name.upper().replace(".", "_")


def names() -> list[str]:
    """Every setting, by section and in the order of their definition."""
    return [name for name, _ in _known()]


def load(folder: str | None, environment: Mapping[str, str]) -> Settings:
    """The settings of an identity's directory; None has only defaults and environment.

    UsageError where the file or the environment cannot be understood; it says what to change. That
    a schedule never beats is no error here: most of what a peer does needs none.
    """
    return made({one.name: one.value for one in explain(folder, environment)})


def made(values: Mapping[str, Value]) -> Settings:
    """The settings that have these values, by dotted name, and else their defaults."""
    sections: dict[str, dict[str, Value]] = {part.name: {} for part in fields(Settings)}
    for name, value in values.items():
        section, _, key = name.partition(".")
        sections[section][key] = value
    parts: dict[str, Any] = {
        name: type(getattr(_DEFAULTS, name))(**said) for name, said in sections.items()
    }
    return Settings(**parts)


def explain(folder: str | None, environment: Mapping[str, str]) -> list[Setting]:
    """Every setting with its value and where that came from; UsageError as in `load`."""
    path = None if folder is None else os.path.join(folder, FILE)
    written = {} if path is None else _check_all(path, _text(path))
    found = []
    for name, known in _known():
        variable = environment_name(name)
        value, origin = known.default, _DEFAULT
        if name in written:
            value, origin = checked(name, written[name], f"{path}: {name}"), "file"
        if environment.get(variable):
            value = parse(name, environment[variable], variable)
            origin = "environment"
        found.append(Setting(name, value, origin, known.default, known.metadata["means"]))
    return found


def parse(name: str, text: str, where: str | None = None) -> Value:
    """The value that a text says for a setting; UsageError where it is none, or `name` unknown."""
    known = dict(_known()).get(name)
    if known is None:
        raise UsageError(_unknown(name))
    value: Value = text
    if isinstance(known.default, int):
        try:
            value = int(text)
        except ValueError as error:
            raise UsageError(f"{where or name} is {text!r}, which is no whole number") from error
    return checked(name, value, where or name)


def save(folder: str, name: str, value: Value) -> str:
    """Write one setting into `settings.toml`; see `change`."""
    return change(folder, {name: value})


def unset(folder: str, name: str) -> str:
    """Take one setting out of `settings.toml`, so that its default holds; see `change`."""
    return change(folder, {name: None})


def change(folder: str, wanted: Mapping[str, Value | None]) -> str:
    """Write settings into `settings.toml`, None: take them out, and leave every other line.

    A remark behind the value stays, too. Returns the path. UsageError where the file cannot be
    understood as it stands, says a setting in a form that no line can be changed in, or would then
    have a schedule that never beats.
    """
    for name in wanted:
        if name not in dict(_known()):
            raise UsageError(_unknown(name))
    path = os.path.join(folder, FILE)
    text = before = _text(path)
    _check_all(path, text)
    for name, value in wanted.items():
        section, _, key = name.partition(".")
        if value is not None:
            text = settings_lines.put(text, section, key, _toml(value))
        elif text:
            text = settings_lines.take_out(text, section, key)
    found = _changed(path, text, wanted)
    if any(name.startswith("schedule.") for name in wanted):
        made(found).schedule.timetable("")
    if text != before:
        write_private(path, text.encode())
    return path


def _changed(path: str, text: str, wanted: Mapping[str, Value | None]) -> dict[str, Value]:
    """What a changed text says; UsageError where that is not what was wanted."""
    try:
        found = _check_all(path, text)
        wrong = [name for name, value in wanted.items() if found.get(name) != value]
    except UsageError:
        wrong = list(wanted)
    if wrong:
        raise UsageError(f"{path} says {wrong[0]} in a form of its own; change it there by hand")
    return found


def _known() -> Iterator[tuple[str, Any]]:
    for part in fields(Settings):
        for one in fields(getattr(_DEFAULTS, part.name)):
            yield f"{part.name}.{one.name}", one


def _text(path: str) -> str:
    """What a file says; nothing where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}); mend it, or move it away") from error


def _check_all(path: str, text: str) -> dict[str, Value]:
    """The settings that a text makes, by dotted name."""
    if not text:
        return {}
    import tomllib

    try:
        sections = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is no TOML: {error}; mend it, or move it away") from error
    known, found = dict(_known()), dict[str, Value]()
    for section, values in sections.items():
        if not isinstance(values, dict):
            raise UsageError(
                f"{path}{_line(text, '', section)}: {section} stands in no section; write it"
                " below [schedule] or another one, or take it out"
            )
        for key, value in values.items():
            name, where = f"{section}.{key}", f"{path}{_line(text, section, key)}"
            if name not in known:
                raise UsageError(f"{where}: {_unknown(name)}")
            found[name] = checked(name, value, f"{where}: {name}")
    return found


def _line(text: str, section: str, key: str) -> str:
    """` line 3` where a key stands on a line of its own, and nothing where it does not."""
    number = settings_lines.number(text, section, key)
    return "" if number is None else f" line {number}"


def checked(name: str, value: Any, where: str) -> Value:
    """A value that a setting may have; UsageError, which begins with `where`, for any other."""
    known = dict(_known())[name]
    if type(value) is not type(known.default):
        kind = "a whole number" if isinstance(known.default, int) else 'a text in "quotes"'
        raise UsageError(f"{where} must be {kind}, and is {value!r}")
    try:
        if known.metadata["check"] is not None:
            known.metadata["check"](value)
    except ValueError as error:
        raise UsageError(f"{where} is {value!r}: {error}") from error
    checked: Value = value
    return checked


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    by_key = {one.partition(".")[2]: one for one in names()}
    # By the key alone: the name of a section is so long that all in it would seem near.
    near = get_close_matches(name, names(), 1, 0.85) or [
        by_key[key] for key in get_close_matches(name.rpartition(".")[2], by_key, 1)
    ]
    meant = f"; did you mean {near[0]}?" if near else "; `peer config show` lists all"
    return f"no setting is called {name}{meant}"


def _toml(value: Value) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if any(ord(c) < 32 or ord(c) == 127 for c in escaped):
        raise UsageError("a setting is one line, without control characters")
    return f'"{escaped}"'
