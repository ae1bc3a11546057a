"""Outboxes: what a peer published (feed), and letters that wait to be fetched (mail).

Both live below their author's own folder, so only he writes them. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from protocol import limits
from protocol.errors import MissingError, SpecialFileError
from registry import layout, yard
from registry.layout import PageName
from registry.share import Share

# A feed keeps some 1,000 pages; a folder with many more was filled by somebody else.
names_max = 20_000


class Own(NamedTuple):
    """Pages that the names in an own outbox claim, and how many other names lie there.

    `sizes` has None where no regular file stands, and everywhere if only names were asked for.
    """

    sizes: dict[PageName, int | None]
    junk: int


def folder(author: str, to: str | None) -> str:
    """The folder of the feed (`to` None) or of the mail for one peer."""
    return layout.feed(author) if to is None else layout.mail(author, to)


def pages(
    share: Share,
    author: str,
    to: str | None,
    is_awaited: Callable[[PageName], bool] | None = None,
) -> list[PageName]:
    """The pages that the names in an outbox claim, by epoch and seq, awaited ones first.

    At most `names_max` of them; none where the folder is missing.
    """

    def rank(name: str) -> tuple[bool, PageName] | None:
        page = layout.read_page_file(name, author)
        return None if page is None else (is_awaited is not None and not is_awaited(page), page)

    try:
        names = share.names(folder(author, to), names_max, rank)
    except MissingError:
        return []
    found = (layout.read_page_file(name, author) for name in names)
    return [page for page in found if page is not None]


def own_pages(
    share: Share, author: str, to: str | None, is_mine: Callable[[PageName], bool]
) -> Own:
    """The names in the own outbox, `is_mine` first, whose owner makes way for it.

    What is no folder goes.
    """
    where, rank = folder(author, to), _OwnRank(author, is_mine)
    try:
        names = share.names(where, names_max, rank)
    except MissingError:
        return Own({}, 0)
    except SpecialFileError:
        yard.make_folder(share, author, where)
        return Own({}, 0)
    found = (layout.read_page_file(name, author) for name in names)
    return Own({page: None for page in found if page is not None}, rank.junk)


def own_sizes(
    share: Share, author: str, to: str | None, is_mine: Callable[[PageName], bool]
) -> Own:
    """The same with sizes; none where the folder is missing."""
    rank = _OwnRank(author, is_mine)
    try:
        entries = share.entries(folder(author, to), names_max, rank)
    except MissingError:
        return Own({}, 0)
    found = ((layout.read_page_file(entry.name, author), entry.size) for entry in entries)
    return Own({page: size for page, size in found if page is not None}, rank.junk)


class _OwnRank:
    """Mine come first, by epoch and seq: no flood of other names hides them. Counts the junk."""

    def __init__(self, author: str, is_mine: Callable[[PageName], bool]) -> None:
        self._author = author
        self._is_mine = is_mine
        self.junk = 0

    def __call__(self, name: str) -> tuple[bool, PageName] | None:
        page = layout.read_page_file(name, self._author)
        if page is None:
            self.junk += 1
            return None
        return not self._is_mine(page), page


def is_page(name: str) -> bool:
    """Whether a name in an outbox is that of a page."""
    return layout.read_page_file(name, "") is not None


def fetch(share: Share, to: str | None, page: PageName) -> bytes:
    """The bytes of a page; ShareError where it cannot be had."""
    return share.read(path(to, page), limits.page_bytes_max)


def offer(share: Share, to: str | None, page: PageName, data: bytes) -> None:
    """Put a page into its author's own outbox."""
    yard.place(share, page.author, path(to, page), data)


def withdraw(share: Share, to: str | None, page: PageName) -> None:
    """Remove a page from its author's own outbox; nothing to do where it is gone."""
    try:
        share.remove(path(to, page))
    except MissingError:
        return


def path(to: str | None, page: PageName) -> str:
    """Where a page of an outbox stands."""
    return f"{folder(page.author, to)}/{layout.page_file(page)}"
