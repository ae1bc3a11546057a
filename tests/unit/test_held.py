"""What a home holds of its own database: never anything else than what would be read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from peer.home import Home, create_home, open_home
from peer.home.state import State
from tests.network import SeededEntropy

WAITING = "SELECT name FROM self WHERE name LIKE 'x%' ORDER BY 1"


@pytest.fixture(params=["memory", "file"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    path = ":memory:" if request.param == "memory" else str(tmp_path / "home.db")
    return create_home(path, SeededEntropy("held").draw)


def names(home: Home) -> list[str]:
    return [row[0] for row in home.db.held(WAITING)]


def test_an_answer_is_held_until_its_table_is_written(home: Home) -> None:
    assert home.db.held(WAITING) is home.db.held(WAITING)
    before = home.db.held(WAITING)
    with home.transaction():
        home.concerns.open("some", "warn", "text", "mend", 1)
        assert home.db.held(WAITING) is before, "another table"
        home.state.put("x1", 1)
        assert names(home) == ["x1"]
    assert names(home) == ["x1"]


def test_a_rollback_takes_back_what_is_held(home: Home) -> None:
    with suppress(RuntimeError), home.transaction():
        home.state.put_all({"x1": 1, "flag:a": 1})
        assert (home.state.number("x1"), home.state.flags("flag:")) == (1, ["a"])
        assert names(home) == ["x1"]
        raise RuntimeError
    assert (home.state.number("x1"), home.state.flags("flag:"), names(home)) == (0, [], [])


def test_a_part_that_fails_alone_takes_back_what_is_held(home: Home) -> None:
    with home.transaction():
        home.state.put("x1", 1)
        with suppress(RuntimeError), home.db.savepoint():
            home.state.put("x1", 2)
            home.state.put("x2", 2)
            assert (home.state.number("x1"), names(home)) == (2, ["x1", "x2"])
            raise RuntimeError
        assert (home.state.number("x1"), names(home)) == (1, ["x1"])


def test_another_process_is_heard(tmp_path: Path) -> None:
    path = str(tmp_path / "home.db")
    mine = create_home(path, SeededEntropy("held").draw)
    other = open_home(path)
    assert (mine.state.number("x1"), mine.state.flags("flag:"), names(mine)) == (0, [], [])
    with other.transaction():
        other.state.put_all({"x1": 1, "flag:a": 1})
    assert (mine.state.number("x1"), mine.state.flags("flag:"), names(mine)) == (1, ["a"], ["x1"])


def test_two_stores_of_one_connection_agree(home: Home) -> None:
    twin = State(home.db)
    assert (twin.text("x1"), home.state.text("x1")) == (None, None)
    with home.transaction():
        home.state.put("x1", "one")
        assert twin.text("x1") == "one"
        twin.forget("x1")
    assert home.state.text("x1") is None


def test_flags_follow_what_is_put_and_forgotten(home: Home) -> None:
    with home.transaction():
        for word in ("b", "a", "c"):
            home.state.put(f"flag:{word}", 1)
            assert word in home.state.flags("flag:")
        home.state.forget("flag:b")
        assert home.state.flags("flag:") == ["a", "c"]
        assert home.state.flags("fla:") == []


def test_held_answers_are_bounded(home: Home) -> None:
    for number in range(1_000):
        home.db.held("SELECT name FROM self WHERE name = ?", str(number))
    assert len(home.db._held) <= 200
