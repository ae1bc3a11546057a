"""`peer tick --spread`: each identity waits its own part, and no longer than it has to."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer import settings
from peer.cli import tick
from peer.home.places import Identity
from peer.timetable import Timetable

NAMES = ("core", "librarian", "scout", "warden", "archivist")


def identity(name: str) -> Identity:
    return Identity(name=name, cluster="lab", network="4" * 64, share="/s", key="k" * 64)


def found(base: Path) -> list[tuple[str, Identity]]:
    for name in NAMES:
        (base / name).mkdir()
    return [(str(base / name), identity(name)) for name in NAMES]


def test_each_peer_has_a_part_of_its_own_and_the_shortest_comes_first(tmp_path: Path) -> None:
    mine = found(tmp_path)
    in_turn = tick._in_turn(mine, spread=True)
    waits = [wait for wait, _, _ in in_turn]
    assert waits == sorted(set(waits))
    assert waits[0] >= 0
    assert waits[-1] <= 60_000
    for wait, _, one in in_turn:
        assert wait == Timetable("", "", "", 60, one.address).delay_ms()


def test_without_spread_or_with_damaged_settings_nobody_waits(tmp_path: Path) -> None:
    mine = found(tmp_path)
    assert [wait for wait, _, _ in tick._in_turn(mine, spread=False)] == [0] * len(NAMES)
    (tmp_path / "core" / settings.FILE).write_text("[")
    assert tick._in_turn(mine, spread=True)[0][::2] == (0, identity("core"))


def test_the_setting_bounds_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save(str(tmp_path), "schedule.spread_s", 2)
    assert tick._delay_ms(str(tmp_path), identity("core")) <= 2_000
    monkeypatch.setenv("PEER_SCHEDULE_SPREAD_S", "0")
    assert tick._delay_ms(str(tmp_path), identity("core")) == 0
