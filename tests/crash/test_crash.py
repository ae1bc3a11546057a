"""A short form of `make crash`, and that it can fail.

Each campaign is a program of its own, for it forks. What this machine lacks skips with a word.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.ledger import databases, watch
from tests.crash.world import Act, World

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def _run(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, cwd=ROOT
    )


def test_a_few_of_every_means() -> None:
    """TICK-2, TICK-3, SEND-1, SEND-2, SEND-10, EPOCH-4, SHARE-10: nothing lost, doubled, corrupt.

    Real processes die and calls fail in all scenes: sending, ticks, joining, repairs, retention.
    """
    done = _run("tests.crash", "--short")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line.partition(" ")[0] for line in done.stdout.splitlines()}
    assert rows >= {"share", "short", "instant"}
    _struck(done.stdout, 60)
    assert rows >= {"call", "error", "lie"}


def test_one_power_cut() -> None:
    """SEND-1, SHARE-10: what was told on the console before is there afterwards."""
    done = _run("tests.crash", "--only", "power/ext4", "--cuts", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    _struck(done.stdout, 1)


def _struck(told: str, at_least: int) -> None:
    if found := re.search("^skipped: (.*)", told, re.MULTILINE):
        pytest.skip(found[1])
    row = re.search(r"^all +([\d,]+) +([\d,]+)", told, re.MULTILINE)
    assert row is not None, told
    assert int(row[2].replace(",", "")) >= at_least, told


@pytest.mark.parametrize(
    ("bug", "kind", "only", "thin"),
    [
        ("marked_apart", "doubled", "call/tick/busy: tick scout/pwrite64", "8"),
        ("told_too_soon", "lost", "error/send/busy: send core/pwrite64", "24"),
        ("discarded_first", "lost", "share/tick/busy: tick scout", "100"),
        ("without_files", "lost", "share/tick/busy: tick scout", "100"),
    ],
)
def test_a_planted_bug_is_caught_and_can_be_replayed(
    bug: str, kind: str, only: str, thin: str
) -> None:
    """The line that a failure ends with plays that trial alone, and it fails again."""
    done = _run("tests.crash.planted", bug, "--only", only, "--thin", thin)
    if "skipped: " in done.stdout:
        _struck(done.stdout, 0)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{kind}: " in done.stdout
    again = re.search("replay: python -m tests.crash (--seed 1) --only '(.*)'", done.stdout)
    assert again is not None, done.stdout
    once = _run("tests.crash.planted", bug, "--seed", "1", "--only", again[2])
    assert once.returncode == 1, once.stdout + once.stderr
    assert f"{kind}: " in once.stdout


# ------------------------------------------------------------------------------ the judge


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A network that is well."""
    made = World(tmp_path)
    made.found()
    made.do(Act("", "send", "core", ("scout",), "one"))
    made.heal()
    assert made.judge().lines() == []
    return made


def test_the_judge_misses_what_never_came(world: World) -> None:
    world.ledger.note("told", by="core", text="two", readers=[], ids=["x"], to=["scout"])
    assert [line[:4] for line in world.judge().lines()] == ["lost"]


def test_the_judge_takes_expired_for_kept_only_with_a_word(world: World) -> None:
    world.do(Act("", "send", "core", ("scout",), "two"))
    with closing(sqlite3.connect(databases(world.home)["core"])) as db, db:
        db.execute("UPDATE item SET state = 'expired' WHERE id = (SELECT max(id) FROM item)")
        db.execute("UPDATE item SET state = 'expired' WHERE mine = 1")
        db.execute("UPDATE own_page SET covered_at = 1")
        assert len(world.judge().lost) == 1
        db.execute(
            "INSERT INTO concern (key, level, text, mend, since)"
            " VALUES ('expired:scout@lab', 'warn', '', '', 1)"
        )
    assert world.judge().lines() == []


def test_the_judge_sees_what_was_acted_on_twice(world: World) -> None:
    with closing(sqlite3.connect(databases(world.home)["scout"])) as db, db:
        db.execute("INSERT INTO crash_log (id, data) SELECT id, data FROM crash_log")
    assert {line[:7] for line in world.judge().lines()} == {"doubled"}


def test_the_judge_sees_what_nobody_wrote(world: World) -> None:
    with closing(sqlite3.connect(databases(world.home)["scout"])) as db, db:
        db.execute("UPDATE crash_log SET data = CAST(replace(data, 'one', 'two') AS BLOB)")
    assert {line[:7] for line in world.judge().lines()} == {"corrupt"}
    world.run(Act("", "send", "smith", ("core",), "unannounced"), seed=1)
    world.heal()
    assert sum("unannounced" in line for line in world.judge().corrupt) == 1


def test_the_judge_sees_an_admission_that_nobody_heard_of(world: World) -> None:
    world.ledger.note("admitted", name="late")
    assert len(world.judge().lost) == 3


def test_a_new_home_is_watched_once(world: World) -> None:
    watch(world.home)
    world.do(Act("", "send", "core", ("scout",), "two"))
    world.heal()
    assert world.judge().lines() == []
