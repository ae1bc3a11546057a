"""A share with the folders of two peers."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import charter, layout, yard
from registry.folder import FolderShare
from registry.memory import MemoryShare
from registry.share import Share


def furnish(share: Share) -> None:
    """A marker, the common folders, and those of core and scout."""
    charter.make_folders(share)
    share.place(layout.MARKER, b"{}")
    for name in ("core", "scout"):
        yard.make_folders(share, name)


@pytest.fixture
def share() -> MemoryShare:
    """In memory."""
    share = MemoryShare()
    furnish(share)
    return share


@pytest.fixture
def folder(tmp_path: Path) -> FolderShare:
    """A real folder; `tmp_path` is its root."""
    numbers = iter(range(10**6))
    share = FolderShare(str(tmp_path), "core", lambda: str(next(numbers)))
    furnish(share)
    return share
