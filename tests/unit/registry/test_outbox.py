"""Outboxes: feed and mail, below their author's own folder."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.errors import OversizedError, SpecialFileError
from registry import layout, outbox
from registry.faulty import FaultyShare
from registry.layout import PageName
from registry.memory import MemoryShare
from registry.share import Share

ONE, TWO, TEN = (PageName("core", "abcdefg2", seq) for seq in (1, 2, 10))


def own_sizes(share: Share, to: str | None) -> dict[PageName, int | None]:
    return outbox.own_sizes(share, "core", to, lambda page: True).sizes


@pytest.mark.parametrize(
    ("to", "folder"), [(None, "peers/core/outbox/feed"), ("scout", "peers/core/outbox/mail/scout")]
)
def test_what_is_offered_is_found_and_fetched(
    share: MemoryShare, to: str | None, folder: str
) -> None:
    """LAYOUT-1: sorted by number, until it is withdrawn."""
    assert outbox.folder("core", to) == folder
    assert outbox.pages(share, "core", to) == []
    assert own_sizes(share, to) == {}
    for page, data in ((TEN, b"ten"), (ONE, b"one"), (TWO, b""), (ONE, b"1")):
        outbox.offer(share, to, page, data)
    assert outbox.pages(share, "core", to) == [ONE, TWO, TEN]
    assert own_sizes(share, to) == {ONE: 1, TWO: 0, TEN: 3}
    assert outbox.fetch(share, to, ONE) == b"1"
    assert share.read(f"{folder}/abcdefg2.1.page", 9) == b"1"
    for _ in range(2):
        outbox.withdraw(share, to, ONE)
    assert outbox.pages(share, "core", to) == [TWO, TEN]


def test_mail_for_one_is_not_mail_for_another(share: MemoryShare) -> None:
    """SEND-7: each recipient has a folder of its own."""
    outbox.offer(share, "scout", ONE, b"x")
    assert outbox.pages(share, "core", "ada") == []
    assert outbox.pages(share, "core", None) == []
    assert outbox.pages(share, "scout", "core") == []


def test_junk_and_special_files(share: MemoryShare) -> None:
    """LAYOUT-2: other names are ignored; what is no file has no size."""
    share.place("peers/core/outbox/feed/core.abcdefg2.1.page", b"x")  # the form of an inbox
    share.place("peers/core/outbox/feed/abcdefg2.1.page.bak", b"x")
    share.make_folder("peers/core/outbox/feed/abcdefg2.2.page")
    assert outbox.pages(share, "core", None) == [TWO]
    assert own_sizes(share, None) == {TWO: None}
    with pytest.raises(SpecialFileError):
        outbox.fetch(share, None, TWO)
    outbox.offer(share, None, TWO, b"mine")  # its owner makes way
    assert own_sizes(share, None) == {TWO: 4}


def test_a_page_is_as_large_as_a_page_and_no_larger(share: MemoryShare) -> None:
    """ENV-1: what is larger is never read."""
    outbox.offer(share, None, ONE, b"x" * limits.page_bytes_max)
    assert len(outbox.fetch(share, None, ONE)) == limits.page_bytes_max
    outbox.offer(share, None, ONE, b"x" * (limits.page_bytes_max + 1))
    with pytest.raises(OversizedError):
        outbox.fetch(share, None, ONE)


def test_only_the_own_folder_is_written(share: MemoryShare) -> None:
    """LAYOUT-4: offering to somebody touches nothing of his."""
    watched = FaultyShare(share)
    for to in (None, "scout"):
        outbox.offer(watched, to, ONE, b"x")
        outbox.withdraw(watched, to, ONE)
    written = {call.path for call in watched.calls if call.op in ("place", "remove", "make_folder")}
    assert written
    assert all(path.startswith(f"{layout.peer_folder('core')}/outbox/") for path in written)


def test_pages_are_found_by_listing(share: MemoryShare) -> None:
    """LAYOUT-6: nobody is asked for a name that was not listed."""
    watched = FaultyShare(share)
    outbox.pages(watched, "core", None)
    own_sizes(watched, "scout")
    assert {call.op for call in watched.calls} == {"names", "entries"}
