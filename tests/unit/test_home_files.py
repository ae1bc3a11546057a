"""Files of a home: what the disk refuses is told as a fault of the home, in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peer.home.files import make_private_folder, set_aside, write_private
from peer.lock import held
from peer.stewards.shelf import FolderShelf
from protocol.errors import HomeError


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


def test_a_lock_that_cannot_be_opened_is_a_fault_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(HomeError, match="cannot be opened"), held(str(tmp_path)):
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


def test_a_file_here_needs_no_folder_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`peer export core.peer` in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_private("core.peer", b"x")
    assert (tmp_path / "core.peer").read_bytes() == b"x"
