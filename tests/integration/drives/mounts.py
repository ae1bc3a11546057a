"""Mounting and starting things for a test, and taking all of it away again.

`Mounts` is a stack: what was mounted or started last ends first, also when the test fails. What is
not there (a package, the rights of root, a feature of the kernel) skips the test with a word.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
SECONDS_MAX = 30


def program(name: str, package: str) -> str:
    """The path of a program; skips the test where it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SBIN}")
    if found is None:
        pytest.skip(f"needs {name}: apt install {package}")
    return found


def needs_root() -> None:
    """Skips the test where nothing can be mounted."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root: it mounts file systems")


def needs_fuse() -> None:
    """Skips the test where the kernel has no FUSE, or we may not use it."""
    needs_root()
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        pytest.skip(f"needs FUSE: /dev/fuse: {error.strerror}")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """A command that should work; what it said is in the error where it does not."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=SECONDS_MAX
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done


def wait_for(what: str, ready: Callable[[], object], seconds: float = SECONDS_MAX) -> None:
    """Look again and again until it is so."""
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.05)


def is_mount(at: Path) -> bool:
    """Whether something is mounted there: also a folder of the same drive, or what has died."""
    lines = Path("/proc/self/mounts").read_text(errors="surrogateescape").splitlines()
    return str(at).replace(" ", "\\040") in [line.split(" ")[1] for line in lines]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


class Mounts:
    """What a test mounted and started below `base`."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._undo = ExitStack()

    def folder(self, name: str) -> Path:
        """A new folder."""
        made = self.base / name
        made.mkdir(parents=True)
        return made

    def mount(self, at: Path, *words: object) -> Path:
        """`mount WORDS… AT`; skips where this kernel or this container does not let us."""
        done = subprocess.run(
            ["mount", *map(str, words), str(at)], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            pytest.skip(f"needs the right to mount: {done.stderr.strip()}")
        self._undo.callback(self.unmount, at)
        return at

    def fuse(self, at: Path, *words: object, env: Mapping[str, str] | None = None) -> Path:
        """A program that stays in the foreground and serves a mount at `at`."""
        process = self.start(*words, env=env)
        self._undo.callback(self.unmount, at)

        def mounted() -> bool:
            if process.poll() is not None:
                pytest.skip(f"{words[0]} cannot mount here: {self.log(process)}")
            return is_mount(at)

        wait_for(f"the mount of {words[0]}", mounted)
        return at

    def bind(self, source: Path, at: Path) -> Path:
        """Show a folder at another place, too."""
        return self.mount(at, "--bind", source)

    def block_device(self, image: Path) -> str:
        """A loop device over a file; skips where there is none to be had."""
        done = subprocess.run(
            [program("losetup", "mount"), "--find", "--show", str(image)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            pytest.skip(f"needs a loop device: {done.stderr.strip()}")
        device = done.stdout.strip()
        self._undo.callback(run, "losetup", "--detach", device)
        return device

    def unmount(self, at: Path) -> None:
        """Take a mount away, however busy it is; nothing where there is none."""
        while is_mount(at):
            if subprocess.run(["umount", str(at)], capture_output=True).returncode:
                subprocess.run(["umount", "-l", str(at)], capture_output=True, check=True)

    def start(
        self, *words: object, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A process that ends with the test."""
        with open(self.base / f"{Path(str(words[0])).name}.log", "ab") as log:
            process = subprocess.Popen(
                [str(word) for word in words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        process.__dict__["log"] = log.name
        self._undo.callback(_end, process)
        return process

    @staticmethod
    def log(process: subprocess.Popen[bytes]) -> str:
        """The last of what a process said."""
        text = Path(process.__dict__["log"]).read_text(errors="replace")
        return " / ".join(text.strip().splitlines()[-3:])

    def close(self) -> None:
        """Take everything away."""
        self._undo.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
        return
    process.kill()
    process.wait()


def two(mounts: Mounts, names: Sequence[str] = ("A", "B")) -> tuple[Path, Path]:
    """Two new folders to mount on."""
    first, second = (mounts.folder(name) for name in names)
    return first, second
