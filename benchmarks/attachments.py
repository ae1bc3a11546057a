"""A file of 64 MiB sent and received, against `cp` and `fsync` of it to the same places."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measure import Target, Turn, contest, timed, verdict
from benchmarks.network import Network, network
from peer.enclosing import file_source
from peer.instance import RunningPeer
from peer.saving import save
from peer.send import send
from peer.tick.session import tick
from protocol.messages import Note

BYTES = 64 * 1024 * 1024
SMALL = 1024 * 1024
ROUNDS = 5
MORE_MEMORY_MAX = 32 * 1024 * 1024
TO_SHARE, TO_BOTH = "cp + fsync, once", "cp + fsync, to home and share"
SEND, RECEIVE = "send: durable at home and on the share", "receive: durable in the reader's home"
TARGETS = (
    f"{SEND}: at most 2 times {TO_BOTH}",
    f"{RECEIVE}: at most 2 times {TO_SHARE}",
    f"peak memory: at most {MORE_MEMORY_MAX >> 20} MiB above that with {SMALL >> 20} MiB",
)


def run(rounds: int) -> None:
    """Print two tables and the peak memory of a process that sends, receives and saves a file."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="soma-benchmark-"))
        ours = _Ours(stack.enter_context(network(("core", "librarian"), within=folder)), folder)
        size = f"a file of {BYTES >> 20} MiB"
        turns: dict[str, Turn] = {TO_BOTH: ours.copy_twice, SEND: ours.send}
        contest(f"{size}, sent", TO_BOTH, turns, [Target(SEND, at_most=2)], rounds)
        turns = {TO_SHARE: ours.copy_once, RECEIVE: ours.receive}
        contest(f"{size}, received", TO_SHARE, turns, [Target(RECEIVE, at_most=2)], rounds)
    small, large = peak(SMALL), peak(BYTES)
    print(f"\n  peak memory: {small >> 20} MiB with 1 MiB, {large >> 20} MiB with the file")
    more = large - small
    found, bound = f"{max(more, 0) >> 20} MiB more", f"at most {MORE_MEMORY_MAX >> 20} MiB more"
    verdict("peak memory", bound, found, more <= MORE_MEMORY_MAX)


class _Ours:
    """Core sends, the librarian receives; every turn leaves nothing behind."""

    def __init__(self, made: Network, folder: str) -> None:
        self._core, self._librarian = made.peers["core"], made.peers["librarian"]
        self._folder = folder
        self.path = os.path.join(folder, "file")
        _fill(self.path, BYTES)

    def copy_once(self) -> float:
        return timed(lambda: self._copy("copy")) + self._forget("copy")

    def copy_twice(self) -> float:
        seconds = timed(lambda: self._copy("one")) + timed(lambda: self._copy("two"))
        return seconds + self._forget("one", "two")

    def send(self) -> float:
        seconds = timed(lambda: _send(self._core, self.path))
        self._clear()
        return seconds

    def receive(self) -> float:
        _send(self._core, self.path)
        os.sync()
        seconds = timed(lambda: _receive(self._librarian))
        self._clear()
        return seconds

    def _clear(self) -> None:
        _receive(self._librarian, again=True)
        tick(self._core)
        for peer in (self._core, self._librarian):
            for name in peer.blobs.sizes():
                peer.blobs.drop(name)

    def _copy(self, name: str) -> None:
        path = os.path.join(self._folder, name)
        shutil.copyfile(self.path, path)
        descriptor = os.open(path, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _forget(self, *names: str) -> float:
        for name in names:
            os.unlink(os.path.join(self._folder, name))
        return 0.0


def _fill(path: str, size: int) -> None:
    with open(path, "wb") as file:
        file.writelines(os.urandom(SMALL) for _ in range(size // SMALL))
        file.flush()
        os.fsync(file.fileno())


def _send(author: RunningPeer, path: str) -> None:
    note = [Note(text="the file")]
    if send(author, ["librarian"], note, files=[file_source(path)]).state != "delivered":
        raise RuntimeError("the letter was not delivered")


def _receive(reader: RunningPeer, *, again: bool = False) -> None:
    report = tick(reader)
    if report.received != 1 and not again:
        raise RuntimeError(f"the letter did not come: {report.problems}")


def peak(size: int) -> int:
    """The most memory, bytes, of a process that sends, receives and saves a file of this size."""
    command = [sys.executable, "-m", "benchmarks.attachments", str(size)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _once(size: int) -> int:
    with tempfile.TemporaryDirectory(prefix="soma-benchmark-") as folder:
        path = os.path.join(folder, "file")
        _fill(path, size)
        with network(("core", "librarian"), within=folder) as made:
            _send(made.peers["core"], path)
            reader = made.peers["librarian"]
            _receive(reader)
            (letter,) = reader.home.mail.inbox(everything=True)
            (saved,) = save(reader, letter, folder)
            if Path(saved.path).stat().st_size != size:
                raise RuntimeError("what was saved is not what was sent")
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.stdout.write(f"{_once(int(sys.argv[1]))}\n")
