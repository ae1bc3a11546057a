"""A disk that is full, read-only or gone in the middle of traffic, and well again afterwards.

One tmpfs is the store; both mounts show it, as two machines would see one server.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.drives.mounts import Mounts, needs_root, program, run, two
from tests.integration.drives.village import FINE, ROUGH, SHARE_FAILED, Village, ticks
from tests.network import FIVE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
Tell = Callable[[str], None]


@pytest.fixture
def store(mounts: Mounts) -> Path:
    """A small disk of its own."""
    needs_root()
    return mounts.mount(mounts.folder("store"), "-t", "tmpfs", "-o", "size=8m", "drive")


@pytest.fixture
def village(mounts: Mounts, store: Path, tmp_path: Path) -> Village:
    """Peers on two mounts of it who know each other."""
    made = Village(tmp_path, [mounts.bind(store, at) for at in two(mounts)])
    made.talk("before")
    return made


def remount(store: Path, options: str) -> None:
    run("mount", "-o", f"remount,{options}", store)


def used(store: Path) -> tuple[int, int]:
    """Bytes and inodes in use."""
    space = os.statvfs(store)
    return (space.f_blocks - space.f_bfree) * space.f_frsize, space.f_files - space.f_ffree


@pytest.mark.parametrize("what", ["bytes", "names"])
def test_a_disk_runs_full(village: Village, store: Path, tell: Tell, what: str) -> None:
    """SEND-1: letters are kept at home while the disk is full, and travel when it is not."""
    size, inodes = used(store)
    tight = f"size={size + 16_384}" if what == "bytes" else f"nr_inodes={inodes + 2}"
    remount(store, tight)
    village.talk("while it is full", ROUGH)
    village.tick(ROUGH)
    assert any("No space left" in line for line in village.problems)
    remount(store, "size=8m" if what == "bytes" else "nr_inodes=10000")
    took = village.settle()
    village.check()
    tell(f"settled {took} rounds after there was space; {village.idle()}")


def test_a_tiny_ext4_runs_full(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """SEND-1: blocks are given out late there, so that a write may fail only when it is synced."""
    needs_root()
    image = mounts.base / "image"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    run(program("mkfs.ext4", "e2fsprogs"), "-q", image)
    store = mounts.mount(mounts.folder("store"), mounts.block_device(image))
    village = Village(tmp_path, [mounts.bind(store, at) for at in two(mounts)])
    village.talk("before")
    filler = store / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    village.talk("while it is full", ROUGH)
    village.tick(ROUGH)
    assert any("No space left" in line for line in village.problems)
    filler.unlink()
    took = village.settle()
    village.check()
    tell(f"settled {took} rounds after there was space; {village.idle()}")


def test_a_disk_turns_read_only(village: Village, store: Path, tell: Tell) -> None:
    """SEND-1: first for the peers of one mount, then for all."""
    second = village.at[FIVE[1]]
    here = [name for name in FIVE if village.at[name] != second]
    run("mount", "-o", "remount,bind,ro", second)
    village.talk("one mount is read-only", ROUGH)
    village.tick(FINE, here)
    remount(store, "ro")
    village.talk("all is read-only", ROUGH)
    assert any("Read-only" in line for line in village.problems)
    remount(store, "rw")
    run("mount", "-o", "remount,bind,rw", second)
    took = village.settle()
    village.check()
    tell(f"settled {took} rounds after it could be written; {village.idle()}")


def test_a_mount_goes_in_the_middle_of_ticks(
    village: Village, mounts: Mounts, store: Path, tell: Tell
) -> None:
    """TICK-3: an empty mount point is an absent share; nobody fills it and nobody has died."""
    second = village.at[FIVE[1]]
    there = [name for name in FIVE if village.at[name] == second]
    for number, seconds in enumerate((0.1, 0.3)):
        running = village.begin(ticks())
        time.sleep(seconds)
        run("umount", "-l", second)
        village.finish(running, ROUGH)
        village.talk(f"absence {number}", ROUGH)
        said = village.tick(ROUGH, there)
        assert {one.code for one in said} == {SHARE_FAILED}
        assert os.listdir(second) == []
        run("mount", "--bind", store, second)
    took = village.settle()
    village.check()
    tell(f"settled {took} rounds after the last return; {village.idle()}")
