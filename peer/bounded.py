"""A program of the owner's, run within bounds: of time, and of what it may print.

Rules: no shell, nothing on its stdin, its stderr is nobody's; when its time is over, or it has
printed too much, it ends together with whatever it started.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO

from peer.clock import Clock

output_bytes_max = 16 * 1024
_LAST_MS = 1_000  # for whoever is dying to do so


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a program: what it printed, and in words what went wrong, "" where nothing."""

    output: str
    fault: str = ""


def run(
    command: Sequence[str],
    timeout_ms: int,
    clock: Clock,
    folder: str | None,
    environment: Mapping[str, str],
) -> Ran:
    """Run a program to its end; nothing that it does raises."""
    end = clock.monotonic_ms() + timeout_ms
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:  # a NUL in it is a ValueError
        why = error.strerror if isinstance(error, OSError) else None
        return Ran("", f"cannot be run ({why or 'it is no program'})")
    assert process.stdout is not None
    reader = _Reader(process.stdout)
    reader.start()
    reader.join(timeout_ms / 1000)
    fault = ""
    if reader.is_alive():
        fault = f"did not end within {timeout_ms // 1000} s"
    elif reader.too_much:
        fault = f"printed more than {output_bytes_max} bytes"
    else:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(end - clock.monotonic_ms(), 0) / 1000)
        if process.returncode is None:
            fault = f"did not end within {timeout_ms // 1000} s"
        elif process.returncode:
            fault = f"ended with {process.returncode}"
    if process.returncode is None:
        _end(process)
        reader.join(_LAST_MS / 1000)
    if not reader.is_alive():
        process.stdout.close()
    return Ran(bytes(reader.data).decode(errors="replace"), fault)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it, and all that it started and that did not leave its session."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_MS / 1000)


class _Reader(Thread):
    """Reads what a program prints, until it closes that or it is too much."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)  # what left the session may hold the pipe for ever
        self._pipe = pipe
        self.data = bytearray()
        self.too_much = False

    def run(self) -> None:
        """See `Thread.run`."""
        while part := os.read(self._pipe.fileno(), 4096):
            room = output_bytes_max - len(self.data)
            self.data += part[:room]
            if len(part) > room:
                self.too_much = True
                return
