"""Scenarios: ours are sound and short; a slip in one of yours is told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

import peer.simulate
from peer.simulate import scenario
from peer.simulate.plan import Plan
from protocol.errors import UsageError

FOLDER = Path(peer.simulate.__path__[0]) / "scenarios"
KNOWN = ("halt", "join", "kill", "power-cut")
GOOD = """
about = "Two, and little goes wrong."
peers = [2, 4]
ticks = 30
quiet = 5
every = "90s"
drive = "synced"
names = ["ann", "bob"]
[traffic]
note = 30
alert = 250
[faults]
kill = 10
halt = 0
[[at]]
round = 3
fault = "halt"
who = "bob"
[[at]]
round = 4
fault = "join"
"""


def minimal(*lines: str) -> str:
    return "\n".join(['about = "x"', "peers = 2", "ticks = 9", *lines])


def test_everything_that_a_file_says_is_read() -> None:
    found = scenario.parse(GOOD, "mine", KNOWN)
    assert found == scenario.Scenario(
        name="mine", about="Two, and little goes wrong.", peers=(2, 4), ticks=30, quiet=5,
        every_ms=90_000, drive="synced", names=("ann", "bob"), traffic={"note": 30, "alert": 250},
        faults={"halt": 0, "kill": 10},
        at=({"round": 3, "fault": "halt", "who": "bob"}, {"round": 4, "fault": "join"}),
    )  # fmt: skip
    assert scenario.from_json(found.as_json(), KNOWN) == found


def test_what_a_file_does_not_say_has_a_good_default() -> None:
    found = scenario.parse(minimal(), "mine", KNOWN)
    assert (found.peers, found.quiet, found.every_ms) == ((2, 2), 12, 6 * 3_600_000)
    assert (found.drive, found.names, found.traffic) == ("direct", (), {})
    assert (found.faults, found.at) == ({}, ())


@pytest.mark.parametrize(
    ("text", "ms"),
    [("250ms", 250), ("90s", 90_000), ("15m", 900_000), ("6h", 21_600_000), ("2d", 172_800_000)],
)
def test_durations_are_read_and_said(text: str, ms: int) -> None:
    assert scenario.duration_ms(text) == ms
    assert scenario.duration_text(ms) == text


@pytest.mark.parametrize("text", ["6", "h", "6 h", "6hours", "-1h", "1.5h", "", "6H", "１h"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert scenario.duration_ms(text) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[faults]\nkil = 3", ["'kil'", "did you mean 'kill'", "peer simulate list"]),
        ("[faults]\npower_cut = 3", ["did you mean 'power-cut'"]),
        ("[faults]\nkill = 1001", ["faults.kill", "0 to 1000", "1001"]),
        ("[faults]\nkill = 0.5", ["faults.kill", "whole number"]),
        ("[faults]\nkill = true", ["faults.kill", "whole number"]),
        ('faults = "all"', ["`faults`", '"drawn"']),
        ("qiet = 3", ["'qiet'", "did you mean 'quiet'"]),
        ('every = "6hours"', ["`every`", '"6h"']),
        ("every = 6", ["`every`", '"6h"']),
        ('every = "0s"', ["`every`"]),
        ('every = "31d"', ["`every`", "30 days"]),
        ('drive = "sync"', ["`drive`", "direct, synced, cached", "did you mean 'synced'"]),
        ('names = ["Ann"]', ["`names`"]),
        ('names = ["ann", "ann"]', ["`names`", "once"]),
        ('names = "ann"', ["`names`", "list"]),
        ("[traffic]\nnotes = 3", ["[traffic]", "'notes'", "did you mean 'note'"]),
        ("[traffic]\nnote = -1", ["traffic.note", "0 to"]),
        ("traffic = 3", ["[traffic]"]),
        ("at = 3", ["[[at]]"]),
        ("at = [3]", ["[at]"]),
        ('[[at]]\nfault = "kill"', ["[[at]]", "`round` is missing"]),
        ("[[at]]\nround = 3", ["[[at]]", "`fault` is missing"]),
        ('[[at]]\nround = 9\nfault = "kill"', ["at.round", "0 to 8"]),
        ('[[at]]\nround = 3\nfault = "kil"', ["did you mean 'kill'"]),
        ('[[at]]\nround = 3\nfault = "kill"\nwho = "cor"', ["'cor'", "did you mean 'core'"]),
        ('[[at]]\nround = 3\nfault = "kill"\nwhom = "core"', ["'whom'", "did you mean 'who'"]),
        ("peers = 3", ["no TOML"]),
        ("[", ["no TOML"]),
    ],
)
def test_a_slip_is_told_with_what_would_be_right(line: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        scenario.parse(minimal(line), "mine", KNOWN)
    said = str(caught.value)
    assert said.startswith("scenario mine")
    assert "\n" not in said
    assert not [word for word in words if word not in said], said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "`about` is missing"),
        ('about = "x"', "`peers` is missing"),
        ('about = "x"\npeers = 3', "`ticks` is missing"),
        ('about = ""\npeers = 3\nticks = 3', "`about`"),
        ('about = "x"\npeers = 0\nticks = 3', "`peers` is a whole number from 1 to 1000"),
        ('about = "x"\npeers = [3, 2]\nticks = 3', "`peers` is a whole number from 3 to 1000"),
        ('about = "x"\npeers = [3]\nticks = 3', "the fewest and the most"),
        ('about = "x"\npeers = 3\nticks = "9"', "`ticks` is a whole number"),
    ],
)
def test_what_is_missing_is_told(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        scenario.parse(text, "mine", KNOWN)


def test_somebody_who_joins_can_be_named() -> None:
    halted = '[[at]]\nround = 5\nfault = "halt"\nwho = "newcomer-1"'
    assert scenario.parse(minimal(halted), "mine", KNOWN).at[0]["who"] == "newcomer-1"


def test_a_file_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD)
    assert scenario.load(str(file), KNOWN).name == str(file), "what `peer simulate run` takes"
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="UTF-8"):
        scenario.load(str(file), KNOWN)
    file.write_bytes(b"#" * (scenario.file_bytes_max + 1))
    with pytest.raises(UsageError, match="larger"):
        scenario.load(str(file), KNOWN)
    with pytest.raises(UsageError, match="cannot be read"):
        scenario.load(str(tmp_path / "other.toml"), KNOWN)


def test_an_unknown_scenario_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'office-of-fifty'"):
        scenario.load("office-of-fivty")


def test_there_are_names_for_everybody() -> None:
    found = scenario.parse(GOOD, "mine", KNOWN)
    assert found.instances(3) == ("ann", "bob", "core")
    many = found.instances(scenario.peers_max)
    assert len(set(many)) == scenario.peers_max
    assert many[:50] == found.instances(50), "one more peer renames nobody"


@pytest.mark.parametrize("name", scenario.names())
def test_ours_are_sound_short_and_explain_themselves(name: str) -> None:
    lines = (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 30
    assert lines[0].startswith("# ")
    assert sum("#" in line for line in lines) >= 3
    found = scenario.load(name)
    assert found.name == name
    assert found.about.endswith(".")
    assert scenario.from_json(found.as_json()) == found
    assert Plan(found, 1).command() is not None


def test_ours_are_those_that_were_asked_for() -> None:
    assert scenario.names() == [
        "any-weather", "ask-first", "five-at-home", "flaky-drive", "flash-crowd", "hostile-guest",
        "office-of-fifty", "split-brain", "steward-on-holiday", "under-the-weather",
        "year-of-ticks",
    ]  # fmt: skip
    year = scenario.load("year-of-ticks")
    assert (year.ticks * year.every_ms, year.every_ms) == (365 * 86_400_000, 6 * 3_600_000)
    weather = scenario.load("any-weather")
    assert (weather.ticks + weather.quiet, weather.peers, weather.faults) == (100, (3, 7), "drawn")


def test_faults_are_known_without_importing_them() -> None:
    from peer.simulate import faults

    with pytest.raises(UsageError):
        scenario.parse(minimal("[faults]\nno-such = 1"), "mine")
    for name in faults.names():
        scenario.parse(minimal(f"[faults]\n{name} = 1"), "mine")
