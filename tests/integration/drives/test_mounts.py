"""Whatever a test mounted and started is gone after it, also what is busy or has died."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.integration.drives.mounts import Mounts, is_mount, needs_root


def test_nothing_is_left(tmp_path: Path) -> None:
    needs_root()
    mounts = Mounts(tmp_path)
    process = mounts.start("sleep", "100")
    places = [mounts.folder(name) for name in ("a disk", "the same disk", "the same folder")]
    mounts.mount(places[0], "-t", "tmpfs", "drive")
    mounts.bind(places[0], places[1])
    mounts.bind(tmp_path, places[2])
    assert [is_mount(at) for at in places] == [True, True, True]
    with subprocess.Popen(["sleep", "100"], cwd=places[0]) as busy:
        mounts.close()
        assert [is_mount(at) for at in places] == [False, False, False]
        assert process.poll() is not None
        busy.kill()
