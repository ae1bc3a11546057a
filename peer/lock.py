"""The kernel lock that lets one tick of an identity run at a time.

It lies in the identity's directory, on a local disk, and the kernel frees it when its process ends
in whatever way. It does not cover `send`: the database does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from peer.home.files import open_private, try_lock, unwritten

RUN = "run.lock"  # of whoever keeps a resident alive


@contextmanager
def held(folder: str | None, name: str = "lock") -> Iterator[bool]:
    """Whether this process got the lock of a directory; None (a peer in memory) always does.

    `name` is the lock's file: one for ticks, another one for whoever is resident.
    """
    if folder is None:
        yield True
        return
    path = os.path.join(folder, name)
    try:
        descriptor = open_private(path, os.O_RDWR)
    except OSError as error:
        raise unwritten(path, error) from error
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)


def is_held(folder: str | None, name: str) -> bool:
    """Whether somebody holds a lock of a directory now; nothing is made to find out."""
    if folder is None or not os.path.exists(os.path.join(folder, name)):
        return False
    with held(folder, name) as mine:
        return not mine
