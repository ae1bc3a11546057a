"""The quick look at a file whose digest is known: the whole bytes, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry.spot import Spot, glimpse


@pytest.fixture
def spot(tmp_path: Path) -> Spot:
    (tmp_path / "beat").write_bytes(b"known")
    return Spot(None, f"{tmp_path}/")


def test_a_file_is_seen_whole_or_not_at_all(spot: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHARE-7, SHARE-8: neither a beginning nor more than was asked for."""
    assert glimpse(spot, "beat", 5) == b"known"
    assert glimpse(spot, "beat", 4) is None
    monkeypatch.setattr(os, "read", lambda descriptor, size: b"know")
    assert glimpse(spot, "beat", 5) is None


def test_what_is_missing_or_no_file_is_left_to_the_careful_way(spot: Spot, tmp_path: Path) -> None:
    """SHARE-8: so that its error is the one that reading gives."""
    (tmp_path / "folder").mkdir()
    assert glimpse(spot, "nothing", 9) is None
    assert glimpse(spot, "folder", 1 << 20) is None


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
    assert glimpse(spot, "beat", 9) is None
    assert len(closed) == 1
