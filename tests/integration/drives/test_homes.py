"""A home whose own disk takes nothing: every command says so in one line, and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.drives.mounts import Mounts, needs_root, run
from tests.integration.typist import Typist, settled

pytestmark = pytest.mark.slow

COMMANDS = (
    "send --as core librarian hello", "tick --as core", "inbox --as core", "outbox --as core",
    "feed --as core", "peers --as core", "status --as core", "escalations --as core",
    "quarantine list --as core", "share --as core known", "repair --as core", "leave --as core",
    "export --as core core.zip", "import scout.zip", "network show --as core",
    "network create other --cluster lab --steward eve --no-passphrase",
    "join share --name another", "join share --name core",
)  # fmt: skip


def _read_only(home: Path) -> None:
    run("mount", "-o", "remount,ro", home)


def _full(home: Path) -> None:
    file = os.open(home / "filling", os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(file, b"x" * 4096):
            pass
    except OSError:
        os.close(file)


def _without_names(home: Path) -> None:
    disk = os.statvfs(home)
    run("mount", "-o", f"remount,nr_inodes={disk.f_files - disk.f_ffree}", home)


@pytest.fixture
def peer(mounts: Mounts, tmp_path: Path) -> Typist:
    """A typist whose home is a small disk of its own."""
    needs_root()
    base = tmp_path / "base"
    base.mkdir()
    peer = settled(base)
    peer("export", "--as", "scout", "scout.zip")
    peer.home.rename(base / "before")
    peer.home.mkdir()
    mounts.mount(peer.home, "-t", "tmpfs", "-o", "size=4m,mode=700", "drive")
    for part in (base / "before").iterdir():
        shutil.move(part, peer.home)
    return peer


@pytest.mark.parametrize(
    ("refuse", "mend"),
    [(_read_only, "mount it"), (_full, "make room"), (_without_names, "make room")],
)
def test_a_home_whose_disk_takes_nothing_says_what_to_do(
    peer: Typist, refuse: Callable[[Path], None], mend: str
) -> None:
    """SEND-1: nothing is called done, and a sound database is not called damaged."""
    before = {path: path.read_bytes() for path in peer.home.rglob("home.db")}
    refuse(peer.home)
    for command in COMMANDS:
        said = peer(*command.split(), code=1)
        assert said.err.startswith("peer: "), said.err
        assert said.err.count("\n") == 1, said.err
        assert mend in said.err, (command, said.err)
        assert "damaged" not in said.err
    doctor = peer("doctor", "--as", "core", code=1)
    assert "takes nothing" in doctor.out
    assert mend in doctor.out
    halted = peer("halt", "librarian", code=1)
    assert "stands on the share, and holds" in halted.err
    assert mend in halted.err
    assert {path: path.read_bytes() for path in peer.home.rglob("home.db")} == before
    run("mount", "-o", "remount,rw,size=8m,nr_inodes=1000", peer.home)
    assert "halted" in peer("tick", "--as", "librarian").out
    peer("resume", "librarian")
    peer("send", "--as", "core", "librarian", "hello")
    peer("tick", "--as", "librarian")
    assert len(peer("inbox", "--as", "librarian", "--json").json) == 1
