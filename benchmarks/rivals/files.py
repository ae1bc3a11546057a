"""Rivals that keep one file a body: the raw floor, the standard library's Maildir, dirq."""

from __future__ import annotations

import mailbox
import os
from collections.abc import Sequence

from benchmarks.rivals import MissingRivalError


def sync_folder(path: str) -> None:
    """Make the names in a folder durable."""
    sync_file(path, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: str, flags: int = os.O_RDONLY) -> None:
    """Make what stands under a name durable."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Floor:
    """Write, sync, rename, sync the name, sync the folder: what a careful file costs at least."""

    def __init__(self, folder: str) -> None:
        os.mkdir(folder)
        self._folder = folder
        self._sent = 0
        self._received = 0

    def send(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._sent += 1
            self._place(f"{self._folder}/{self._sent}", body)

    def _place(self, path: str, body: bytes) -> None:
        temporary = f"{path}.new"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.write(descriptor, body)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
        sync_file(path)
        sync_folder(self._folder)

    def receive(self, count: int) -> None:
        for _ in range(count):
            self._received += 1
            path = f"{self._folder}/{self._received}"
            with open(path, "rb") as file:
                file.read()
            os.unlink(path)

    def close(self) -> None:
        """Nothing is open."""


class Maildir:
    """`mailbox.Maildir` as it comes: `add` syncs the file, and nothing syncs its folder."""

    def __init__(self, folder: str) -> None:
        self._box = mailbox.Maildir(folder)

    def send(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._box.add(body)

    def receive(self, count: int) -> None:
        keys = self._box.keys()
        if len(keys) != count:
            raise RuntimeError(f"{len(keys)} messages in the Maildir, not {count}")
        for key in keys:
            self._box.get_bytes(key)
            self._box.remove(key)

    def close(self) -> None:
        self._box.close()


class Dirq:
    """dirq's QueueSimple; it syncs nothing, so each added file and its folder are synced here."""

    def __init__(self, folder: str) -> None:
        try:
            from dirq.QueueSimple import QueueSimple
        except ImportError as error:
            raise MissingRivalError("pip install dirq") from error
        self._folder = folder
        self._queue = QueueSimple(folder)

    def send(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            path = os.path.join(self._folder, self._queue.add(body))
            sync_file(path)
            sync_folder(os.path.dirname(path))

    def receive(self, count: int) -> None:
        for name in list(self._queue):
            if self._queue.lock(name):
                self._queue.get(name)
                self._queue.remove(name)
                count -= 1
        if count:
            raise RuntimeError(f"{count} elements of the dirq are missing")

    def close(self) -> None:
        """Nothing is open."""
