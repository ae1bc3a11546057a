"""Drives that are late and lie: folders that Syncthing keeps alike, and rclone mounts.

Only `make drives` plays these; they wait a lot.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.drives.mounts import Mounts, needs_fuse, program, two, wait_for
from tests.integration.drives.servers import Ssh, sshd
from tests.integration.drives.syncthing import conflicts, pair, part, unite
from tests.integration.drives.village import ROUGH, Village, play
from tests.network import FIVE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
Tell = Callable[[str], None]


def test_syncthing(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """Files arrive late and in any order."""
    both = pair(mounts)
    tell(play(Village(tmp_path, [one.folder for one in both], patience=12)))


def test_syncthing_parted_and_in_conflict(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """While they are apart both sides write, and on one side old heartbeats and receipts return."""
    both = pair(mounts)
    village = Village(tmp_path, [one.folder for one in both], patience=12)
    village.talk("together")
    village.settle()
    second = both[1].folder
    old = {path: path.read_bytes() for path in _rewritten(second, village)}
    village.talk("together again")
    village.settle()
    wait_for("new files", lambda: all(p.read_bytes() != old[p] for p in old), 60)
    part(both)
    village.talk("apart")
    for path, data in old.items():
        path.write_bytes(data)
    village.talk("apart for long")
    unite(both)
    wait_for("a conflict", lambda: conflicts(both), 60)
    took = village.settle()
    village.check()
    tell(f"settled {took} rounds after; conflict copies: {len(conflicts(both))}; {village.idle()}")


def _rewritten(folder: Path, village: Village) -> list[Path]:
    """Heartbeats and receipts whose authors live on the other side."""
    theirs = [folder / "peers" / name for name in FIVE if village.at[name] != folder]
    receipts = [file for one in theirs for file in one.glob("receipts/**/*") if file.is_file()]
    return [one / "heartbeat.json" for one in theirs] + receipts


def _rclone(mounts: Mounts, server: Ssh, store: Path, at: Path) -> Path:
    remote = (
        f":sftp,host=127.0.0.1,port={server.port},user=root,key_file={server.key},"
        f"known_hosts_file={server.known_hosts},shell_type=none:{store}"
    )
    return mounts.fuse(
        at, program("rclone", "rclone"), "mount", remote, at, "--config", mounts.base / "none",
        "--vfs-cache-mode", "writes", "--dir-cache-time", "2s", "--poll-interval", "0",
        "--vfs-write-back", "1s", "--cache-dir", mounts.base / f"{at.name}-cache",
        env={"GOMAXPROCS": "1"},
    )  # fmt: skip


def test_rclone(mounts: Mounts, tmp_path: Path, tell: Tell) -> None:
    """It says that data is safe before it is, and shows what is new some seconds late."""
    needs_fuse()
    program("rclone", "rclone")
    server, store = sshd(mounts), mounts.folder("store")
    places = [_rclone(mounts, server, store, at) for at in two(mounts)]
    village = Village(tmp_path, places, patience=6, codes=ROUGH)
    tell("\n  ! ".join([play(village), *sorted(set(village.problems))]))
