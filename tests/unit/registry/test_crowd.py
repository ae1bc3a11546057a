"""Too many names that are none of the protocol's: they go, and what may be under way goes last."""

from __future__ import annotations

import pytest

from registry import crowd, inbox, layout, outbox
from registry.layout import PageName
from registry.memory import MemoryShare

INBOX = layout.inbox("scout")
LETTER = PageName("core", "abcdefg2", 1)


def test_letters_stay_and_hidden_names_wait_for_an_earlier_tick(share: MemoryShare) -> None:
    """LAYOUT-8: a temporary may be of a write under way; later ones wait in their turn."""
    inbox.deliver(share, "scout", LETTER, b"x")
    nodes = share.nodes(INBOX)
    nodes.update(dict.fromkeys(["junk", "a.txt", ".core.1", "a b", "con.abcdefg2.1.page"], b""))
    first = crowd.clear(share, INBOX, inbox.is_letter, b"")
    assert first.names == 2
    assert sorted(nodes) == [".core.1", "a b", "con.abcdefg2.1.page", layout.letter_file(LETTER)]
    nodes[".smith.2"] = b""
    second = crowd.clear(share, INBOX, inbox.is_letter, first.waiting)
    assert second.names == 3
    assert sorted(nodes) == [".smith.2", layout.letter_file(LETTER)]
    third = crowd.clear(share, INBOX, inbox.is_letter, second.waiting)
    assert third == (1, b"")
    assert list(nodes) == [layout.letter_file(LETTER)]


def test_a_call_clears_and_remembers_a_bound(
    share: MemoryShare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LAYOUT-8: some at each tick."""
    monkeypatch.setattr(crowd, "cleared_max", 4)
    nodes = share.nodes(INBOX)
    nodes.update({f"junk{n}": b"" for n in range(10)} | {f".tmp.{n}": b"" for n in range(10)})
    waiting, left = b"", []
    for _ in range(6):
        cleared = crowd.clear(share, INBOX, inbox.is_letter, waiting)
        assert cleared.names <= 4
        assert len(cleared.waiting) <= 4 * 8
        waiting = cleared.waiting
        left.append(len(nodes))
    assert left == [16, 12, 8, 4, 0, 0]


def test_names_of_any_characters_are_told_apart(share: MemoryShare) -> None:
    """LAYOUT-8: also those that are no text at all on some drives."""
    nodes = share.nodes(INBOX)
    odd = ["new\nline", "ä", "\udcff", "\ud800", "x" * 300]
    nodes.update(dict.fromkeys(odd, b""))
    first = crowd.clear(share, INBOX, inbox.is_letter, b"")
    assert (first.names, len(nodes)) == (0, 5)
    assert crowd.clear(share, INBOX, inbox.is_letter, first.waiting).names == 5


@pytest.mark.parametrize("to", [None, "scout"])
def test_own_pages_are_found_behind_any_flood(
    share: MemoryShare, monkeypatch: pytest.MonkeyPatch, to: str | None
) -> None:
    """LAYOUT-8: whether names or sizes are asked for; the junk is counted, hidden names as well."""
    monkeypatch.setattr(outbox, "names_max", 3)
    outbox.offer(share, to, PageName("core", "zzzzzzz2", 7), b"mine")
    nodes = share.nodes(outbox.folder("core", to))
    nodes.update({f"aaaaaaaa.{n}.page": b"" for n in range(1, 10)})
    nodes.update({f"0junk{n}": b"" for n in range(9)} | {".tmp": b"", "a b": b""})
    mine = PageName("core", "zzzzzzz2", 7)
    for ask, size in ((outbox.own_pages, None), (outbox.own_sizes, 4)):
        found = ask(share, "core", to, lambda page: page == mine)
        assert list(found.sizes) == [mine, *(PageName("core", "aaaaaaaa", n) for n in (1, 2))]
        assert found.sizes[mine] == size
        assert found.junk == 11
