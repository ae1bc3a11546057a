"""A short look at the share by a command that would rather say less than wait.

Rules: a process inside a dead mount cannot be interrupted, so the look runs in a thread that is
left behind after `glance_seconds`; it reads and never writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from protocol.errors import ShareError, ShareUnavailableError

T = TypeVar("T")
glance_seconds = 5.0


def glance(look: Callable[[], T]) -> T:
    """What `look` returns; the ShareError that it raises, or ShareUnavailableError in the end."""
    found: list[T] = []
    faults: list[ShareError] = []

    def work() -> None:
        try:
            found.append(look())
        except ShareError as error:
            faults.append(error)

    thread = threading.Thread(target=work, name="glance", daemon=True)
    thread.start()
    thread.join(glance_seconds)
    if found:
        return found[0]
    raise faults[0] if faults else ShareUnavailableError("the share does not answer")
