"""The port to the share: what every adapter guarantees, as numbered rules that tests cite.

A share is a tree of folders and files under one root. Members share nothing else, trust nobody's
files, and see the tree late (a replaced file may be seen old, a removed one may come back).

Paths and listings
  SHARE-1   A path is `a/b/c` of safe names (`check_path`); any other MUST raise ValueError before
            anything is touched. `""` is the root and allowed in `entries` and `names` only.
  SHARE-2   A link MUST never be followed in any component below the root: SpecialFileError.
  SHARE-3   Listings MUST be sorted, hold at most `names_max` names (the smallest), and leave out,
            without counting them, hidden names (leading dot: temporaries) and unsafe names. With
            a `rank` they MUST be sorted by it, and leave out those that it gives None; it is asked
            once for each name, also for those that are left out whatever it says, so that it can
            count them; and no more than `names_max` names are held.
  SHARE-4   `entries` MUST give the size of a regular file, and None for everything else; `names`
            MUST give the same names as `entries`.
Reading
  SHARE-5   `read` MUST return one whole placed content, never a mixture of two.
  SHARE-6   Reading MUST return at once, with SpecialFileError, where a folder, FIFO, socket or
            device stands, and MUST NOT take a byte from it.
  SHARE-7   A file larger than `bytes_max` MUST raise OversizedError; no more than `bytes_max` + 1
            bytes of it may be held.
  SHARE-8   `read_many` MUST answer each path as `read` would, in order, errors in place; where the
            `digest` of the bytes is the `known` one, it MUST return None instead; that alone it
            may find out through a link on the way (SHARE-2), since the same bytes are no news.
  SHARE-21  `read_part` MUST return the bytes from `offset` on, fewer than `bytes_max` only at the
            end, and hold no more; SHARE-2, SHARE-6 hold. Two parts may be of two contents.
Writing
  SHARE-9   `place` MUST be atomic: a reader sees the old content or the new one, and after an error
            either of them, whole. No temporary may be left behind by a call that returns.
  SHARE-10  When `place` or `make_folder` returns, its work MUST survive a power cut, as far as the
            drive has a way to say so.
  SHARE-11  `place` MUST replace a link, FIFO or socket at the final name without touching what it
            points to, and MUST raise SpecialFileError where a folder stands.
  SHARE-12  Others MUST be able to read what was placed (files 0644, folders 0755, shared folders
            1777, whatever the umask), where the drive knows modes.
  SHARE-13  `remove` MUST take away whatever stands at the path, a folder with all it holds, and
            nothing outside it. It need not survive a power cut.
  SHARE-14  `make_folder` MUST create missing parents, and succeed where the folder exists.
  SHARE-19  `clear` MUST take away names as a `rank` was told them, hidden and unsafe ones, too, and
            nothing outside the folder; one that is no single name MUST raise ValueError before
            anything is touched; one that cannot be removed MUST keep no other one.
  SHARE-20  `place_file` MUST do what `place` does (SHARE-9 to SHARE-12), with one part of it in
            memory at a time; where the parts themselves fail, nothing has changed.
Errors (protocol/errors.py)
  SHARE-15  MissingError MUST mean: no such name, or a folder on the way is missing.
  SHARE-16  SpecialFileError MUST be raised where something other than a folder stands on the way,
            or something of the wrong kind at the end.
  SHARE-17  A root that is gone MUST raise ShareUnavailableError from every operation, and MUST NOT
            be created by any of them.
  SHARE-18  No space or quota MUST raise ShareFullError; no permission, or read-only,
            ShareDeniedError; everything else the drive says ShareUnavailableError.

The port does *not* lock, append, watch, compare file times, or know what a file means; case-folding
collisions and the marker of the network are its callers' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from heapq import nsmallest
from typing import Any, NamedTuple, Protocol, runtime_checkable

from protocol.errors import ShareError
from protocol.remembered import remembered

name_chars_max = 127  # besides the dot of a hidden name
path_chars_max = 240  # with a root in front, below the 260 of Windows

# No device names (Windows opens `nul.json` as the device), no dot at the end, a dot at the front
# only for what listings hide.
_safe_name = (
    r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|\Z))"
    rf"\.?[A-Za-z0-9_-][A-Za-z0-9._-]{{0,{name_chars_max - 1}}}(?<!\.)"
)
_name_is_safe = re.compile(rf"{_safe_name}\Z").match
_path_is_safe = re.compile(rf"{_safe_name}(?:/{_safe_name})*\Z").match


# What comes first in a listing: the lower values, which can be compared; None leaves a name out.
Rank = Callable[[str], Any]


class Entry(NamedTuple):
    """One name of a listing; `size` in bytes, or None where no regular file stands."""

    name: str
    size: int | None


class Share(Protocol):
    """What a peer can do with the share. Every method keeps the rules of this module's docstring.

    Every method may raise ValueError (SHARE-1: our own mistake), ShareUnavailableError,
    ShareDeniedError, MissingError and SpecialFileError; others are named below.
    """

    def read(self, path: str, bytes_max: int) -> bytes:
        """The content of a regular file; OversizedError if it has more than `bytes_max` bytes."""
        ...

    def read_many(
        self, paths: Sequence[str], bytes_max: int, known: Sequence[bytes | None] | None = None
    ) -> list[bytes | ShareError | None]:
        """`read` of each path, in order; the fast way for the heartbeats of 1,000 peers.

        Raises no ShareError: each stands in the place of its path. `known`, as long as `paths`,
        holds the `digest` of what the caller has seen before; None then means "unchanged", and
        nothing needs to be verified again. Paths that share folders should stand together.
        """
        ...

    def entries(self, folder: str, names_max: int, rank: Rank | None = None) -> list[Entry]:
        """The names in a folder with their sizes, sorted; what vanishes meanwhile is left out."""
        ...

    def names(self, folder: str, names_max: int, rank: Rank | None = None) -> list[str]:
        """The names in a folder, of files and of everything else, sorted; cheaper than `entries`.

        A result as long as `names_max` says that there may be more.
        """
        ...

    def read_part(self, path: str, offset: int, bytes_max: int) -> bytes:
        """So many bytes of a regular file, from `offset` on; b"" at its end and beyond."""
        ...

    def place(self, path: str, data: bytes) -> None:
        """Create or replace a file, atomically and durably; ShareFullError without space.

        Its folder must exist. After any error call it again with the same bytes: the old content
        or the new one stands there, whole.
        """
        ...

    def place_file(self, path: str, parts: Iterable[bytes]) -> None:
        """`place` of a content that comes in parts, and may be larger than memory.

        What the parts raise comes through; then the old content stands there.
        """
        ...

    def remove(self, path: str) -> None:
        """Take away a file, link, FIFO or folder; links are removed, never followed.

        A folder goes with all it holds. One that holds more than the adapter's limit raises
        OversizedError after part of it is gone: calling again goes on from there.
        """
        ...

    def clear(self, folder: str, names: Sequence[str]) -> int:
        """`remove` whatever stands at these names in a folder; how many are gone by it.

        The way to be rid of what no path can name; what cannot be removed now is left there.
        """
        ...

    def make_folder(self, path: str, shared: bool = False) -> None:
        """Make sure that a folder and its parents exist; ShareFullError without space.

        `shared`: others may create files in it, and nobody may remove another's (mode 1777).
        """
        ...


@remembered
def digest(data: bytes) -> bytes:
    """What `read_many` knows a content by: its SHA-256."""
    return sha256(data).digest()


def check_path(path: str) -> list[str]:
    """The safe names of a path (SHARE-1); ValueError for anything else, the root included."""
    return list(path_names(path))


@lru_cache(maxsize=16_384)
def path_names(path: str) -> tuple[str, ...]:
    """The same as a tuple; a resident process asks for few paths, and for them again and again."""
    if len(path) > path_chars_max or _path_is_safe(path) is None:
        raise ValueError(f"not a safe path: {path[:path_chars_max]!r}")
    return tuple(path.split("/"))


def read_each(
    read: Callable[[str, int], bytes],
    paths: Sequence[str],
    bytes_max: int,
    known: Sequence[bytes | None] | None,
) -> list[bytes | ShareError | None]:
    """`Share.read_many` for an adapter that has no faster way than one `read` after another."""
    known = [None] * len(paths) if known is None else known
    asked = list(zip(paths, known, strict=True))
    for path in paths:
        path_names(path)
    results: list[bytes | ShareError | None] = []
    for path, before in asked:
        try:
            data = read(path, bytes_max)
        except ShareError as error:
            results.append(error)
        else:
            results.append(data if before is None or before != digest(data) else None)
    return results


def check_folder(path: str) -> list[str]:
    """`check_path`, where "" is the root."""
    return check_path(path) if path else []


def check_name(name: str) -> None:
    """ValueError for what is no single name in a folder (SHARE-19), though it may be unsafe."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"not a name: {name[:path_chars_max]!r}")


def is_listed(name: str) -> bool:
    """Whether listings show this name (SHARE-3): safe and not hidden."""
    return _name_is_safe(name) is not None and not name.startswith(".")


@runtime_checkable
class Moving(Protocol):
    """A share whose operations can take long: it calls `moved` at each step of them."""

    moved: Callable[[], object]


def smallest(
    names: Iterable[str], names_max: int, rank: Rank | None, is_shown: Callable[[str], bool]
) -> list[str]:
    """What a listing shows of the names in a folder (SHARE-3): a flood costs time, never memory."""
    if rank is None:
        return nsmallest(names_max, filter(is_shown, names))
    ranked = (
        (place, name) for name in names if (place := rank(name)) is not None and is_shown(name)
    )
    return [name for _, name in nsmallest(names_max, ranked)]
