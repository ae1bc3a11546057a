"""Inboxes: folders where everyone may create files under names that only he uses.

This module finds, reads and places; whether a page is true is decided elsewhere.
"""

from __future__ import annotations

from contextlib import suppress

from protocol import limits
from protocol.errors import ShareError
from registry import layout
from registry.layout import PageName
from registry.share import Share

# More names than a folder should ever hold: what is beyond is seen once these are worked off.
names_max = 20_000
junk_removed_max = 5_000


def letters(share: Share, owner: str) -> tuple[list[PageName], bool]:
    """(what the names in an inbox claim, by author, epoch and seq; whether it is crowded).

    Where junk crowds out what can be listed, the owner clears some of it away at each call.
    """
    names = share.names(layout.inbox(owner), names_max)
    found = {name: layout.read_letter_file(name) for name in names}
    crowded = len(names) == names_max
    if crowded:
        junk = [name for name, page in found.items() if page is None]
        for name in junk[:junk_removed_max]:
            with suppress(ShareError):  # the next call tries again
                share.remove(f"{layout.inbox(owner)}/{name}")
    return sorted(page for page in found.values() if page is not None), crowded


def sizes(share: Share, owner: str, author: str) -> dict[PageName, int | None]:
    """The letters of one author in an inbox with their sizes; None: no regular file."""
    return {
        page: entry.size
        for entry in share.entries(layout.inbox(owner), names_max)
        if (page := layout.read_letter_file(entry.name)) is not None and page.author == author
    }


def fetch(share: Share, owner: str, page: PageName) -> bytes:
    """The bytes of a letter; ShareError where it cannot be had."""
    return share.read(path(owner, page), limits.page_bytes_max)


def deliver(share: Share, owner: str, page: PageName, data: bytes) -> None:
    """Put a letter into an inbox; the same letter twice is the same as once."""
    share.place(path(owner, page), data)


def discard(share: Share, owner: str, page: PageName) -> None:
    """Remove a letter, or whatever stands at its name, from the own inbox."""
    share.remove(path(owner, page))


def path(owner: str, page: PageName) -> str:
    """Where a letter stands."""
    return f"{layout.inbox(owner)}/{layout.letter_file(page)}"
