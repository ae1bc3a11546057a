"""Files of a home: what the disk refuses is told as a fault of the home, in one line."""

from __future__ import annotations

import errno
import gc
import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from peer.home import create_home
from peer.home.files import make_private_folder, set_aside, write_private
from peer.lock import held
from peer.stewards.shelf import FolderShelf
from protocol.errors import DamagedHomeError, HomeError


def test_a_disk_that_refuses_even_to_forget_is_a_fault_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **more: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(HomeError, match="its disk is read-only"):
        write_private(str(tmp_path / "file"), b"")


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_disk_that_refuses_is_a_fault_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*arguments: object, **more: object) -> int:
        raise OSError(5, "Input/output error")

    (tmp_path / "file").write_bytes(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(HomeError, match="cannot be written"):
            write_private(str(tmp_path / "file"), b"after")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["file"]


def test_a_bare_name_is_a_file_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_private("file", b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_a_lock_that_cannot_be_opened_is_a_fault_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(HomeError, match="cannot be written"), held(str(tmp_path)):
        pass


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(HomeError, match="cannot be written"):
        make_private_folder(str(tmp_path / "file" / "folder"))


def test_a_shelf_that_cannot_be_listed_is_not_an_empty_one(tmp_path: Path) -> None:
    shelf = FolderShelf(str(tmp_path))
    assert shelf.everything() == []
    (tmp_path / "documents").write_bytes(b"")
    with pytest.raises(HomeError, match="cannot be read"):
        shelf.everything()


def test_a_log_without_its_database_is_set_aside_too(tmp_path: Path) -> None:
    """A new database at this place must not find the log of another one."""
    path = tmp_path / "home.db"
    (tmp_path / "home.db-wal").write_bytes(b"log")
    assert set_aside(str(path), "damaged") == f"{path}.damaged-1"
    assert os.listdir(tmp_path) == ["home.db.damaged-1-wal"]
    assert set_aside(str(path), "damaged") is None


@pytest.mark.parametrize(
    ("code", "is_damage"),
    [
        (sqlite3.SQLITE_CORRUPT, True),
        (sqlite3.SQLITE_IOERR_READ, True),
        (sqlite3.SQLITE_IOERR_SHORT_READ, True),
        (sqlite3.SQLITE_IOERR_WRITE, False),
        (sqlite3.SQLITE_IOERR_SHMSIZE, False),
    ],
)
def test_only_what_cannot_be_read_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, is_damage: bool
) -> None:
    class Failing:
        def execute(self, *arguments: object) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = code
            raise error

    with closing(create_home(str(tmp_path / "home.db"), bytes)) as home:
        with monkeypatch.context() as patch:
            patch.setattr(home.db, "_connection", Failing())
            with pytest.raises(HomeError) as caught:
                home.db.read("SELECT 1")
        assert isinstance(caught.value, DamagedHomeError) is is_damage


def test_a_home_that_is_forgotten_in_another_thread_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Garbage is looked for by whatever thread makes some: of a ping, of the deadline."""
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    home = create_home(str(tmp_path / "home.db"), os.urandom)
    cycle: list[object] = [home]
    cycle.append(cycle)
    del home, cycle
    thread = threading.Thread(target=gc.collect)
    thread.start()
    thread.join()
    assert told == []
    held = [os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")]
    assert str(tmp_path / "home.db") not in held


def test_a_home_that_was_closed_may_be_forgotten_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    home = create_home(str(tmp_path / "home.db"), os.urandom)
    home.close()
    home.close()
    cycle: list[object] = [home]
    cycle.append(cycle)
    del home, cycle
    thread = threading.Thread(target=gc.collect)
    thread.start()
    thread.join()
    assert told == []
