"""Attachments on the share: files in their author's own folder, each named by its SHA-256.

Only their author writes them. What lies there is nothing but bytes until they were hashed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from protocol.errors import MissingError, SpecialFileError
from registry import layout, yard
from registry.share import Share

# A folder with many more was filled by somebody else.
names_max = 10_000
junk_removed_max = 5_000


def sizes(share: Share, author: str, wanted: Collection[str]) -> dict[str, int | None]:
    """Those of these files that lie in a folder, with their sizes; None: no regular file."""

    def rank(name: str) -> str | None:
        return name if name in wanted else None

    try:
        entries = share.entries(layout.blobs(author), len(wanted), rank)
    except (MissingError, SpecialFileError):
        return {}
    return {entry.name: entry.size for entry in entries}


def own_sizes(share: Share, owner: str) -> dict[str, int | None]:
    """What lies in the own folder under names of the form; its owner makes way for it.

    Where junk crowds it, some of that goes at each call.
    """
    where, junk = layout.blobs(owner), 0

    def rank(name: str) -> str | None:
        nonlocal junk
        is_blob = layout.is_blob_file(name)
        junk += not is_blob
        return name if is_blob else None

    try:
        entries = share.entries(where, names_max, rank)
    except MissingError:
        return {}
    except SpecialFileError:
        yard.make_folder(share, owner, where)
        return {}
    if junk:
        share.clear(where, share.names(where, junk_removed_max, _rank_of_junk))
    return {entry.name: entry.size for entry in entries}


def _rank_of_junk(name: str) -> str | None:
    return None if layout.is_blob_file(name) else name


def offer(share: Share, owner: str, sha256: str, read: Callable[[], Iterable[bytes]]) -> None:
    """Put a file into the own folder; `read` gives its parts, from the first one at each call."""
    yard.place_file(share, owner, path(owner, sha256), read)


def withdraw(share: Share, owner: str, sha256: str) -> None:
    """Remove a file, or whatever stands at its name, from the own folder."""
    try:
        share.remove(path(owner, sha256))
    except MissingError:
        return


def path(author: str, sha256: str) -> str:
    """Where a file lies."""
    return f"{layout.blobs(author)}/{sha256}"
