"""Scenarios: what a simulated network is like, and what goes wrong in it; read from TOML.

A scenario is the story, a seed one telling of it. Rules: everything is checked when it is read, so
that a run never stumbles over a slip of the pen; an error says where, and what would be right.
Not here: what faults do (`peer.simulate.faults`), and what is drawn from the seed
(`peer.simulate.plan`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from protocol import names as spelling
from protocol.errors import RuleError, UsageError

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DRIVES = ("direct", "synced", "cached")
TRAFFIC = ("note", "question", "insight", "alert", "announcement")
KEYS = ("about", "peers", "ticks", "quiet", "every", "drive", "names", "traffic", "faults", "at")
AT_KEYS = ("round", "fault", "who")

peers_max = 1_000
rounds_max = 1_000_000
every_ms_max = 30 * UNITS_MS["d"]
permille_max = 1_000
letters_percent_max = 10_000
file_bytes_max = 64 * 1024

# What peers are called where a scenario does not say.
NAMES = ("core", "librarian", "scout", "smith", "warden", "scribe", "miller")
# And those whom the fault `join` brings.
NEWCOMERS = ("newcomer-1", "newcomer-2", "newcomer-3")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario; `name` is what `peer simulate run` takes: its name, or the path of its file.

    `peers` are the fewest and the most; `traffic` letters in a hundred ticks of a peer, by kind;
    `faults` strikes in a thousand ticks of a peer, or drawn from the seed; `at` what happens for
    certain: dicts with `round`, `fault` and perhaps `who`.
    """

    name: str
    about: str
    peers: Range
    ticks: int
    quiet: int
    every_ms: int
    drive: str
    names: tuple[str, ...]
    traffic: dict[str, int]
    faults: dict[str, int] | Literal["drawn"]
    at: tuple[dict[str, Any], ...]

    def instances(self, count: int) -> tuple[str, ...]:
        """The names of the first `count` peers: those the scenario gives, then ours."""
        found = [*self.names, *(name for name in NAMES if name not in self.names)]
        numbered = (f"peer-{number:03}" for number in range(len(found) + 1, 2 * peers_max))
        while len(found) < count:
            found += [name for name in (next(numbered),) if name not in found]
        return tuple(found[:count])

    def as_json(self) -> dict[str, Any]:
        """The same as a file would say it, and its name."""
        return {
            "name": self.name, "about": self.about, "peers": list(self.peers),
            "ticks": self.ticks, "quiet": self.quiet, "every": duration_text(self.every_ms),
            "drive": self.drive, "names": list(self.names), "traffic": self.traffic,
            "faults": self.faults, "at": list(self.at),
        }  # fmt: skip


def names() -> list[str]:
    """The scenarios that come with the simulator."""
    found = (entry.name for entry in files("peer.simulate").joinpath("scenarios").iterdir())
    return sorted(name[:-5] for name in found if name.endswith(".toml"))


def load(name_or_path: str, known: Collection[str] | None = None) -> Scenario:
    """The scenario of this name, or in this file (a path ends in .toml); UsageError in words."""
    if name_or_path.endswith(".toml"):
        return parse(read_file(name_or_path, file_bytes_max), name_or_path, known)
    if name_or_path not in (there := names()):
        raise UsageError(
            f"no scenario {name_or_path[:80]!r}{_nearest(name_or_path, there)}; `peer simulate"
            " list` shows all, and a file of your own ends in .toml"
        )
    file = files("peer.simulate").joinpath("scenarios", f"{name_or_path}.toml")
    return parse(file.read_text(encoding="utf-8"), name_or_path, known)


def parse(text: str, name: str, known: Collection[str] | None = None) -> Scenario:
    """The scenario that a TOML text describes.

    `known` are the names of faults there are; by default those of `peer.simulate.faults`.
    """
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"scenario {name} is no TOML: {error}") from error
    return from_json({"name": name, **value}, known)


def from_json(value: dict[str, Any], known: Collection[str] | None = None) -> Scenario:
    """The scenario that `as_json` said, or a file."""
    reading = _Reading(str(value.get("name", "?")), fault_names() if known is None else known)
    return reading.scenario({key: value[key] for key in value if key != "name"})


def duration_ms(text: str) -> int | None:
    """`90s`, `15m`, `6h` or `2d` in ms; None for anything else."""
    found = re.fullmatch(rf"([0-9]{{1,9}})({'|'.join(UNITS_MS)})", text)
    return int(found[1]) * UNITS_MS[found[2]] if found else None


def duration_text(ms: int) -> str:
    """The same the other way round, in the largest unit that divides it."""
    unit, size = next(one for one in reversed(UNITS_MS.items()) if ms % one[1] == 0)
    return f"{ms // size}{unit}"


def fault_names() -> list[str]:
    """All faults, as `peer.simulate.faults` names them; importing that would import the world."""
    found = (entry.name for entry in files("peer.simulate").joinpath("faults").iterdir())
    return [
        name[:-3].replace("_", "-")
        for name in sorted(found)
        if name.endswith(".py") and not name.startswith("_")
    ]


def check_fault(name: str, known: Iterable[str], where: str) -> str:
    """`name`, if there is such a fault; else UsageError with the nearest name."""
    known = list(known)
    if name not in known:
        raise UsageError(
            f"{where}: no fault {name[:80]!r}{_nearest(name, known)};"
            " `peer simulate list` shows all"
        )
    return name


class _Reading:
    """The checks of one text; every error begins with its name."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        self.name = name
        self.known = known

    def scenario(self, value: dict[str, Any]) -> Scenario:
        self.keys(value, KEYS, "")
        for key in ("about", "peers", "ticks"):
            if key not in value:
                raise self.error(f"`{key}` is missing")
        ticks = self.number(value["ticks"], "ticks", 1, rounds_max)
        found = Scenario(
            name=self.name,
            about=self.text(value["about"], "about"),
            peers=self.range(value["peers"]),
            ticks=ticks,
            quiet=self.number(value.get("quiet", 12), "quiet", 0, rounds_max),
            every_ms=self.duration(value.get("every", "6h")),
            drive=self.choice(value.get("drive", "direct"), "drive", DRIVES),
            names=self.names(value.get("names", [])),
            traffic=self.traffic(value.get("traffic", {})),
            faults=self.faults(value.get("faults", {})),
            at=tuple(self.at(one, ticks) for one in self.list(value.get("at", []), "at")),
        )
        self.everybody_is_there(found)
        return found

    def error(self, text: str) -> UsageError:
        return UsageError(f"scenario {self.name}: {text}")

    def keys(self, value: dict[str, Any], known: Collection[str], where: str) -> None:
        for key in value:
            if key not in known:
                raise self.error(
                    f"{where}unknown key {key[:80]!r}{_nearest(key, known)}; known are"
                    f" {', '.join(known)}"
                )

    def number(self, value: Any, key: str, least: int, most: int) -> int:
        if type(value) is not int or not least <= value <= most:
            raise self.error(f"`{key}` is a whole number from {least} to {most}, not {value!r}")
        return value

    def text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"`{key}` is a text in quotes, not {value!r}")
        return " ".join(value.split())

    def choice(self, value: Any, key: str, among: Collection[str]) -> str:
        if value not in among:
            raise self.error(
                f"`{key}` is one of {', '.join(among)}, not {value!r}{_nearest(value, among)}"
            )
        return str(value)

    def table(self, value: Any, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.error(f"`{key}` is a table such as [{key}], not {value!r}")
        return value

    def list(self, value: Any, key: str) -> list[Any]:
        if not isinstance(value, list):
            raise self.error(f"`{key}` is a list, each entry below [[{key}]], not {value!r}")
        return value

    def duration(self, value: Any) -> int:
        ms = duration_ms(value) if isinstance(value, str) else None
        if ms is None or not 0 < ms <= every_ms_max:
            raise self.error(
                '`every` is a time of at most 30 days such as "90s", "15m", "6h" or "2d",'
                f" not {value!r}"
            )
        return ms

    def range(self, value: Any) -> Range:
        ends = value if isinstance(value, list) else [value, value]
        if len(ends) != 2:
            raise self.error(f"`peers` is a number, or the fewest and the most, not {value!r}")
        least = self.number(ends[0], "peers", 1, peers_max)
        return least, self.number(ends[1], "peers", least, peers_max)

    def names(self, value: Any) -> tuple[str, ...]:
        found = self.list(value, "names")
        for name in found:
            try:
                spelling.check_name(self.text(name, "names"))
            except RuleError as error:
                raise self.error(f"`names`: {error.reason}") from error
        if len(set(found)) < len(found):
            raise self.error("`names`: each name once")
        return tuple(found)

    def traffic(self, value: Any) -> dict[str, int]:
        table = self.table(value, "traffic")
        self.keys(table, TRAFFIC, "in [traffic], ")
        return {
            kind: self.number(table[kind], f"traffic.{kind}", 0, letters_percent_max)
            for kind in TRAFFIC
            if kind in table
        }

    def faults(self, value: Any) -> dict[str, int] | Literal["drawn"]:
        if value == "drawn":
            return "drawn"
        if not isinstance(value, dict):
            raise self.error('`faults` is "drawn", or a table of rates below [faults]')
        return {
            check_fault(name, self.known, f"scenario {self.name}"): self.number(
                rate, f"faults.{name}", 0, permille_max
            )
            for name, rate in sorted(value.items())
        }

    def at(self, value: Any, ticks: int) -> dict[str, Any]:
        event = self.table(value, "at")
        self.keys(event, AT_KEYS, "in [[at]], ")
        for key in ("round", "fault"):
            if key not in event:
                raise self.error(f"in [[at]], `{key}` is missing")
        self.number(event["round"], "at.round", 0, ticks - 1)
        fault = self.text(event["fault"], "at.fault")
        check_fault(fault, self.known, f"scenario {self.name}")
        if "who" in event:
            self.text(event["who"], "at.who")
        return {key: event[key] for key in AT_KEYS if key in event}

    def everybody_is_there(self, scenario: Scenario) -> None:
        """Whoever something happens to is there from the beginning, or may join."""
        there = [*scenario.instances(scenario.peers[0]), *NEWCOMERS]
        for event in scenario.at:
            if (who := event.get("who", there[0])) not in there:
                raise self.error(
                    f"in [[at]], there is no peer {who[:80]!r}{_nearest(who, there)}; there are"
                    f" {', '.join(there[:8])}{' …' if len(there) > 8 else ''}"
                )


def _nearest(word: Any, among: Collection[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(str(word), among, 1, 0.5)
    return f" (did you mean {found[0]!r}?)" if found else ""


def read_file(path: str, bytes_max: int) -> str:
    """The text of a file that somebody named; UsageError where there is none to be had."""
    try:
        with open(path, "rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); check the path") from error
    if len(data) > bytes_max:
        raise UsageError(f"{path} is larger than {bytes_max} bytes; take another file")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not valid UTF-8 (byte {error.start})") from error
