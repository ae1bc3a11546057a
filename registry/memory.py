"""A share in memory, for tests and the simulator: the contract with nothing underneath.

Folders are dicts, files are bytes, everything else (link, FIFO, socket, device) is None. It keeps
SHARE-1 to SHARE-17 and SHARE-19 to SHARE-21 in the simplest words; the state machine in
tests/contract proves that `folder` says the same.
It does *not* know modes, space or power cuts; `faulty` adds what goes wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from protocol.errors import (
    MissingError,
    OversizedError,
    ShareError,
    ShareUnavailableError,
    SpecialFileError,
)
from registry.share import (
    Entry,
    Rank,
    check_folder,
    check_name,
    check_path,
    is_listed,
    path_names,
    read_each,
    smallest,
)

_shown = lru_cache(maxsize=16_384)(is_listed)

Node = dict[str, "Node"] | bytes | None


class MemoryShare:
    """A share whose root is a dict. Set `gone` to take it away, clear it to bring it back."""

    def __init__(self) -> None:
        self.gone = False
        self._root: dict[str, Node] = {}

    def read(self, path: str, bytes_max: int) -> bytes:
        """See `Share.read`."""
        node = self._node(path_names(path), path)
        if not isinstance(node, bytes):
            raise SpecialFileError(f"{path}: not a regular file; its owner can remove it")
        if len(node) > bytes_max:
            raise OversizedError(f"{path}: more than {bytes_max} bytes; ignored until replaced")
        return node

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        """See `Share.read_part`."""
        node = self._node(path_names(path), path)
        if not isinstance(node, bytes):
            raise SpecialFileError(f"{path}: not a regular file; its owner can remove it")
        return node[offset : offset + bytes_max]

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        """See `Share.read_many`."""
        return read_each(self.read, paths, bytes_max, known)

    def entries(self, folder: str, names_max: int, rank: Rank | None = None) -> list[Entry]:
        """See `Share.entries`."""
        nodes = self._folder(check_folder(folder), folder)
        return [
            Entry(name, len(node) if isinstance(node, bytes) else None)
            for name in _listed(nodes, names_max, rank)
            for node in [nodes[name]]
        ]

    def names(self, folder: str, names_max: int, rank: Rank | None = None) -> list[str]:
        """See `Share.names`."""
        return _listed(self._folder(check_folder(folder), folder), names_max, rank)

    def place(self, path: str, data: bytes) -> None:
        """See `Share.place`."""
        folder, name = self._at(path)
        if isinstance(folder.get(name), dict):
            raise SpecialFileError(f"{path}: a folder stands there; its owner can remove it")
        folder[name] = bytes(data)

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        """See `Share.place_file`."""
        self._at(path)
        self.place(path, b"".join(parts))

    def remove(self, path: str) -> None:
        """See `Share.remove`."""
        folder, name = self._at(path)
        if name not in folder:
            raise _missing(path)
        del folder[name]

    def clear(self, folder: str, names: Sequence[str]) -> int:
        """See `Share.clear`."""
        parts = check_folder(folder)
        for name in names:
            check_name(name)
        nodes = self._folder(parts, folder)
        there = [name for name in dict.fromkeys(names) if name in nodes]
        for name in there:
            del nodes[name]
        return len(there)

    def make_folder(self, path: str, shared: bool = False) -> None:
        """See `Share.make_folder`."""
        parts = check_path(path)
        for depth, name in enumerate(parts):
            self._folder(parts[:depth], path).setdefault(name, {})
        self._folder(parts, path)

    def put_special(self, path: str) -> None:
        """Let something that is neither file nor folder stand at `path`: what tests need."""
        folder, name = self._at(path)
        folder[name] = None

    def nodes(self, folder: str) -> dict[str, Node]:
        """The dict of a folder itself, for tests that put there what the port refuses."""
        return self._folder(folder.split("/") if folder else [], folder)

    def _at(self, path: str) -> tuple[dict[str, Node], str]:
        parts = path_names(path)
        return self._folder(parts[:-1], path), parts[-1]

    def _folder(self, parts: Sequence[str], path: str) -> dict[str, Node]:
        node = self._node(parts, path)
        if not isinstance(node, dict):
            raise _no_folder(path)
        return node

    def _node(self, parts: Sequence[str], path: str) -> Node:
        if self.gone:
            raise ShareUnavailableError("the root is gone; is the drive mounted?")
        node: Node = self._root
        for name in parts:
            if not isinstance(node, dict):
                raise _no_folder(path)
            try:
                node = node[name]
            except KeyError:
                raise _missing(path) from None
        return node


def _no_folder(path: str) -> SpecialFileError:
    return SpecialFileError(f"{path}: not a folder; its owner can remove what stands there")


def _missing(path: str) -> MissingError:
    return MissingError(f"{path}: no such name; it may appear later")


def _listed(nodes: dict[str, Node], names_max: int, rank: Rank | None) -> list[str]:
    if rank is None and names_max >= len(nodes):
        return sorted(filter(_shown, nodes))
    return smallest(nodes, names_max, rank, _shown)
