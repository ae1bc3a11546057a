"""The file that cron and launchd append a tick's words to; nobody else keeps it small."""

from __future__ import annotations

import os

NAME = "schedule.log"
bytes_max, bytes_kept = 1 << 20, 1 << 19


def keep_small(folder: str) -> None:
    """Let an identity's log keep its newest half where it is too long; else do nothing.

    Whoever appends to it goes on behind what is kept. That it cannot be shortened is no fault of a
    tick.
    """
    path = os.path.join(folder, NAME)
    try:
        with open(path, "r+b") as file:
            if file.seek(0, os.SEEK_END) <= bytes_max:
                return
            file.seek(-bytes_kept, os.SEEK_END)
            file.readline()  # a part of a line
            kept = file.read()
            file.seek(0)
            file.write(kept)
            file.truncate()
    except OSError:
        return
