"""Workers of `peer run` in which something is slow, or stands still, as tests want it.

`python -m tests.integration.workers HOW FOLDER JOB`; what HOW does ends when FOLDER holds a file
`well`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from peer import deadline
from peer.handlers import HANDLERS
from peer.run import __main__ as worker
from peer.run import signs
from registry.folder import FolderShare


def frozen(is_well: Callable[[], bool]) -> None:
    """A share in which listings of the inbox do not return."""
    deadline.stalled_ms_max = 1_000
    _in_names(lambda folder: _until(lambda: not folder.endswith("inbox") or is_well()))


def held(is_well: Callable[[], bool]) -> None:
    """The same, and the process does not end itself."""
    _in_names(lambda folder: _until(lambda: not folder.endswith("inbox") or is_well()))


def slow(is_well: Callable[[], bool]) -> None:
    """Handlers that take their time with every item."""
    notes = HANDLERS.get("note")

    def handle(item, view):
        time.sleep(0.01)
        with open(os.path.join(sys.argv[2], "handled"), "a", encoding="utf-8") as file:
            file.write("x")
        return [] if notes is None else notes(item, view)

    HANDLERS["note"] = handle


def _in_names(pause: Callable[[str], None]) -> None:
    names = FolderShare.names

    def paused(self, folder, names_max, rank=None):
        pause(folder)
        return names(self, folder, names_max, rank)

    FolderShare.names = paused  # type: ignore[method-assign]


def _until(is_true: Callable[[], bool]) -> None:
    while not is_true():
        time.sleep(0.05)


if __name__ == "__main__":
    how, folder, job = sys.argv[1:]
    signs.SIGN_SECONDS = 0.2
    {"frozen": frozen, "held": held, "slow": slow}[how](
        lambda: os.path.exists(os.path.join(folder, "well"))
    )
    sys.exit(worker.main(job))
