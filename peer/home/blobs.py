"""The bytes of attachments in a home: one private file for each content, named by its SHA-256.

Rules: a file under a name of 64 digits has exactly these bytes, and is durable; what is only partly
here is called `<sha256>.<author>.part`, and is gone on with: who offers something else under that
hash spoils nobody else's. No content is ever held in memory as a whole.
Not here: what a file belongs to (`attachments`).
"""

from __future__ import annotations

import io
import os
from _thread import get_ident
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from peer.home.files import make_private_folder, open_private, sync_folder, try_lock
from protocol.errors import HomeError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

FOLDER = "blobs"
part_bytes = 1024 * 1024
PART = ".part"
NEW = ".new"
_parts_ahead_max = 2


class Content(NamedTuple):
    """What a file is known by: SHA-256, in lower-case hex, and bytes."""

    sha256: str
    size: int


class Part(Protocol):
    """A file that is being fetched; `size` bytes of it are here."""

    size: int

    def add(self, data: bytes) -> None:
        """The next bytes."""

    def finish(self) -> bool:
        """All is here: keep it under its name, or, where it is another content, drop it (False)."""

    def pause(self) -> None:
        """Let go of it; what is here stays."""


class Blobs(Protocol):
    """Contents of one identity. HomeError where the disk of the home fails."""

    def put(self, parts: Iterable[bytes]) -> Content:
        """Keep a content, durably; what the parts raise comes through."""

    def parts(self, name: str) -> Iterator[bytes]:
        """A content, from its beginning; HomeError where it is not here."""

    def size(self, name: str) -> int | None:
        """How many bytes a whole content has; None where it is not here."""

    def begin(self, name: str, author: str) -> Part:
        """Go on fetching a content from a bare name."""

    def sizes(self) -> dict[str, int]:
        """Bytes of everything here, by the name of its file, also of what is only partly here."""

    def drop(self, name: str) -> None:
        """Let go of a file; nothing to do where it is gone."""


class _Digest:
    """SHA-256 of large parts beside the work with the disk, on another core where there is one."""

    def __init__(self) -> None:
        self._sha256 = sha256()
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: deque[Future[None]] = deque()

    def update(self, part: bytes) -> None:
        if len(part) < part_bytes:
            self._wait(0)
            self._sha256.update(part)
            return
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1)
        self._under_way.append(self._pool.submit(self._sha256.update, part))
        self._wait(_parts_ahead_max)

    def hexdigest(self) -> str:
        self._wait(0)
        return self._sha256.hexdigest()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _wait(self, left: int) -> None:
        while len(self._under_way) > left:
            self._under_way.popleft().result()


class FolderBlobs:
    """In a folder of the home, which is made when it is first needed."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, parts: Iterable[bytes]) -> Content:
        """See `Blobs.put`."""
        make_private_folder(self._folder)
        temporary = self._at(f"{os.getpid()}-{get_ident()}{NEW}")
        seen, size = _Digest(), 0
        try:
            with open(_private(temporary, os.O_TRUNC), "wb", buffering=0) as file:
                for part in parts:
                    _write(file.fileno(), part)
                    seen.update(part)
                    size += len(part)
                os.fsync(file.fileno())
            os.replace(temporary, self._at(seen.hexdigest()))
            sync_folder(self._folder)
        except OSError as error:
            raise self._fault(error) from error
        finally:
            seen.close()
            with suppress(OSError):  # gone, or a later day's work; what went wrong is told above
                os.unlink(temporary)
        return Content(seen.hexdigest(), size)

    def parts(self, name: str) -> Iterator[bytes]:
        """See `Blobs.parts`."""
        try:
            with open(self._at(name), "rb", buffering=0) as file:
                while part := file.read(part_bytes):
                    yield part
        except OSError as error:
            raise self._fault(error) from error

    def size(self, name: str) -> int | None:
        """See `Blobs.size`."""
        try:
            return os.stat(self._at(name)).st_size
        except OSError:
            return None

    def begin(self, name: str, author: str) -> Part:
        """See `Blobs.begin`."""
        make_private_folder(self._folder)
        return _FilePart(self._folder, name, part_name(name, author))

    def sizes(self) -> dict[str, int]:
        """See `Blobs.sizes`."""
        found = {}
        try:
            with os.scandir(self._folder) as listing:
                for entry in listing:
                    with suppress(FileNotFoundError):
                        found[entry.name] = entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._fault(error) from error
        return found

    def drop(self, name: str) -> None:
        """See `Blobs.drop`."""
        try:
            os.unlink(self._at(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._fault(error) from error

    def _at(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def _fault(self, error: OSError) -> HomeError:
        return fault(self._folder, error)


class _FilePart:
    def __init__(self, folder: str, name: str, called: str) -> None:
        self._folder, self._name = folder, name
        self._path = os.path.join(folder, called)
        self.size, self._seen = 0, _Digest()
        try:
            self._file = self._alone()
            with open(self._path, "rb", buffering=0) as file:
                while part := file.read(part_bytes):
                    self._seen.update(part)
                    self.size += len(part)
        except OSError as error:
            raise fault(folder, error) from error

    def _alone(self) -> io.FileIO:
        """The file, which no other process goes on with meanwhile: both would append to it."""
        while True:
            file = io.FileIO(_private(self._path, os.O_APPEND), "ab")
            if not try_lock(file.fileno()):
                file.close()
                raise HomeError(
                    f"another process fetches attachment {self._name[:8]}; try again in a moment"
                )
            with suppress(FileNotFoundError):  # the other one had just finished it
                if os.path.samestat(os.fstat(file.fileno()), os.stat(self._path)):
                    return file
            file.close()

    def add(self, data: bytes) -> None:
        try:
            _write(self._file.fileno(), data)
        except OSError as error:
            raise fault(self._folder, error) from error
        self._seen.update(data)
        self.size += len(data)

    def finish(self) -> bool:
        good = self._seen.hexdigest() == self._name
        try:
            with self._file:
                if good:
                    os.fsync(self._file.fileno())
                if os.name == "posix":  # while it is mine alone
                    self._settle(good)
            if os.name != "posix":
                self._settle(good)
        except OSError as error:
            raise fault(self._folder, error) from error
        return good

    def _settle(self, good: bool) -> None:
        if good:
            os.replace(self._path, os.path.join(self._folder, self._name))
            sync_folder(self._folder)
        else:
            os.unlink(self._path)

    def pause(self) -> None:
        self._seen.close()
        self._file.close()


class MemoryBlobs:
    """In memory, for tests and the simulator."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def copy(self) -> MemoryBlobs:
        """The same files in a home of their own."""
        other = MemoryBlobs()
        other.files = self.files.copy()
        return other

    def put(self, parts: Iterable[bytes]) -> Content:
        """See `Blobs.put`."""
        data = b"".join(parts)
        name = sha256(data).hexdigest()
        self.files[name] = data
        return Content(name, len(data))

    def parts(self, name: str) -> Iterator[bytes]:
        """See `Blobs.parts`."""
        if name not in self.files:
            raise HomeError(f"{name} is not in this home")
        yield self.files[name]

    def size(self, name: str) -> int | None:
        """See `Blobs.size`."""
        data = self.files.get(name)
        return None if data is None else len(data)

    def begin(self, name: str, author: str) -> Part:
        """See `Blobs.begin`."""
        return _MemoryPart(self.files, name, part_name(name, author))

    def sizes(self) -> dict[str, int]:
        """See `Blobs.sizes`."""
        return {name: len(data) for name, data in self.files.items()}

    def drop(self, name: str) -> None:
        """See `Blobs.drop`."""
        self.files.pop(name, None)


class _MemoryPart:
    def __init__(self, files: dict[str, bytes], name: str, part: str) -> None:
        self._files, self._name, self._part = files, name, part
        self.size = len(files.setdefault(part, b""))

    def add(self, data: bytes) -> None:
        self._files[self._part] += data
        self.size += len(data)

    def finish(self) -> bool:
        data = self._files.pop(self._part)
        good = sha256(data).hexdigest() == self._name
        if good:
            self._files[self._name] = data
        return good

    def pause(self) -> None:
        """Nothing is held."""


def part_name(name: str, author: str) -> str:
    """What a content is called that is only partly here, from this author (a bare name)."""
    return f"{name}.{author}{PART}"


def fault(folder: str, error: OSError) -> HomeError:
    """What a disk did, with the next step."""
    return HomeError(f"{folder}: {error.strerror}; make room or check its owner")


def _private(path: str, flag: int) -> int:
    return open_private(path, os.O_WRONLY | flag | getattr(os, "O_BINARY", 0))


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if len(data) >= part_bytes and hasattr(os, "posix_fadvise"):
        # Begin to write it to the disk now, while more is read and hashed: the sync at the end then
        # has little left to do. It is a hint, and what it says of reading is of no matter here.
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.posix_fadvise(descriptor, end - len(data), len(data), os.POSIX_FADV_DONTNEED)
