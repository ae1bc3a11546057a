"""One act in a process of its own, and the ways to strike it.

A process is a fork of this one, so nothing is imported anew; what it prints at its end comes back
over a pipe, and is believed even if the process dies right after it. `strace` follows a process
from before its first step: its calls can be listed, killed at, and made to fail.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from protocol.errors import SomaError

TRACE = 70
SECONDS_MAX = 60
CALLS = (
    "openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fchmod",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir",
    "mkdir", "mkdirat", "read", "pread64",
)  # fmt: skip
READS = ("read", "pread64")  # they change nothing, so dying there is dying before the next call
_PR_SET_PTRACER, _ANY = 0x59616D61, -1

Work = Callable[[Callable[..., None]], object]


@dataclass(frozen=True)
class End:
    """How a process ended: by a signal or with a code; `said` is what it had printed by then."""

    signal: int
    code: int
    said: dict[str, Any] | None
    trace: str
    seconds: float | None = None

    @property
    def killed(self) -> bool:
        return self.signal == signal.SIGKILL


class Process:
    """A fork that does `work(say)`; where `held`, only once it is told to `go`."""

    def __init__(self, work: Work, *, held: bool = False, file_bytes_max: int | None = None):
        # Sockets: no call that `strace` counts, or makes fail, says what a process has to say.
        self._out, out = socket.socketpair()
        gate, self._gate = socket.socketpair()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._out.close()
            self._gate.close()
            _live(work, gate if held else None, out, file_bytes_max)
        out.close()
        gate.close()

    def go(self) -> None:
        """Let it begin."""
        with suppress(BrokenPipeError):
            self._gate.send(b"!")

    def kill(self) -> None:
        """SIGKILL; nothing where it has ended."""
        os.kill(self.pid, signal.SIGKILL)

    def end(self) -> End:
        """Wait for it."""
        _, status = os.waitpid(self.pid, 0)
        self._gate.close()
        with self._out, self._out.makefile("rb") as out:
            lines = out.read().decode().splitlines()
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = 0 if died else os.waitstatus_to_exitcode(status)
        said, trace, seconds = None, "", None
        for line in lines:
            with suppress(json.JSONDecodeError):  # the last line may be half a line
                what = json.loads(line)
                said, trace = what.get("said", said), what.get("trace", trace)
                seconds = what.get("seconds", seconds)
        return End(died, code, said, trace, seconds)


def _live(
    work: Work, gate: socket.socket | None, out: socket.socket, file_bytes_max: int | None
) -> None:
    """The child's whole life."""

    def tell(**line: Any) -> None:
        out.sendall((json.dumps(line) + "\n").encode())

    code = 0
    try:
        if gate is not None:
            _let_anybody_trace()
            gate.recv(1)
        if file_bytes_max is not None:
            # Writes beyond it are short, and then fail: real ones, by the kernel.
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))
        began = time.monotonic()
        work(lambda **said: tell(said=said))  # noqa: PLW0108 - the words are its value
        tell(seconds=time.monotonic() - began)
    except SomaError as error:
        code = error.exit_code
        tell(error=str(error))
    except BaseException:  # noqa: BLE001 - a forked child must end here, whatever happened
        code = TRACE
        tell(trace=traceback.format_exc())
    finally:
        os._exit(code)


def _let_anybody_trace() -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANY), 0, 0, 0)


def calmly(work: Work) -> End:
    """The same undisturbed."""
    return Process(work).end()


class Point(NamedTuple):
    """A system call of an act: which, the how-manieth of its name (as strace counts), its result.

    `where` is home or share. `makes`: it may create a file.
    """

    call: str
    at: int
    where: str
    result: int
    makes: bool

    def __str__(self) -> str:
        return f"{self.call}:{self.at}"


class Strace:
    """Processes under `strace`. `missing` says why there is none, or is empty."""

    def __init__(self, base: Path, home: Path, share: Path) -> None:
        self._log = base / "strace.log"
        self._places = ((str(home), "home"), (str(share), "share"))
        self._program = shutil.which("strace") or ""
        self.missing = "" if self._program else "needs strace: apt install strace"
        if not self.missing and self.run(lambda say: say(fine=1)).said is None:
            self.missing = "strace may not trace here (ptrace is forbidden)"

    def points(self, work: Work) -> list[Point]:
        """The calls that an act makes in home and share, in order."""
        self.run(work)
        found: list[Point] = []
        seen: dict[str, int] = {}
        for line in self._log.read_text(errors="replace").splitlines():
            match = re.match(r"(\w+)\((.*)\)\s+= (-?\d+)", line)
            if match is None:
                continue
            call, words, result = match.groups()
            seen[call] = seen.get(call, 0) + 1
            for path, where in self._places:
                if path in words:
                    makes = "O_CREAT" in words
                    found.append(Point(call, seen[call], where, int(result), makes))
                    break
        return found

    def run(self, work: Work, *inject: str) -> End:
        """An act under strace, with these injections."""
        child = Process(work, held=True)
        words = [self._program, "-p", str(child.pid), "-y", "-s0", "-o", str(self._log)]
        words += ["-e", f"trace={','.join(CALLS)}", "-e", "signal=none"]
        words += [word for one in inject for word in ("-e", f"inject={one}")]
        tracer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        status = Path(f"/proc/{child.pid}/status")
        try:
            until = time.monotonic() + SECONDS_MAX
            while "TracerPid:\t0" in status.read_text() and tracer.poll() is None:
                assert time.monotonic() < until, "strace does not attach"
                time.sleep(0.0005)
            if tracer.poll() is not None:
                child.kill()
            child.go()
            return child.end()
        finally:
            tracer.wait(SECONDS_MAX)


def together(works: Sequence[Work], delays: Sequence[float | None]) -> list[End]:
    """Processes at once, each killed after so many seconds (None: never)."""
    running = [Process(work) for work in works]
    began = time.monotonic()
    due = sorted((delay, n) for n, delay in enumerate(delays) if delay is not None)
    for delay, n in due:
        time.sleep(max(0.0, began + delay - time.monotonic()))
        running[n].kill()
    return [process.end() for process in running]
