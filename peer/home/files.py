"""Private files of a home: written so that they survive, and readable by their owner alone.

Modes are 0700 and 0600 whatever the umask says. On Windows they mean nothing: there a home inherits
the rights of the user's profile, and nobody checks them.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from protocol.errors import HomeError

_PARTS = ("", "-wal")
_MENDS = {
    errno.EROFS: "its disk is read-only: mount it so that it can be written",
    errno.ENOSPC: "its disk is full: make room",
    errno.EACCES: "check who owns it",
    errno.EPERM: "check who owns it",
}


def make_private_folder(path: str) -> None:
    """A folder, and its missing parents, that only its owner can enter."""
    missing, at = [], os.path.abspath(path)
    while not os.path.isdir(at):
        missing.append(at)
        at = os.path.dirname(at)
    try:
        for folder in reversed(missing):
            with suppress(FileExistsError):  # another process has just made it
                os.mkdir(folder, 0o700)
                os.chmod(folder, 0o700)
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    except OSError as error:
        raise unwritten(path, error) from error


def open_private(path: str, flags: int) -> int:
    """A descriptor of a file that is made with mode 0600 where it is missing; OSError."""
    descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    if os.name == "posix" and os.fstat(descriptor).st_mode & 0o600 != 0o600:
        os.fchmod(descriptor, 0o600)  # the umask took rights from the owner
    return descriptor


def make_private_file(path: str) -> None:
    """Make sure that a file exists; a new one is empty, and of its owner alone."""
    try:
        os.close(open_private(path, os.O_RDWR))
    except OSError as error:
        raise unwritten(path, error) from error


def write_private(path: str, data: bytes) -> None:
    """Create or replace a file of mode 0600, atomically and durably."""
    temporary = f"{path}.{os.getpid()}.new"
    try:
        descriptor = open_private(temporary, os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(os.path.dirname(path))
    except OSError as error:
        with suppress(OSError):  # a disk that is read-only says so even of what is not there
            _forget(temporary)
        raise unwritten(path, error) from error


@contextmanager
def writing_private(path: str) -> Iterator[IO[bytes]]:
    """The same for what is written piece by piece; nothing stays where the block fails."""
    temporary = f"{path}.{os.getpid()}.new"
    try:
        descriptor = open_private(temporary, os.O_RDWR | os.O_TRUNC)
        with os.fdopen(descriptor, "wb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(os.path.dirname(path))
    except OSError as error:
        raise unwritten(path, error) from error
    finally:
        with suppress(OSError):  # as above
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
    """Move a database out of the way, with its log; it is never deleted. Returns where it is.

    HomeError where the disk refuses; what was moved by then stays where it is.
    """
    number = 1
    while any(os.path.exists(f"{path}.{word}-{number}{suffix}") for suffix in _PARTS):
        number += 1
    moved = False
    # The database before its log: one without its log would be another, and look sound.
    for suffix in _PARTS:
        if os.path.exists(path + suffix):
            try:
                os.rename(path + suffix, f"{path}.{word}-{number}{suffix}")
            except OSError as error:
                raise unwritten(path + suffix, error) from error
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


def unwritten(path: str, error: OSError) -> HomeError:
    """What a disk refused, and what a person can do about it."""
    mend = _MENDS.get(error.errno or 0, "make room or check its owner")
    return HomeError(f"{path} cannot be written ({error.strerror}); {mend}")


def refusal(path: str) -> str | None:
    """Why the disk of an existing path takes nothing, and what to do; None: it may take more."""
    try:
        disk = os.statvfs(path)
    except (AttributeError, OSError):  # Windows does not know
        return None
    if disk.f_flag & os.ST_RDONLY:
        return _MENDS[errno.EROFS]
    full = disk.f_bavail == 0 or (disk.f_files > 0 and disk.f_favail == 0)
    return _MENDS[errno.ENOSPC] if full else None


if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Whether this process has the kernel's lock of an open file from now on."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Whether this process has the kernel's lock of an open file from now on."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
