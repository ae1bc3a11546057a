"""The log of ticks: one object a line, turned over at its size, and never a reason to fail."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from peer import lock, logbook
from peer.logbook import FILE, FOLDER, Logbook, newest
from peer.settings import Log
from tests.network import START_MS, FakeClock

SMALL = Log(kilobytes=16, files=3)


def book(folder: Path, settings: Log = SMALL, clock: FakeClock | None = None) -> Logbook:
    return Logbook(str(folder), "core", settings, clock or FakeClock())


def lines(folder: Path) -> list[str]:
    return (folder / FOLDER / FILE).read_text().splitlines()


def test_a_line_is_one_object_with_its_time_in_utc(tmp_path: Path) -> None:
    clock = FakeClock()
    clock.go(250)
    book(tmp_path, clock=clock).note("warning", "problem", tick=7, text="a drive\nis slow")
    (line,) = lines(tmp_path)
    assert json.loads(line) == {
        "time": "2026-09-21T14:13:20.250Z", "level": "warning", "event": "problem",
        "peer": "core", "tick": 7, "text": "a drive\nis slow",
    }  # fmt: skip
    assert re.fullmatch(r"[\x20-\x7e]+", line)


def test_what_could_act_on_a_terminal_is_escaped(tmp_path: Path) -> None:
    nasty = "\x1b[2J\x7f\x9b31m\u202e\ud800 ß"
    book(tmp_path).note("info", "tick", text=nasty)
    (line,) = lines(tmp_path)
    assert re.fullmatch(r"[\x20-\x7e]+", line)
    assert json.loads(line)["text"] == nasty


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        book(tmp_path).note("info", "tick")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FOLDER / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / FOLDER).stat().st_mode) == 0o700


def test_a_level_leaves_out_what_is_less(tmp_path: Path) -> None:
    noted = book(tmp_path, Log(level="warning"))
    for level in logbook.LEVELS:
        noted.note(level, "tick")
    assert [json.loads(line)["level"] for line in lines(tmp_path)] == ["warning", "error"]


def test_a_text_without_end_is_cut(tmp_path: Path) -> None:
    book(tmp_path).note("info", "tick", text="x" * 100_000)
    assert len(lines(tmp_path)[0]) < logbook.text_chars_max + 200


def test_files_are_turned_over_at_their_size_and_the_oldest_goes(tmp_path: Path) -> None:
    noted = book(tmp_path)
    for number in range(400):
        noted.note("info", "tick", tick=number, text="x" * 400)
    names = sorted(p.name for p in (tmp_path / FOLDER).iterdir() if p.name != "lock")
    assert names == [FILE, f"{FILE}.1", f"{FILE}.2"]
    sizes = [(tmp_path / FOLDER / name).stat().st_size for name in names]
    assert all(size <= 16 * 1024 for size in sizes)
    assert min(sizes[1:]) > 15 * 1024
    found = newest(str(tmp_path), 1_000)
    ticks = [entry["tick"] for entry in found]
    assert ticks == list(range(ticks[0], 400))
    assert [e["tick"] for e in newest(str(tmp_path), 40)] == list(range(360, 400))


def test_fewer_files_than_before_leave_none_behind(tmp_path: Path) -> None:
    for settings in (Log(kilobytes=16, files=6), Log(kilobytes=16, files=2)):
        noted = book(tmp_path, settings)
        for _ in range(250):
            noted.note("info", "tick", text="x" * 400)
    names = sorted(p.name for p in (tmp_path / FOLDER).iterdir() if p.name != "lock")
    assert names == [FILE, f"{FILE}.1"]
    noted = book(tmp_path, Log(kilobytes=16, files=1))
    for number in range(60):
        noted.note("info", "tick", tick=number, text="x" * 400)
    assert [p.name for p in (tmp_path / FOLDER).iterdir() if p.name != "lock"] == [FILE]
    assert newest(str(tmp_path), 1)[0]["tick"] == 59


@pytest.mark.parametrize("die_at", [0, 1])
def test_a_death_while_files_are_turned_over_loses_no_more_than_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, die_at: int
) -> None:
    noted = book(tmp_path)
    for number in range(75):
        noted.note("info", "tick", tick=number, text="x" * 400)
    before = [entry["tick"] for entry in newest(str(tmp_path), 1_000)]
    assert (tmp_path / FOLDER / f"{FILE}.2").exists()
    in_oldest = len((tmp_path / FOLDER / f"{FILE}.2").read_text().splitlines())
    replace = os.replace
    calls: list[str] = []

    class Death(BaseException):
        pass

    def dying(source: str, target: str) -> None:
        if len(calls) == die_at:
            raise Death
        calls.append(source)
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", dying)
        died_at = 75
        with suppress(Death):
            while died_at < 150:
                noted.note("info", "tick", tick=died_at, text="x" * 400)
                died_at += 1
        assert died_at < 150
    kept = [entry["tick"] for entry in newest(str(tmp_path), 1_000)]
    assert kept == list(range(before[in_oldest if die_at else 0], died_at))
    # And the next line goes on, into the gap that the death has left.
    noted.note("info", "tick", tick=died_at, text="x" * 400)
    after = [entry["tick"] for entry in newest(str(tmp_path), 1_000)]
    assert after[-1] == died_at
    assert after[0] == before[in_oldest]


def test_who_does_not_get_the_lock_turns_nothing_over(tmp_path: Path) -> None:
    noted = book(tmp_path)
    (tmp_path / FOLDER).mkdir()
    with lock.held(str(tmp_path / FOLDER)):
        for _ in range(60):
            noted.note("info", "tick", text="x" * 400)
    assert len(lines(tmp_path)) == 60
    noted.note("info", "tick", text="x" * 400)
    assert len(lines(tmp_path)) == 1


def _write_many(folder: str, name: str, count: int) -> None:
    noted = Logbook(folder, name, Log(kilobytes=16, files=100), FakeClock())
    for number in range(count):
        noted.note("info", "tick", tick=number, text="y" * 300)


def test_two_processes_at_once_lose_no_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_write_many, args=(str(tmp_path), name, 400)) for name in ("a", "b")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    found = newest(str(tmp_path), 10_000)
    assert len(list((tmp_path / FOLDER).iterdir())) > 5
    for name in ("a", "b"):
        mine = sorted(e["tick"] for e in found if e["peer"] == name)
        assert mine == list(range(400))


def test_a_line_that_a_full_disk_cut_takes_no_other_with_it(tmp_path: Path) -> None:
    noted = book(tmp_path)
    noted.note("info", "tick", tick=1)
    path = tmp_path / FOLDER / FILE
    path.write_bytes(path.read_bytes() + b'{"time": "2026-')
    noted.note("info", "tick", tick=2)
    path.write_bytes(path.read_bytes() + b'[1]\n{"level": "info"}\n')
    noted.note("info", "tick", tick=3)
    assert [entry["tick"] for entry in newest(str(tmp_path), 10)] == [1, 2, 3]


def test_files_that_cannot_be_moved_on_take_the_line_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_use(source: str, target: str) -> None:
        raise PermissionError(13, "somebody reads it")

    monkeypatch.setattr(os, "replace", in_use)
    noted = book(tmp_path)
    for number in range(60):
        noted.note("info", "tick", tick=number, text="x" * 400)
    assert [e["tick"] for e in newest(str(tmp_path), 1_000)] == list(range(60))


def test_a_log_that_cannot_be_written_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        book(tmp_path).note("info", "tick")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / FOLDER).write_text("a file where the folder belongs")
    book(tmp_path / "other").note("info", "tick")
    assert newest(str(tmp_path / "other"), 10) == []
    assert newest(str(tmp_path), 10) == []


def test_what_is_asked_for_by_level_and_time(tmp_path: Path) -> None:
    clock = FakeClock()
    noted = book(tmp_path, clock=clock)
    for level in ("info", "warning", "error"):
        clock.go(60_000)
        noted.note(level, "tick")
    assert [e["level"] for e in newest(str(tmp_path), 9, "warning")] == ["warning", "error"]
    since = START_MS + 150_000
    assert [e["level"] for e in newest(str(tmp_path), 9, since_ms=since)] == ["error"]
    assert newest(str(tmp_path / "nowhere"), 9) == []


def test_a_peer_in_memory_keeps_no_log() -> None:
    Logbook(None, "core", Log(), FakeClock()).note("error", "fault")
