"""`peer simulate` as somebody types it: verdicts, figures, repeatability, seeds that fail."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.typist import Typist

SMALL = ("simulate", "--peers", "3", "--ticks", "6", "--seed", "4")
# Letters of the last round are never acted on where no quiet round follows.
RESTLESS = """
about = "No time to settle."
peers = 4
ticks = 30
quiet = 1
[traffic]
note = 200
"""


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    """Somebody without a home, a network or a share."""
    return Typist(tmp_path)


@pytest.fixture
def restless(peer: Typist) -> str:
    (peer.base / "restless.toml").write_text(RESTLESS)
    return "restless.toml"


def test_it_needs_no_home_and_makes_none(peer: Typist) -> None:
    said = peer(*SMALL)
    assert said.out.startswith("every promise was kept: five-at-home, seed 4\n")
    assert "3 peers, 18 rounds of 6 hours" in said.out
    assert "again     peer simulate run five-at-home --seed 4 --peers 3 --ticks 6\n" in said.out
    assert said.err == ""
    assert not list(peer.base.iterdir())


def test_json_is_one_document_and_the_same_each_time(peer: Typist) -> None:
    first, second = (peer(*SMALL, "--faults", "all=30", "--json") for _ in range(2))
    assert first.out == second.out
    assert first.err == ""
    value = first.json
    assert (value["ok"], value["seed"], value["scenario"]) == (True, 4, "five-at-home")
    assert len(value["names"]) >= 3
    assert len(value["rounds"]) == 18
    assert not [key for key in value if "elapsed" in key or "seconds" in key]
    other = peer("simulate", "--peers", "3", "--ticks", "6", "--seed", "5", "--json")
    assert other.json["digest"] != value["digest"]


def test_what_it_says_to_type_plays_the_same_again(peer: Typist) -> None:
    value = peer(*SMALL, "--faults", "kill=50,torn", "--json").json
    words = value["replay"].split()
    assert words[0] == "peer"
    again = peer(*words[1:], "--json").json
    assert again["digest"] == value["digest"]
    assert {strike["fault"] for strike in value["strikes"]} <= {"kill", "torn"}


def test_options_are_understood_before_a_command_too(peer: Typist) -> None:
    before = peer(*SMALL, "run", "five-at-home", "--seed", "9", "--json").json
    after = peer("simulate", "run", "five-at-home", "--peers=3", "--ticks=6", "--seed=9", "--json")
    assert before == after.json
    assert before["seed"] == 9, "the inner one wins"


def test_without_faults_nothing_strikes(peer: Typist) -> None:
    value = peer(*SMALL, "--faults", "none", "--json").json
    assert value["strikes"] == []
    off = peer(
        "simulate", "run", "steward-on-holiday", "--ticks=12", "--faults", "none", "--json"
    )  # fmt: skip
    assert off.json["strikes"] == [], "not even what the scenario has in store"
    assert off.json["replay"].endswith("--faults none")


def test_everything_there_is_can_be_listed(peer: Typist) -> None:
    value = peer("simulate", "list", "--json").json
    assert {"any-weather", "office-of-fifty"} <= {row["name"] for row in value["scenarios"]}
    assert {"kill", "torn"} <= {row["name"] for row in value["faults"]}
    assert value["checkers"]
    assert all(row["about"] for rows in value.values() for row in rows)
    said = peer("simulate", "list").out
    assert all(row["name"] in said for rows in value.values() for row in rows)


def test_a_broken_promise_is_exit_1_and_says_what_to_type(peer: Typist, restless: str) -> None:
    said = peer("simulate", "run", restless, code=1)
    head, found, *_ = said.out.splitlines()
    assert head == "A PROMISE WAS BROKEN: restless.toml, seed 1"
    assert "round 30" in found
    assert "again     peer simulate run restless.toml --seed 1\n" in said.out
    assert "smaller   peer simulate run restless.toml --seed 1 --minimise\n" in said.out
    value = peer("simulate", "run", restless, "--json", code=1).json
    assert not value["ok"]
    assert value["violations"][0]["round"] == 30


@pytest.mark.slow
def test_a_failing_run_can_be_made_smaller_and_played_again(peer: Typist, restless: str) -> None:
    said = peer("simulate", "run", restless, "--minimise", "--json", code=1)
    assert said.err == ""
    value = said.json
    assert value["file"] == "failing-seeds/restless-1-small.json"
    assert value["replay"] == f"peer simulate replay {value['file']}"
    assert len(value["names"]) == 2
    assert len(value["plan"]["letters"]) == 1
    assert value["strikes"] == []
    again = peer("simulate", "replay", value["file"], "--json", code=1).json
    assert (again["digest"], again["replay"]) == (value["digest"], value["replay"])
    words = peer("simulate", "replay", value["file"], "--minimise", "--keep", "here", code=1).out
    assert "what it takes: 2 peers" in words
    assert "again  peer simulate replay here/restless-1-small.json\n" in words


def test_there_is_nothing_to_make_smaller_where_nothing_fails(peer: Typist) -> None:
    said = peer("simulate", "run", "five-at-home", "--peers=3", "--ticks=4", "--minimise")
    assert "nothing to make smaller" in said.err
    assert not list(peer.base.iterdir())


def test_two_scenarios_are_put_side_by_side(peer: Typist, restless: str) -> None:
    words = ("simulate", "compare", "five-at-home", restless, "--peers=3", "--ticks=5")
    said = peer(*words, code=1)
    assert "five-at-home" in said.out.splitlines()[0]
    assert "letters promised" in said.out
    value = peer(*words, "--json", code=1).json
    assert (value["a"]["ok"], value["b"]["ok"]) == (True, False)
    assert value["table"][0].keys() == {"what", "a", "b", "ratio"}


def test_a_page_is_written_where_it_was_asked_for(peer: Typist) -> None:
    said = peer(*SMALL, "--report", "page.html")
    assert said.err == "wrote page.html\n"
    page = (peer.base / "page.html").read_text(encoding="utf-8")
    assert "<svg" in page
    words = re.sub("<[^>]+>", "", page)
    assert "peer simulate run five-at-home --seed 4 --peers 3 --ticks 6" in words
    assert "does not exist" in peer(*SMALL, "--report", "no/page.html", code=2).err
    assert "folder" in peer(*SMALL, "--report", ".", code=2).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--faults", "kil"), "did you mean 'kill'"),
        (("--faults", "kill=many"), "0 to 1000"),
        (("--faults", "kill=1001"), "0 to 1000"),
        (("--faults", "none,kill"), "none stands alone"),
        (("--faults", ""), "no fault ''"),
        (("--peers", "0"), "from 1 to 1000"),
        (("--peers", "many"), "peer simulate --help"),
        (("--ticks", "0"), "from 1 to"),
        (("--seed", "-1"), "from 0 to"),
        (("five-at-home",), "peer simulate run five-at-home"),
        (("rnu",), "run"),
        (("run", "five-at-hom"), "did you mean 'five-at-home'"),
        (("run", "mine.toml"), "cannot be read"),
        (("run",), "peer simulate run --help"),
        (("compare", "five-at-home"), "peer simulate compare --help"),
        (("compare", "five-at-home", "any-wether"), "did you mean 'any-weather'"),
        (("replay", "x"), "neither a seed nor a file"),
        (("replay", "x.json"), "cannot be read"),
        (("replay", "3", "--seed", "4"), "--seed"),
        (("soak", "--hours", "0"), "--hours"),
        (("soak", "--hours", "nan"), "--hours"),
        (("soak", "--seeds", "0"), "--seeds"),
        (("soak", "--workers", "0"), "--workers"),
        (("soak", "--from", "-1"), "--from"),
        (("soak", "--scenario", "weather"), "did you mean 'any-weather'"),
    ],
)
def test_a_slip_is_told_with_what_would_be_right(
    peer: Typist, words: tuple[str, ...], said: str
) -> None:
    assert said in peer("simulate", *words, code=2).err


def test_a_case_that_is_none_is_a_usage_error(peer: Typist) -> None:
    file = peer.base / "case.json"
    for text in ("", "{}", '{"plan": {}}', '{"plan": {"seed": 1, "scenario": {"about": "x"}}}'):
        file.write_text(text)
        assert "case.json" in peer("simulate", "replay", "case.json", code=2).err


@pytest.mark.slow
def test_a_soak_goes_on_where_the_last_one_ended(peer: Typist) -> None:
    words = ("simulate", "soak", "--scenario", "five-at-home", "--seeds", "2", "--workers", "2")
    first = peer(*words, "--from", "7", "--json").json
    assert (first["ok"], first["seeds"], first["from"], first["next"]) == (True, 2, 7, 9)
    assert first["failures"] == []
    second = peer(*words)
    assert second.out.startswith("every promise was kept by 2 seeds\n")
    assert "from seed 9" in second.out
    assert "begins with seed 11" in second.out
    assert second.err == ""
    assert json.loads((peer.base / "failing-seeds/next-seeds.json").read_text())


@pytest.mark.slow
def test_a_soak_keeps_what_fails_and_says_how_to_see_it(peer: Typist, restless: str) -> None:
    words = ("simulate", "soak", "--scenario", restless, "--seeds", "4", "--from", "1")
    said = peer(*words, "--keep", "cases", "--json", code=1)
    value = said.json
    assert value["failures"][0]["seed"] == 1
    assert value["failures"][0]["replay"] == "peer simulate run restless.toml --seed 1"
    assert "seed 1: " in said.err
    (peer.base / restless).unlink()
    file = value["failures"][0]["file"]
    again = peer("simulate", "replay", file, "--json", code=1).json
    found = value["failures"][0]["found"]
    assert found == f"{again['violations'][0]['checker']}: {again['violations'][0]['text']}"


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_soak_that_is_stopped_ends_at_once_and_tells_what_it_found(
    peer: Typist, stop: signal.Signals
) -> None:
    words = ("simulate", "soak", "--hours", "1", "--workers", "2", "--scenario", "five-at-home")
    process = subprocess.Popen(
        peer.command(*words), env=peer.environment, cwd=peer.base, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(6)
    if stop == signal.SIGINT:
        os.killpg(process.pid, stop)  # as a terminal does it: everybody hears it
    else:
        process.send_signal(stop)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 5
    assert "Traceback" not in err
    assert process.returncode == 130
    assert "before you stopped it" in out


def test_a_terminal_sees_progress_that_is_gone_in_the_end(peer: Typist) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        peer.command(*SMALL), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower,
        env={**peer.environment, "TERM": "xterm"}, cwd=peer.base,
    )  # fmt: skip
    os.close(follower)
    out, _ = process.communicate(timeout=60)
    said = ""
    with suppress(OSError):  # the end of a terminal is an error
        while part := os.read(leader, 1_000_000):  # which gives it in pieces
            said += part.decode()
    os.close(leader)
    assert "round 18 of 18" in said
    assert said.endswith("\r"), "the line is empty again"
    assert said.split("\r")[-2].strip() == ""
    assert b"round 18" not in out
