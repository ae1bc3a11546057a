"""What a drive does is found out by doing it there; what that means is said in words."""

from __future__ import annotations

import errno
import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from peer.drives import kind_of_drive, watching, weaknesses
from protocol.errors import ShareDeniedError, ShareError
from registry import probe as probing
from registry.probe import PLACE, Probe, probe

GOOD = Probe(
    replaces=True, exclusive=True, syncs_files=True, syncs_folders=True, case_blind=False,
    step_ns=1, place_ms=0, list_ms=0, tells=True,
)  # fmt: skip


def tried(folder: Path) -> Probe:
    return probe(str(folder), count().__next__)


def test_a_local_disk_has_nothing_to_tell(tmp_path: Path) -> None:
    found = tried(tmp_path)
    assert found.step_ns <= 1_000
    assert found.tells
    assert weaknesses(found) == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_probe_that_died_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / PLACE).mkdir()
    (tmp_path / PLACE / "file-0").write_bytes(b"old")
    assert weaknesses(tried(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_drive_that_refuses_is_an_error_of_the_share(tmp_path: Path) -> None:
    (tmp_path / PLACE).write_bytes(b"in the way")
    with pytest.raises(OSError, match="File exists") as raised:
        os.mkdir(tmp_path / PLACE)
    assert raised.value.errno == errno.EEXIST
    with pytest.raises(Exception, match=PLACE):
        tried(tmp_path)


def test_a_drive_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(ShareDeniedError):
        tried(tmp_path)


def refuses(code: int) -> Any:
    def call(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def test_a_drive_that_knows_no_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", refuses(errno.EINVAL))
    assert weaknesses(tried(tmp_path)) == ["it does not say when data is safe"]


def test_a_drive_with_coarse_dates_that_ignores_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, exists = os.utime, os.path.exists
    monkeypatch.setattr(os, "utime", lambda path, ns: real(path, ns=(0, ns[1] // 10**10 * 10**10)))
    monkeypatch.setattr(os.path, "exists", lambda path: exists(str(path).replace("FILE", "file")))
    assert weaknesses(tried(tmp_path)) == [
        "names that differ in case only are one",
        "files are dated to 2 s",
    ]


def test_a_drive_on_which_both_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_flags", os.O_WRONLY | os.O_CREAT)
    assert weaknesses(tried(tmp_path)) == ["two machines can create one file at once"]


def test_a_slow_drive(tmp_path: Path) -> None:
    found = probe(str(tmp_path), count(0, 150).__next__)
    assert weaknesses(found) == ["a file takes 150 ms to place, a listing 150 ms"]


@pytest.mark.parametrize(
    ("type_", "called", "watching"),
    [
        ("ext4", "a local disk", "native"),
        ("tmpfs", "a local disk", "native"),
        ("", "a local disk", "native"),
        ("cifs", "an SMB share", "polling"),
        ("smb3", "an SMB share", "polling"),
        ("nfs4", "an NFS mount", "polling"),
        ("fuse.sshfs", "an SSH mount", "polling"),
        ("fuse.rclone", "a cloud drive", "polling"),
        ("fuse.something", "a FUSE mount", "polling"),
        ("fuseblk", "an NTFS drive", "native"),
        ("vfat", "a FAT drive", "native"),
        ("exfat", "an exFAT drive", "native"),
    ],
)
def test_kinds(tmp_path: Path, type_: str, called: str, watching: str) -> None:
    kind = kind_of_drive(type_, str(tmp_path))
    assert (kind.called, kind.watching) == (called, watching)


def test_a_synchronised_folder_is_known_by_its_marker(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    assert kind_of_drive("ext4", str(tmp_path)).called == "a Syncthing folder"


def test_a_sync_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", refuses(errno.EIO))
    with pytest.raises(ShareError):
        tried(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_drive_that_cannot_replace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def replace(source: str, target: str) -> None:
        if source.endswith("other"):
            raise FileExistsError(errno.EEXIST, "File exists")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    assert weaknesses(tried(tmp_path)) == ["a file cannot be replaced in one step"]


def test_whoever_loses_may_be_told_so_in_other_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def opened(path: str, flags: int, mode: int = 0o777) -> int:
        try:
            return real(path, flags, mode)
        except FileExistsError as error:
            raise PermissionError(errno.EPERM, "Operation not permitted") from error

    monkeypatch.setattr(os, "open", opened)
    assert tried(tmp_path).exclusive


def test_where_folders_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_posix", False)
    assert tried(tmp_path).syncs_folders


def test_where_no_more_folders_can_be_watched_changes_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import Observer

    def refuse(self: object) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(Observer, "start", refuse)
    found = tried(tmp_path)
    assert not found.tells
    assert watching(kind_of_drive("ext4", str(tmp_path)), found) == "polling"
    assert watching(kind_of_drive("ext4", str(tmp_path)), GOOD) == "native"
