"""Requests to a file server, as the kernel of a client counts them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

# Where they stand, and how: of each CIFS mount one number, of all NFS mounts together another.
COUNTS = (("/proc/fs/cifs/Stats", r"^SMBs: (\d+)"), ("/proc/net/rpc/nfs", r"^rpc (\d+)"))

# Promised of one of five peers, whatever it has lived through. On CIFS opening and closing count.
MOST = {
    "cifs": {"idle tick": 150, "send": 80, "receiving tick": 250},
    "nfs": {"idle tick": 70, "send": 40, "receiving tick": 100},
}


def most() -> dict[str, int]:
    """The most requests that an idle tick, a letter and the tick that receives it may make."""
    cifs = Path(COUNTS[0][0])
    mounted = cifs.exists() and re.search(COUNTS[0][1], cifs.read_text(), re.MULTILINE)
    return MOST["cifs" if mounted else "nfs"]


def made() -> int | None:
    """All that this machine made since it began; None where it mounts nothing from a server."""
    found = [
        int(number)
        for path, line in COUNTS
        if Path(path).exists()
        for number in re.findall(line, Path(path).read_text(), re.MULTILINE)
    ]
    return sum(found) if found else None


def during(action: Callable[[], object]) -> int:
    """Those made while something is done; 0 where nothing is mounted from a server."""
    before = made() or 0
    action()
    return (made() or 0) - before
