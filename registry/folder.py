"""The share as a folder: local disk, NFS, SMB, a synchronised folder. Keeps SHARE-1 to SHARE-21.

Every operation walks from the root anew (`walk`), opens, slurps, closes, and keeps no handle.
`place` is the one place where bytes get onto a share. A failed write, sync or close forbids the
rename: the rename would succeed and publish rubbish. "Sync is not supported" is no failure; `probe`
finds it out for `peer doctor`.
On Windows a file that somebody has open can be neither replaced nor removed, so those calls are
tried a few times, some milliseconds apart. A stale handle (NFS) is tried once more when reading.
Nothing else is tried again here: the next tick does that.
It does *not* interrupt a frozen drive: whoever calls has a deadline.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TypeVar

from protocol.errors import OversizedError, ShareError, ShareUnavailableError
from registry.errnos import (
    denied,
    explain,
    explained,
    is_sharing,
    keeps_its_name,
    special,
    unsupported,
)
from registry.share import Entry, Rank, check_folder, check_name, check_path, digest
from registry.spot import (
    Spot,
    begin_writing,
    careful_flags,
    glimpse,
    is_folder,
    listed,
    may_change,
    open_folder,
    open_up_file,
    open_up_folder,
    read_at,
    read_part_at,
    scan,
)
from registry.walk import Walk, has_descriptors

remove_names_max = 10_000  # in one call
remove_depth_max = 32
_not_empty = (errno.ENOTEMPTY, errno.EEXIST)
_temporary_tries = 4
_patience_seconds = (0.001, 0.004, 0.016)

_write_flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | careful_flags
_sync_flags = (os.O_RDWR if os.name == "nt" else os.O_RDONLY) | careful_flags

T = TypeVar("T")


def _nothing() -> None:
    """Nobody waits."""


class FolderShare:
    """A share that is a folder at `root`, which must exist (`create` makes one).

    `writer` and `nonce` make the names of temporaries, `.<writer>.<nonce>`: safe names both, the
    second a new one at each call. `pause` waits the given seconds. `moved` is called at each name
    of a long operation: on some drives 100,000 take minutes.
    """

    def __init__(
        self,
        root: str,
        writer: str,
        nonce: Callable[[], str],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.root = os.path.abspath(root)
        self._writer = writer
        self._nonce = nonce
        self._pause = pause
        self.moved: Callable[[], object] = _nothing
        self.by_descriptor = has_descriptors

    @classmethod
    def create(cls, root: str, writer: str, nonce: Callable[[], str]) -> FolderShare:
        """Make the root, if need be, in a folder that exists: the only way a root comes to be."""
        try:
            os.mkdir(root)
        except FileExistsError:
            pass
        except OSError as error:
            raise explain(error, root) from error
        return cls(root, writer, nonce)

    def read(self, path: str, bytes_max: int) -> bytes:
        """See `Share.read`."""
        *folders, name = check_path(path)
        try:
            return self._read_afresh(path, folders, name, bytes_max)
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise explain(error, path) from error
        with explained(path):
            return self._read_afresh(path, folders, name, bytes_max)

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        """See `Share.read_part`."""
        *folders, name = check_path(path)
        with explained(path), self._walk() as walk:
            spot = walk.to(folders)
            return self._patiently(lambda: read_part_at(spot, name, path, offset, bytes_max))

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        """See `Share.read_many`."""
        before = [None] * len(paths) if known is None else known
        asked = list(zip(paths, map(check_path, paths), before, strict=True))
        results: list[bytes | ShareError | None] = []
        try:
            with self._walk() as walk:
                root = walk.to([])
                for path, (*folders, name), old in asked:
                    # A server that waits for another client lets an open wait for half a minute.
                    self.moved()
                    seen = None if old is None else glimpse(root, path, bytes_max)
                    self.moved()
                    if seen is not None and digest(seen) == old:
                        results.append(None)
                        continue
                    try:
                        data = read_at(walk.to(folders), name, path, bytes_max)
                        still = old is not None and data != seen and digest(data) == old
                        results.append(None if still else data)
                    except ShareError as error:
                        results.append(error)
                    except OSError as error:
                        results.append(self._read_again(error, path, bytes_max))
        except ShareError as error:  # the root is gone
            return [error] * len(paths)
        return results

    def entries(self, folder: str, names_max: int, rank: Rank | None = None) -> list[Entry]:
        """See `Share.entries`."""
        parts = check_folder(folder)
        with explained(folder), self._walk() as walk:
            spot = walk.to(parts)
            found: list[Entry] = []
            for name in listed(spot, names_max, rank, self.moved):
                self.moved()
                with suppress(FileNotFoundError):
                    status = os.lstat(spot.prefix + name, dir_fd=spot.fd)
                    regular = stat.S_ISREG(status.st_mode)
                    found.append(Entry(name, status.st_size if regular else None))
            return found

    def names(self, folder: str, names_max: int, rank: Rank | None = None) -> list[str]:
        """See `Share.names`."""
        parts = check_folder(folder)
        with explained(folder), self._walk() as walk:
            return listed(walk.to(parts), names_max, rank, self.moved)

    def place(self, path: str, data: bytes) -> None:
        """See `Share.place`."""
        self.place_file(path, (data,))

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Share.place_file`."""
        *folders, name = check_path(path)
        with explained(path), self._walk() as walk:
            spot = walk.to(folders)
            temporary = self._write_temporary(spot, parts)
            try:
                self._rename(spot, temporary, name)
            except BaseException as error:
                self._drop(spot, temporary)
                if isinstance(error, FileNotFoundError):  # ours was taken; the folder is there
                    raise ShareUnavailableError(
                        f"{path}: the temporary file vanished; the next tick tries again"
                    ) from error
                raise
            self._sync_name(spot, name)
            self._sync_folder(spot)

    def remove(self, path: str) -> None:
        """See `Share.remove`."""
        *folders, name = check_path(path)
        with explained(path), self._walk() as walk:
            self._remove(walk, folders, name, remove_names_max)

    def clear(self, folder: str, names: Sequence[str]) -> int:
        """See `Share.clear`."""
        parts = check_folder(folder)
        for name in names:
            check_name(name)
        removed, inside_left = 0, remove_names_max
        with explained(folder), self._walk() as walk:
            walk.to(parts)  # whether it is there; what is wrong with single names is passed over
            for name in names:
                self.moved()
                try:
                    inside_left = self._remove(walk, parts, name, inside_left)
                except OSError:
                    continue
                except OversizedError:
                    break
                removed += 1
        return removed

    def make_folder(self, path: str, shared: bool = False) -> None:
        """See `Share.make_folder`."""
        parts = check_path(path)
        with explained(path), self._walk() as walk:
            for depth, name in enumerate(parts):
                spot = walk.to(parts[:depth])
                last = depth == len(parts) - 1
                try:
                    os.mkdir(spot.prefix + name, 0o755, dir_fd=spot.fd)
                    made = True
                except FileExistsError:
                    made = False
                if made:
                    self._sync_folder(spot)
                if made or last:
                    open_up_folder(
                        walk.to(parts[: depth + 1]), 0o1777 if shared and last else 0o755
                    )

    def _walk(self) -> Walk:
        return Walk(self.root, self.by_descriptor)

    def _read_afresh(self, path: str, folders: list[str], name: str, bytes_max: int) -> bytes:
        with self._walk() as walk:
            spot = walk.to(folders)
            return self._patiently(lambda: read_at(spot, name, path, bytes_max))

    def _read_again(self, error: OSError, path: str, bytes_max: int) -> bytes | ShareError:
        """The answer of `read_many` after an error: once more, if a second look can differ."""
        if error.errno != errno.ESTALE and not is_sharing(error):
            return explain(error, path)
        try:
            self.moved()
            return self.read(path, bytes_max)
        except ShareError as still:
            return still

    def _write_temporary(self, spot: Spot, parts: Iterable[bytes]) -> str:
        """The name of a new file that holds `parts` on the disk."""
        fd, temporary = self._open_temporary(spot)
        try:
            try:
                open_up_file(fd)
                for part in parts:
                    self.moved()
                    rest = memoryview(part)
                    while rest:
                        rest = rest[os.write(fd, rest) :]
                    begin_writing(fd, len(part))
                self._sync(fd)
            finally:
                os.close(fd)  # NFS and quotas tell of a failed write only here
        except BaseException:  # also an interruption: what is half written stays nowhere
            self._drop(spot, temporary)
            raise
        return temporary

    def _open_temporary(self, spot: Spot) -> tuple[int, str]:
        for _ in range(_temporary_tries - 1):
            # Names are taken where a process was killed, or where somebody wants to stop us.
            with suppress(FileExistsError):
                return self._try_temporary(spot)
        return self._try_temporary(spot)

    def _try_temporary(self, spot: Spot) -> tuple[int, str]:
        [name] = check_path(f".{self._writer}.{self._nonce()}")
        return os.open(spot.prefix + name, _write_flags, 0o644, dir_fd=spot.fd), name

    def _rename(self, spot: Spot, temporary: str, name: str) -> None:
        old, new = spot.prefix + temporary, spot.prefix + name
        try:
            self._patiently(
                lambda: os.replace(old, new, src_dir_fd=spot.fd, dst_dir_fd=spot.fd),
                self._in_use(spot),
            )
        except PermissionError:  # what Windows says of a folder
            with suppress(FileNotFoundError):
                if is_folder(os.lstat(new, dir_fd=spot.fd)):
                    raise IsADirectoryError(errno.EISDIR, "is a folder") from None
            raise

    def _sync_name(self, spot: Spot, name: str) -> None:
        """Sync under the final name: without it vfat loses the file at a power cut."""
        try:
            fd = os.open(spot.prefix + name, _sync_flags, dir_fd=spot.fd)
        except OSError as error:
            # Already fetched and removed by the reader, or replaced by somebody: not ours any more.
            if error.errno in (errno.ENOENT, *special, *denied):
                return
            raise
        try:
            self._sync(fd)
        finally:
            os.close(fd)

    def _sync_folder(self, spot: Spot) -> None:
        fd = open_folder(spot)
        if fd is None:
            return
        try:
            self._sync(fd)
        finally:
            os.close(fd)

    def _sync(self, fd: int) -> None:
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in unsupported:
                raise

    def _drop(self, spot: Spot, temporary: str) -> None:
        """Remove our temporary after a failure; that failure is what the caller must hear of."""
        with suppress(OSError):
            self._patiently(
                lambda: os.unlink(spot.prefix + temporary, dir_fd=spot.fd), self._in_use(spot)
            )

    def _remove(self, walk: Walk, folders: list[str], name: str, inside_left: int) -> int:
        """Remove what stands at a name; how many of the names allowed inside are left."""
        spot, inside = walk.to(folders), [*folders, name]
        if not is_folder(os.lstat(spot.prefix + name, dir_fd=spot.fd)):
            self._patiently(
                lambda: os.unlink(spot.prefix + name, dir_fd=spot.fd), self._in_use(spot)
            )
            return inside_left
        while True:  # again where something deep was lifted
            before, inside_left = inside_left, self._empty(walk, inside, inside_left, len(inside))
            spot = walk.to(folders)
            try:
                rmdir = partial(os.rmdir, spot.prefix + name, dir_fd=spot.fd)
                self._patiently(rmdir, self._in_use(spot))
            except OSError as error:
                if error.errno not in _not_empty or before == inside_left:
                    raise
            else:
                return inside_left

    def _empty(self, walk: Walk, parts: list[str], names_left: int, top: int) -> int:
        """Empty a folder, never through a link; how many of the names allowed are left.

        What lies too deep below the folder at depth `top` is lifted into that one, for another try.
        """
        spot = walk.to(parts)
        names = list(islice(scan(spot), names_left + 1))
        too_many = len(names) > names_left
        names = names[:names_left]
        names_left -= len(names)
        for name in names:
            self.moved()
            spot = walk.to(parts)
            with suppress(FileNotFoundError):
                at = spot.prefix + name
                if not is_folder(os.lstat(at, dir_fd=spot.fd)):
                    os.unlink(at, dir_fd=spot.fd)
                elif len(parts) - top >= remove_depth_max:
                    high = walk.above(top)
                    to = f"{high.prefix}.{self._writer}.{self._nonce()}"
                    os.rename(at, to, src_dir_fd=spot.fd, dst_dir_fd=high.fd)
                else:
                    names_left = self._empty(walk, [*parts, name], names_left, top)
                    spot = walk.to(parts)
                    os.rmdir(at, dir_fd=spot.fd)
        if too_many:
            raise OversizedError(f"{'/'.join(parts)}: too much to remove in one go; call again")
        return names_left

    def _in_use(self, spot: Spot) -> Callable[[OSError], bool]:
        """Whether that is why a name stays; not where the folder itself may not be changed."""
        return lambda error: keeps_its_name(error) and may_change(spot)

    def _patiently(
        self, action: Callable[[], T], in_use: Callable[[OSError], bool] = is_sharing
    ) -> T:
        """Try again, a few times, where somebody may have the file open as Windows does it."""
        for seconds in _patience_seconds:
            try:
                return action()
            except OSError as error:
                if not in_use(error):
                    raise
            self._pause(seconds)
        return action()
