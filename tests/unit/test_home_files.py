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
from peer.home.files import make_private_file, make_private_folder, set_aside, write_private
from peer.lock import held
from peer.membership import rekey
from peer.settings import save
from peer.stewards.shelf import FolderShelf
from protocol.errors import DamagedHomeError, HomeError
from tests.network import FolderNetwork


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
    assert list(shelf.everything()) == []
    (tmp_path / "documents").write_bytes(b"")
    with pytest.raises(HomeError, match="cannot be read"):
        list(shelf.everything())


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


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing there")
@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_whatever_the_umask_says_a_home_is_of_its_owner_alone(tmp_path: Path, mask: int) -> None:
    """Keys, database with log and index, lock, shelf, settings, and every folder on the way."""
    before = os.umask(mask)
    try:
        network = FolderNetwork(tmp_path, names=("core",))
        network.round()
        rekey(network.peers["core"])
        core = Path(network.folder("core"))
        save(str(core), "run.poll_s", 3)
        network.peers["core"].blobs.put([b"an attachment"])
        network.peers["core"].blobs.begin("5d" * 32, "scout").pause()
        network.peers["core"].home.db.copy_to(str(core / "copy.db"))
        found = {path: path.stat().st_mode & 0o777 for path in Path(network.home).rglob("*")}
    finally:
        os.umask(before)
    network.close()
    names = {path.name for path in found}
    assert {"home.db", "home.db-wal", "home.db-shm", "copy.db", "lock"} <= names
    assert {"key", "key.next", "blobs", "5d" * 32 + ".scout.part"} <= names
    assert {p.name: m for p, m in found.items() if m != (0o700 if p.is_dir() else 0o600)} == {}
    assert Path(network.home).stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="modes mean nothing there")
def test_a_umask_that_takes_rights_from_the_owner_takes_none_here(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    before = os.umask(0o777)
    try:
        make_private_folder(str(folder))
        write_private(str(folder / "written"), b"")
        make_private_file(str(folder / "made"))
        with held(str(folder)):
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    finally:
        os.umask(before)
    assert modes == {"a": 0o700, "b": 0o700, "written": 0o600, "made": 0o600, "lock": 0o600}


def test_a_private_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="cannot be written"):
        make_private_file(str(tmp_path / "no" / "file"))


def test_a_file_here_needs_no_folder_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`peer export core.peer` in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_private("core.peer", b"x")
    assert (tmp_path / "core.peer").read_bytes() == b"x"
