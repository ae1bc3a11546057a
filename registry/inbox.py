"""Inboxes: folders where everyone may create files under names that only he uses.

This module finds, reads and places; whether a page is true is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from protocol import limits
from registry import layout
from registry.layout import PageName
from registry.share import Share, is_listed

names_max = 20_000  # of one author
letters_max = 100_000  # read in one tick; what is beyond is seen once these are worked off


class Letters(NamedTuple):
    """What the names in an inbox claim, in the order to read it.

    `put_off`: how many more letters lie there; `junk`: how many other names, hidden ones as well.
    """

    pages: list[PageName]
    put_off: int
    junk: int


def letters(
    share: Share, owner: str, is_awaited: Callable[[PageName], bool] | None = None
) -> Letters:
    """The letters in an inbox by author, epoch and seq, but those that are awaited come first."""
    folder, count, junk = layout.inbox(owner), 0, 0

    def rank(name: str) -> tuple[bool, PageName] | None:
        nonlocal count, junk
        page = layout.read_letter_file(name) if is_letter(name) else None
        count, junk = count + (page is not None), junk + (page is None)
        return None if page is None else (is_awaited is not None and not is_awaited(page), page)

    names = share.names(folder, letters_max, rank)
    pages = [page for name in names if (page := layout.read_letter_file(name)) is not None]
    return Letters(pages, count - len(pages), junk)


def is_letter(name: str) -> bool:
    """Whether a name in an inbox is that of a letter, and listings show it."""
    return layout.read_letter_file(name) is not None and is_listed(name)


def sizes(share: Share, owner: str, author: str) -> dict[PageName, int | None]:
    """The letters of one author in an inbox with their sizes; None: no regular file."""

    def rank(name: str) -> PageName | None:
        page = layout.read_letter_file(name)
        return page if page is not None and page.author == author else None

    return {
        page: entry.size
        for entry in share.entries(layout.inbox(owner), names_max, rank)
        if (page := layout.read_letter_file(entry.name)) is not None
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
