"""Attachments on the share, below their author's own folder."""

from __future__ import annotations

import pytest

from protocol.errors import MissingError
from registry import blobs, layout
from registry.memory import MemoryShare

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def test_what_is_offered_is_listed_with_its_size(share: MemoryShare) -> None:
    """LAYOUT-1, ATT-3: the folder is made when it is first needed."""
    assert blobs.sizes(share, "core", {A}) == {}
    assert blobs.own_sizes(share, "core") == {}
    for name, data in ((A, b"one"), (B, b"")):
        blobs.offer(share, "core", name, lambda data=data: [data[:1], data[1:]])  # type: ignore[misc]
    assert share.read(f"peers/core/blobs/{A}", 9) == b"one"
    assert blobs.sizes(share, "core", {A, C}) == {A: 3}
    assert blobs.own_sizes(share, "core") == {A: 3, B: 0}
    for _ in range(2):
        blobs.withdraw(share, "core", A)
    assert blobs.own_sizes(share, "core") == {B: 0}


def test_the_owner_makes_way(share: MemoryShare) -> None:
    """LAYOUT-7: a file where the folder belongs, a folder where a file belongs."""
    share.place("peers/core/blobs", b"in the way")
    assert blobs.sizes(share, "core", {A}) == {}
    assert blobs.own_sizes(share, "core") == {}
    assert share.names("peers/core/blobs", 9) == []
    share.make_folder(f"peers/core/blobs/{A}/deep")
    assert blobs.own_sizes(share, "core") == {A: None}
    blobs.offer(share, "core", A, lambda: [b"mine"])
    assert blobs.own_sizes(share, "core") == {A: 4}


def test_other_names_are_cleared_away(share: MemoryShare) -> None:
    """ATT-8: nobody reads them, and nothing else would remove them."""
    share.make_folder("peers/core/blobs")
    for name in ("README", "A" * 64, "a" * 63, f"{A}.part"):
        share.place(f"peers/core/blobs/{name}", b"junk")
    blobs.offer(share, "core", A, lambda: [b"mine"])
    assert blobs.own_sizes(share, "core") == {A: 4}
    assert share.names("peers/core/blobs", 9) == [A]


@pytest.mark.parametrize("name", ["a" * 63, "a" * 65, "A" * 64, "g" * 64, f"{A}\n", ""])
def test_names_are_exactly_of_the_form(name: str) -> None:
    """LAYOUT-2."""
    assert not layout.is_blob_file(name)
    assert layout.is_blob_file(A)


def test_what_is_gone_is_no_error_when_it_goes(share: MemoryShare) -> None:
    with pytest.raises(MissingError):
        share.read_part(blobs.path("core", A), 0, 1)
    blobs.withdraw(share, "core", A)
