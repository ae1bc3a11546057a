"""What kind of drive a folder lies on: a home must be on a local disk, where SQLite can lock."""

from __future__ import annotations

import os

from protocol.errors import UsageError

_MOUNTS = "/proc/self/mounts"
_NETWORK_KINDS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "fuse.sshfs", "fuse.rclone")


def network_kind(path: str) -> str | None:
    """The kind of network drive that holds a path, or None (local, or this system cannot tell)."""
    kind = kind_of(path)
    return kind if kind.startswith(_NETWORK_KINDS) else None


def kind_of(path: str) -> str:
    """The type of the file system that holds a path ("ext4", "cifs" …); "" where nobody tells."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split(" ") for line in file]
    except OSError:
        return ""
    place = os.path.realpath(path)
    best, kind = "", ""
    for fields in mounts:
        point = fields[1].replace("\\040", " ")
        if _inside(place, point) and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def check_home(home: str, share: str) -> str | None:
    """A warning where the home lies on a network drive; UsageError where it lies on the share."""
    if _inside(os.path.realpath(home), os.path.realpath(share)):
        raise UsageError(
            f"the home {home} lies on the share, where everybody could read its keys;"
            " choose a local directory with --home or PEER_HOME"
        )
    kind = network_kind(home)
    if kind is None:
        return None
    return f"the home {home} lies on a network drive ({kind}), where a database can break; move it"


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
