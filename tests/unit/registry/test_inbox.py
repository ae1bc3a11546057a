"""Inboxes: letters by name, whatever else lies there."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.errors import MissingError, OversizedError, SpecialFileError
from registry import inbox, layout
from registry.faulty import FaultyShare
from registry.layout import PageName
from registry.memory import MemoryShare

ONE, TEN, OTHER = (
    PageName("core", "abcdefg2", 1),
    PageName("core", "abcdefg2", 10),
    PageName("ada", "zzzzzzz7", 3),
)


def test_a_delivered_letter_is_found_and_fetched(share: MemoryShare) -> None:
    """LAYOUT-1: under the name of its author, epoch and seq; twice is once."""
    for _ in range(2):
        inbox.deliver(share, "scout", ONE, b"one")
    assert inbox.letters(share, "scout") == ([ONE], 0, 0)
    assert inbox.letters(share, "core") == ([], 0, 0)
    assert inbox.fetch(share, "scout", ONE) == b"one"
    assert share.read("peers/scout/inbox/core.abcdefg2.1.page", 3) == b"one"


def test_letters_are_sorted_by_author_epoch_and_number(share: MemoryShare) -> None:
    """LAYOUT-6: numbers as numbers, not as text."""
    for page in (TEN, ONE, OTHER, PageName("core", "abcdefg2", 2)):
        inbox.deliver(share, "scout", page, b"x")
    assert inbox.letters(share, "scout")[0] == [OTHER, ONE, PageName("core", "abcdefg2", 2), TEN]


def test_junk_is_left_alone_while_there_is_room(share: MemoryShare) -> None:
    """LAYOUT-2: it is nobody's, and nobody's business."""
    inbox.deliver(share, "scout", ONE, b"x")
    share.place("peers/scout/inbox/core.abcdefg2.1.page.bak", b"x")
    share.place("peers/scout/inbox/readme.txt", b"x")
    assert inbox.letters(share, "scout") == ([ONE], 0, 2)
    assert inbox.sizes(share, "scout", "core") == {ONE: 1}
    assert share.read("peers/scout/inbox/readme.txt", 1) == b"x"


def test_what_stands_at_a_letter_s_name(share: MemoryShare) -> None:
    """PAGE-13: a folder has no size, is no letter, and can be discarded."""
    share.make_folder("peers/scout/inbox/core.abcdefg2.1.page/inside")
    inbox.deliver(share, "scout", TEN, b"12345")
    inbox.deliver(share, "scout", OTHER, b"123")
    assert inbox.sizes(share, "scout", "core") == {ONE: None, TEN: 5}
    assert inbox.sizes(share, "scout", "ada") == {OTHER: 3}
    with pytest.raises(SpecialFileError):
        inbox.fetch(share, "scout", ONE)
    inbox.discard(share, "scout", ONE)
    assert inbox.letters(share, "scout") == ([OTHER, TEN], 0, 0)
    with pytest.raises(MissingError):
        inbox.discard(share, "scout", ONE)


def test_a_letter_is_as_large_as_a_page_and_no_larger(share: MemoryShare) -> None:
    """PAGE-13: what is larger is never read."""
    inbox.deliver(share, "scout", ONE, b"x" * limits.page_bytes_max)
    assert len(inbox.fetch(share, "scout", ONE)) == limits.page_bytes_max
    inbox.deliver(share, "scout", ONE, b"x" * (limits.page_bytes_max + 1))
    with pytest.raises(OversizedError):
        inbox.fetch(share, "scout", ONE)


def test_letters_that_fill_an_inbox_are_no_junk(
    share: MemoryShare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LAYOUT-8: a crowd of letters is said, and not touched."""
    monkeypatch.setattr(inbox, "letters_max", 2)
    for seq in (1, 2, 10):
        inbox.deliver(share, "scout", PageName("core", "abcdefg2", seq), b"x")
    found = inbox.letters(share, "scout")
    assert [page.seq for page in found.pages] == [1, 2], "by number, not by text"
    assert (found.put_off, found.junk) == (1, 0)
    assert len(share.names(layout.inbox("scout"), 99)) == 3


def test_letters_that_are_awaited_come_first(
    share: MemoryShare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LAYOUT-8: also where a flood of well-formed names is larger than what a tick reads."""
    monkeypatch.setattr(inbox, "letters_max", 2)
    for seq in (1, 2, 3, 9):
        inbox.deliver(share, "scout", PageName("ada", "abcdefg2", seq), b"x")
    inbox.deliver(share, "scout", ONE, b"x")
    found = inbox.letters(share, "scout", lambda page: page.author == "core")
    assert found == ([ONE, PageName("ada", "abcdefg2", 1)], 3, 0)


def test_letters_are_found_by_listing(share: MemoryShare) -> None:
    """LAYOUT-6: nobody is asked for a name that was not listed."""
    watched = FaultyShare(share)
    inbox.letters(watched, "scout")
    inbox.sizes(watched, "scout", "core")
    assert {call.op for call in watched.calls} == {"names", "entries"}


def test_delivering_writes_one_file_that_bears_the_author_s_name(share: MemoryShare) -> None:
    """LAYOUT-4: in the inbox of another, and nothing besides."""
    watched = FaultyShare(share)
    inbox.deliver(watched, "scout", ONE, b"x")
    assert [(call.op, call.path) for call in watched.calls] == [
        ("place", "peers/scout/inbox/core.abcdefg2.1.page")
    ]
