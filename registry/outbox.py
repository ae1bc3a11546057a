"""Outboxes: what a peer published (feed), and letters that wait to be fetched (mail).

Both live below their author's own folder, so only he writes them. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Callable

from protocol import limits
from protocol.errors import MissingError, SpecialFileError
from registry import layout, yard
from registry.layout import PageName
from registry.share import Share

# A feed keeps some 1,000 pages; a folder with many more was filled by somebody else.
names_max = 20_000
junk_removed_max = 5_000


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


def own_pages(share: Share, author: str, to: str | None) -> list[PageName]:
    """`pages` of the own outbox, whose owner makes way for it.

    What is no folder goes; where junk crowds the folder, some of it goes at each call.
    """
    where, junk = folder(author, to), 0

    def rank(name: str) -> PageName | None:
        nonlocal junk
        page = layout.read_page_file(name, author)
        junk += page is None
        return page

    try:
        names = share.names(where, names_max, rank)
    except MissingError:
        return []
    except SpecialFileError:
        yard.make_folder(share, author, where)
        return []
    if junk >= names_max:
        for name in share.names(where, junk_removed_max, _rank_of_junk):
            share.remove(f"{where}/{name}")
    found = (layout.read_page_file(name, author) for name in names)
    return [page for page in found if page is not None]


def _rank_of_junk(name: str) -> str | None:
    return name if layout.read_page_file(name, "") is None else None


def sizes(share: Share, author: str, to: str | None) -> dict[PageName, int | None]:
    """The same with sizes; None: no regular file."""
    try:
        entries = share.entries(folder(author, to), names_max)
    except MissingError:
        return {}
    return {
        page: entry.size
        for entry in entries
        if (page := layout.read_page_file(entry.name, author)) is not None
    }


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
