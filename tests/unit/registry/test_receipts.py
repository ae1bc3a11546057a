"""Receipts on the share: one file for each author, made and replaced by its reader."""

from __future__ import annotations

import pytest

from protocol import limits
from protocol.errors import ShareUnavailableError
from registry import receipts
from registry.faulty import Fault, FaultyShare
from registry.memory import MemoryShare

PATH = "peers/scout/receipts/lab.eu/core.json"


def test_a_receipt_is_placed_and_replaced(share: MemoryShare) -> None:
    """LAYOUT-1: its folder is made when it is first needed."""
    assert receipts.fetch(share, "scout", "lab.eu", "core") is None
    for data in (b"old", b"new"):
        receipts.place(share, "scout", "lab.eu", "core", data)
        assert receipts.fetch(share, "scout", "lab.eu", "core") == data
    assert share.read(PATH, 9) == b"new"
    assert receipts.fetch(share, "scout", "lab.us", "core") is None
    assert receipts.fetch(share, "core", "lab.eu", "scout") is None


def test_what_is_no_receipt_is_none(share: MemoryShare) -> None:
    """ENV-1: a folder, or a file that is too large, tells nothing and stops nobody."""
    receipts.place(share, "scout", "lab.eu", "core", b"x" * limits.document_bytes_max)
    assert receipts.fetch(share, "scout", "lab.eu", "core") is not None
    receipts.place(share, "scout", "lab.eu", "core", b"x" * (limits.document_bytes_max + 1))
    assert receipts.fetch(share, "scout", "lab.eu", "core") is None
    share.remove(PATH)
    share.make_folder(PATH)
    assert receipts.fetch(share, "scout", "lab.eu", "core") is None
    receipts.place(share, "scout", "lab.eu", "core", b"mine")  # its owner makes way
    assert receipts.fetch(share, "scout", "lab.eu", "core") == b"mine"


def test_a_share_that_fails_is_no_missing_receipt(share: MemoryShare) -> None:
    """SHARE-18: otherwise a broken drive would look like a reader who knows nothing."""
    broken = FaultyShare(share, [Fault(name="unavailable", op="read", times=-1)])
    with pytest.raises(ShareUnavailableError):
        receipts.fetch(broken, "scout", "lab.eu", "core")


def test_only_the_own_folder_is_written(share: MemoryShare) -> None:
    """LAYOUT-4: a receipt lies with its reader, never with the author."""
    watched = FaultyShare(share)
    receipts.place(watched, "scout", "lab.eu", "core", b"x")
    written = [call.path for call in watched.calls if call.op in ("place", "make_folder")]
    assert all(path.startswith("peers/scout/receipts/") for path in written)
