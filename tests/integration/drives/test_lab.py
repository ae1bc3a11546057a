"""CIFS, NFS and FAT by the kernel itself, two mounts each, inside the lab machine.

Only `make drives` plays these; they take minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.drives.machine import MINUTES_MAX, live_on
from tests.integration.drives.mounts import Mounts, program, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 * MINUTES_MAX + 60)]
Tell = Callable[[str], None]


def disk(mounts: Mounts, *maker: object) -> Path:
    """An image file with a file system."""
    made = mounts.base / "disk"
    with made.open("wb") as file:
        file.truncate(64 << 20)
    run(*maker, made)
    return made


def test_cifs(mounts: Mounts, tell: Tell) -> None:
    """A replaced file is seen old for half a minute."""
    program("smbd", "samba")
    program("smbpasswd", "samba-common-bin")
    program("mount.cifs", "cifs-utils")
    tell(live_on(mounts.base, "cifs", PATIENCE=12))


@pytest.mark.parametrize("version", ["4.2", "3"])
def test_nfs(mounts: Mounts, tell: Tell, version: str) -> None:
    """Names that were looked for too soon are seen half a minute late; handles get stale."""
    program("exportfs", "nfs-kernel-server")
    program("mount.nfs", "nfs-common")
    program("rpcbind", "rpcbind")
    made = disk(mounts, program("mkfs.ext4", "e2fsprogs"), "-q")
    tell(live_on(mounts.base, "nfs", disk=made, VERSION=version, PATIENCE=20))


def test_vfat(mounts: Mounts, tell: Tell) -> None:
    """No links, no modes, dates to two seconds."""
    made = disk(mounts, program("mkfs.vfat", "dosfstools"))
    tell(live_on(mounts.base, "vfat", disk=made, PATIENCE=0))
