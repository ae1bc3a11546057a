"""The quick look at a file whose bytes are known: it says "unchanged" or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry.spot import Spot, holds_still


@pytest.fixture
def spot(tmp_path: Path) -> Spot:
    (tmp_path / "beat").write_bytes(b"known")
    return Spot(None, f"{tmp_path}/")


@pytest.mark.parametrize(
    ("known", "still"), [(b"known", True), (b"know", False), (b"knows", False), (b"known!", False)]
)
def test_only_the_very_same_bytes_are_no_news(spot: Spot, known: bytes, still: bool) -> None:
    """SHARE-8: neither a beginning nor a continuation of them."""
    assert holds_still(spot, "beat", known) is still


def test_what_is_missing_or_no_file_is_left_to_the_careful_way(spot: Spot, tmp_path: Path) -> None:
    """SHARE-8: so that its error is the one that reading gives."""
    (tmp_path / "folder").mkdir()
    assert not holds_still(spot, "nothing", b"")
    assert not holds_still(spot, "folder", b"")


def test_a_drive_that_fails_in_the_middle_is_left_to_the_careful_way(
    spot: Spot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SHARE-8, SHARE-18: and the handle is closed."""
    closed: list[int] = []
    close = os.close

    def failing(descriptor: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")

    def counted(descriptor: int) -> None:
        closed.append(descriptor)
        close(descriptor)

    monkeypatch.setattr(os, "read", failing)
    monkeypatch.setattr(os, "close", counted)
    assert not holds_still(spot, "beat", b"known")
    assert len(closed) == 1
