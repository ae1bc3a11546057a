"""A folder to stand in, and what can be done there with the names in it, following no link.

The functions of `os` take a `Spot` as it is: `os.stat(spot.prefix + name, dir_fd=spot.fd)`. It is a
descriptor without a prefix where the system has `dir_fd`, else a prefix without a descriptor.
Everything here may raise OSError; `path` only serves the messages of the errors that are ours.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from protocol.errors import OversizedError, SpecialFileError
from registry.errnos import denied, unsupported
from registry.share import Rank, is_listed, smallest

_chunk_bytes = 1024 * 1024
_junction_tag = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: a link that lstat calls a folder

handle_flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
careful_flags = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO without a writer opens at once
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
_read_flags = os.O_RDONLY | careful_flags


class Spot(NamedTuple):
    """Either a descriptor and no prefix, or a prefix (with its slash) and no descriptor."""

    fd: int | None
    prefix: str


def is_folder(status: os.stat_result) -> bool:
    """Whether an lstat result is that of a real folder, neither a link nor a junction."""
    return stat.S_ISDIR(status.st_mode) and getattr(status, "st_reparse_tag", 0) != _junction_tag


def may_change(spot: Spot) -> bool:
    """Whether the modes of the folder let us change its names."""
    return os.access(
        spot.prefix or ".",
        os.W_OK | os.X_OK,
        dir_fd=spot.fd,
        effective_ids=os.access in os.supports_effective_ids,
    )


def open_folder(spot: Spot) -> int | None:
    """A handle that can be listed, synced and changed; None where folders cannot be opened."""
    if spot.fd is not None:
        return os.open(".", handle_flags, dir_fd=spot.fd)
    return os.open(spot.prefix, handle_flags) if hasattr(os, "O_DIRECTORY") else None


def read_at(spot: Spot, name: str, path: str, bytes_max: int) -> bytes:
    """The bytes of a regular file, and of nothing else (SHARE-6, SHARE-7)."""
    fd = _open_regular(spot, name, path)
    try:
        size = os.fstat(fd).st_size
        if size > bytes_max:
            raise _too_large(path, bytes_max)
        data = os.read(fd, size + 1)
        # A short read of the size that was announced is the whole; anything else is looked into.
        return data if len(data) == size else _read_rest(fd, data, path, bytes_max)
    finally:
        os.close(fd)


def read_part_at(spot: Spot, name: str, path: str, offset: int, bytes_max: int) -> bytes:
    """The bytes of a regular file from `offset` on (SHARE-21)."""
    fd = _open_regular(spot, name, path)
    try:
        os.lseek(fd, offset, os.SEEK_SET)
        chunks, left = list[bytes](), bytes_max
        while left and (chunk := os.read(fd, left)):
            chunks.append(chunk)
            left -= len(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    finally:
        os.close(fd)


def _open_regular(spot: Spot, name: str, path: str) -> int:
    before = os.lstat(spot.prefix + name) if spot.fd is None else None
    if before is not None and not stat.S_ISREG(before.st_mode):
        raise _not_regular(path)
    fd = os.open(spot.prefix + name, _read_flags, dir_fd=spot.fd)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(path)
        if before is not None and not os.path.samestat(before, status):
            raise OSError(errno.ESTALE, "replaced while it was opened")
    except BaseException:
        os.close(fd)
        raise
    return fd


def _read_rest(fd: int, data: bytes, path: str, bytes_max: int) -> bytes:
    chunks, size = [data], len(data)
    while size <= bytes_max:
        chunk = os.read(fd, min(bytes_max + 1 - size, _chunk_bytes))
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    raise _too_large(path, bytes_max)


def scan(spot: Spot) -> Iterator[str]:
    """Every name in the folder, in no order."""
    fd = open_folder(spot) if spot.fd is not None else None
    try:
        with os.scandir(spot.prefix if fd is None else fd) as listing:
            for entry in listing:
                yield entry.name
    finally:
        if fd is not None:
            os.close(fd)


def listed(spot: Spot, names_max: int, rank: Rank | None, moved: Callable[[], object]) -> list[str]:
    """The names that listings show (SHARE-3); `moved` is called for the others as well."""
    return smallest(_each(scan(spot), moved), names_max, rank, is_listed)


def _each(names: Iterator[str], moved: Callable[[], object]) -> Iterator[str]:
    for name in names:
        moved()
        yield name


def open_up_folder(spot: Spot, mode: int) -> None:
    """Add what our folder lacks of `mode` (SHARE-12); bits that its owner added stay."""
    fd = open_folder(spot)
    if fd is None:
        return
    try:
        now = stat.S_IMODE(os.fstat(fd).st_mode)
        if now & mode != mode:
            with suppress(PermissionError):  # another's folder, or a drive without modes
                os.fchmod(fd, now | mode)
    finally:
        os.close(fd)


def open_up_file(fd: int) -> None:
    """Let others read what we write (SHARE-12)."""
    if hasattr(os, "fchmod"):
        try:
            os.fchmod(fd, 0o644)
        except OSError as error:
            if error.errno not in unsupported | denied:  # else a drive without modes
                raise


def begin_writing(fd: int, count: int) -> None:
    """Let what was just written go to the drive while more is prepared: a hint, for large parts."""
    if count >= _chunk_bytes and hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            end = os.lseek(fd, 0, os.SEEK_CUR)
            os.posix_fadvise(fd, end - count, count, os.POSIX_FADV_DONTNEED)


def _not_regular(path: str) -> SpecialFileError:
    return SpecialFileError(f"{path}: not a regular file; its owner can remove what stands there")


def _too_large(path: str, bytes_max: int) -> OversizedError:
    return OversizedError(f"{path}: more than {bytes_max} bytes; ignored until it is replaced")


def glimpse(root: Spot, path: str, bytes_max: int) -> bytes | None:
    """The bytes at a path below the root, good only to tell that nothing changed; or None.

    Without the careful walk: a link on the way to exactly the bytes that were verified before is
    no news either. The rest is judged with care.
    """
    try:
        if root.fd is None:
            descriptor = os.open(root.prefix + path, _read_flags)
        else:
            descriptor = os.open(path, _read_flags, dir_fd=root.fd)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        size = status.st_size
        if not stat.S_ISREG(status.st_mode) or size > bytes_max:
            return None
        data = os.read(descriptor, size + 1)
        return data if len(data) == size else None
    except OSError:
        return None
    finally:
        os.close(descriptor)
