"""`peer config` and damaged settings, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer import settings
from tests.integration.typist import Typist, settled
from tests.unit.test_pings import Server, serving, unproxied

__all__ = ["serving", "unproxied"]  # fixtures


@pytest.fixture
def typed(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_show_says_where_each_value_comes_from(typed: Typist) -> None:
    typed("config", "set", "run.poll_s", "9", "--as", "core")
    rows = typed("config", "show", "--as", "core", "--json", env={"PEER_LOG_LEVEL": "debug"}).json
    assert [row["name"] for row in rows] == settings.names()
    by_name = {row["name"]: row for row in rows}
    assert by_name["run.poll_s"] == {
        "name": "run.poll_s", "value": 9, "origin": "file", "default": 2,
        "means": "seconds between two looks where it polls", "environment": "PEER_RUN_POLL_S",
    }  # fmt: skip
    assert by_name["log.level"]["origin"] == "environment"
    assert by_name["schedule.cron"]["origin"] == "default"
    said = typed("config", "show", "--as", "core").out
    assert "seconds between two looks" in said
    assert str(typed.folder("core") / "settings.toml") in said


def test_set_and_default_change_one_line(typed: Typist) -> None:
    file = typed.folder("core") / "settings.toml"
    assert typed("config", "path", "--as", "core").out == f"{file}\n"
    assert typed("config", "path", "--as", "core", "--json").json == {
        "path": str(file), "exists": False,
    }  # fmt: skip
    said = typed("config", "set", "schedule.cron", "0 */2 * * *", "--as", "core")
    assert said.out == f"schedule.cron is 0 */2 * * * now, in {file}\n"
    assert said.err == "", "nothing is installed that it would leave as it is"
    file.write_text(f"# mine\n{file.read_text()}")
    row = typed("config", "set", "schedule.cron", "--default", "--as", "core", "--json").json
    assert (row["value"], row["origin"]) == ("0 */6 * * *", "default")
    assert file.read_text() == "# mine\n"
    said = typed("config", "set", "run.poll_s", "4", "--as", "core", env={"PEER_RUN_POLL_S": "8"})
    assert "PEER_RUN_POLL_S is set here, and wins" in said.err


def test_what_cannot_be_meant_is_refused(typed: Typist) -> None:
    for words, why in (
        (("shedule.cron", "x"), "did you mean schedule.cron?"),
        (("poll", "3"), "did you mean run.poll_s?"),
        (("run.poll_s", "often"), "no whole number"),
        (("run.poll_s", "0"), "from 1 to 3600"),
        (("schedule.cron", "at noon"), "five fields"),
        (("run.poll_s",), "--default"),
        (("run.poll_s", "3", "--default"), "--default"),
        (("schedule.active_hours", "08:00-12:00"), "never beats within 08:00-12:00"),
        (("schedule.cron", "0 9 30 2 *"), "never beats"),
    ):
        assert why in typed("config", "set", *words, "--as", "core", code=2).err
    assert not (typed.folder("core") / "settings.toml").exists()


@pytest.mark.slow
def test_a_damaged_file_stops_a_tick_and_says_what_to_do(typed: Typist) -> None:
    """A peer must not beat by defaults because of a typing mistake in its schedule."""
    file = typed.folder("core") / "settings.toml"
    beat = typed.share / "peers" / "core" / "heartbeat.json"
    before = beat.read_bytes()
    for text, why in (
        ("[schedule\n", "is no TOML"),
        ('[schedule]\ncorn = "x"\n', "line 2: no setting is called schedule.corn; did you mean"),
    ):
        file.write_text(text)
        for words in (("tick",), ("tick", "--spread"), ("config", "show"), ("schedule", "print")):
            said = typed(*words, "--as", "core", code=2)
            assert f"{file}" in said.err
            assert why in said.err
    said = typed("tick", "--all", "--json", code=2)
    by_name = {row["peer"]: row for row in said.json}
    assert "no setting is called" in by_name["core"]["error"]
    assert by_name["scout"]["state"] == "idle"
    file.unlink()
    assert beat.read_bytes() == before
    typed("tick", "--as", "core")
    assert beat.read_bytes() != before


def test_spread_waits_the_peers_own_part(typed: Typist) -> None:
    """The seconds of a wait cannot be told from outside; that there is none with 0 s can."""
    typed("config", "set", "schedule.spread_s", "0", "--as", "core")
    assert typed("tick", "--spread", "--as", "core", "--json").json["state"] == "idle"


def test_a_schedule_that_never_beats_stops_ticks_alone(typed: Typist, serving: Server) -> None:
    """And the log, the address that watches and the doctor say so."""
    file = typed.folder("core") / "settings.toml"
    file.write_text(
        '[schedule]\nactive_hours = "08:00-12:00"\nspread_s = 0\n'
        f'[ping]\nfailure = "{serving.url}/failure"\n'
    )
    for beat in ("tick", "tick --spread", "run"):
        said = typed(*beat.split(), "--as", "core", code=2)
        assert "never beats within 08:00-12:00" in said.err
        assert 'schedule.cron "0 8 * * *"' in said.err
    for command in (
        "send librarian hello", "peers", "status", "heartbeat", "inbox", "outbox", "metrics",
        "escalations", "schedule remove", "config show",
    ):  # fmt: skip
        typed(*command.split(), "--as", "core")
    entries = typed("log", "--as", "core", "--level", "error", "--json").json
    assert [(one["event"], one["exit"]) for one in entries] == [("fault", 2)] * 3
    assert "never beats" in entries[0]["text"]
    assert [path for _, path, _ in serving.seen] == ["/failure"] * 3
    said = typed("doctor", "--as", "core", code=1)
    assert "never beats within 08:00-12:00" in said.out
    assert "→ `peer config set schedule.cron" in said.out


def test_damaged_settings_are_told_by_what_can_be_read(typed: Typist, serving: Server) -> None:
    file = typed.folder("core") / "settings.toml"
    good = f'[ping]\nfailure = "{serving.url}/failure"\n'
    for damaged, why in (
        ("[schedule]\ncron = \n", "is no TOML"),
        ('[schedule]\ncorn = "x"\n', "no setting is called schedule.corn"),
        ("[run]\npoll_s = 0\n", "run.poll_s"),
    ):
        file.write_text(good + damaged)
        typed("tick", "--spread", "--as", "core", code=2)
        *_, entry = typed("log", "--as", "core", "--json").json
        assert (entry["event"], entry["exit"]) == ("fault", 2)
        assert why in entry["text"]
        said = typed("doctor", "--as", "core", "--json", code=1)
        (check,) = [one for one in said.json["checks"] if one["level"] == "bad"]
        assert check["check"] == "core: settings"
        assert why in check["text"]
        assert check["mend"]
    assert len(serving.seen) == 3


def test_a_variable_that_is_no_setting_is_told(typed: Typist) -> None:
    """Once, and nothing fails for it."""
    said = typed(
        "peers", "--as", "core", "--json", env={"PEER_LOG_FLIES": "3", "PEER_NAME": "core"}
    )
    assert said.err == (
        "peer: PEER_LOG_FLIES is no setting, and does nothing; is PEER_LOG_FILES meant?\n"
    )
    assert said.json
