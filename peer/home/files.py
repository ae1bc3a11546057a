"""Private files of a home: written so that they survive, and readable by their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from protocol.errors import HomeError

_PARTS = ("", "-wal")


def make_private_folder(path: str) -> None:
    """A folder, and its missing parents, that only its owner can enter."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unwritten(path, error) from error


def write_private(path: str, data: bytes) -> None:
    """Create or replace a file of mode 0600, atomically and durably."""
    temporary = f"{path}.{os.getpid()}.new"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(os.path.dirname(path))
    except OSError as error:
        _forget(temporary)
        raise _unwritten(path, error) from error


@contextmanager
def writing_private(path: str) -> Iterator[IO[bytes]]:
    """The same for what is written piece by piece; nothing stays where the block fails."""
    temporary = f"{path}.{os.getpid()}.new"
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(os.path.dirname(path))
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        _forget(temporary)


def read_private(path: str) -> bytes:
    """The bytes of a private file; HomeError where others can read it, or it is gone."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read()
    except FileNotFoundError as error:
        raise HomeError(
            f"{path} is gone; restore it from a backup, or move its folder away, join again with"
            " a new key and ask a steward for `peer admit NAME --reuse`"
        ) from error
    except OSError as error:
        raise HomeError(f"{path} cannot be read ({error.strerror}); check who owns it") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise HomeError(
            f"others can read {path}; run `chmod 600 {path}`, and take a new key if they did"
        )
    return data


def set_aside(path: str, word: str) -> str | None:
    """Move a database out of the way, with its log; it is never deleted. Returns where it is."""
    number = 1
    while any(os.path.exists(f"{path}.{word}-{number}{suffix}") for suffix in _PARTS):
        number += 1
    moved = False
    # The database before its log: one without its log would be another, and look sound.
    for suffix in _PARTS:
        if os.path.exists(path + suffix):
            os.rename(path + suffix, f"{path}.{word}-{number}{suffix}")
            moved = True
    _forget(path + "-shm")
    return f"{path}.{word}-{number}" if moved else None


def forget_database(path: str) -> None:
    """Remove a database that nobody needs, with its log."""
    for suffix in (*_PARTS, "-shm"):
        _forget(path + suffix)


def put_in_place(fresh: str, path: str) -> None:
    """Let a finished file take a name that is free, durably."""
    os.replace(fresh, path)
    sync_folder(os.path.dirname(path))


def sync_folder(path: str) -> None:
    """The names in a folder survive a loss of power."""
    if os.name != "posix":
        return
    descriptor = os.open(path or os.curdir, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _unwritten(path: str, error: OSError) -> HomeError:
    return HomeError(f"{path} cannot be written ({error.strerror}); make room or check its owner")
