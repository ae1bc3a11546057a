"""Drives in user space: SSH mounts, and exFAT and NTFS in an image file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest

from tests.integration.drives.mounts import Mounts, needs_fuse, program, run, two
from tests.integration.drives.servers import sshd, sshfs
from tests.integration.drives.village import Village, freeze, play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
Tell = Callable[[str], None]
IMAGE_BYTES = 32 << 20


def image(mounts: Mounts) -> Path:
    """An empty file to make a file system in."""
    made = mounts.base / "image"
    with made.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    return made


def test_ssh_mounts(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """Two mounts with a cache each: new names are seen late, by 20 s where we have time."""
    needs_fuse()
    program("sshfs", "sshfs")
    server, store = sshd(mounts), mounts.folder("store")
    late = 20 if os.environ.get("DRIVES") == "all" else 4
    places = [sshfs(mounts, server, store, at, late) for at in two(mounts)]
    village = Village(tmp_path, places, desk=store, patience=late)
    tell(play(village))
    if os.environ.get("DRIVES") == "all":  # a frozen process is given up after a minute
        tell(freeze(village, *(partial(server.signal, one) for one in (SIGSTOP, SIGCONT))))


def test_exfat(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """No links, no modes, no upper and lower case, dates to the second."""
    needs_fuse()
    serve, make = program("mount.exfat-fuse", "exfat-fuse"), program("mkfs.exfat", "exfatprogs")
    file = image(mounts)
    run(make, file)
    store = mounts.folder("store")
    mounts.fuse(store, serve, "-d", mounts.block_device(file), store)
    places = [mounts.bind(store, at) for at in two(mounts)]
    tell(play(Village(tmp_path, places)))


def test_ntfs(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """Names as Windows allows them; a file may be missing for a moment while it is replaced."""
    needs_fuse()
    serve, make = program("ntfs-3g", "ntfs-3g"), program("mkntfs", "ntfs-3g")
    file = image(mounts)
    run(make, "-q", "-F", file)
    store = mounts.folder("store")
    mounts.fuse(store, serve, "-o", "no_detach,windows_names", file, store)
    places = [mounts.bind(store, at) for at in two(mounts)]
    tell(play(Village(tmp_path, places)))
