"""The quarantine of a home stays within its bounds, and forgets bytes before reasons."""

from __future__ import annotations

import pytest

from peer.home import create_home, quarantine
from protocol.errors import RuleError


def test_the_oldest_bytes_go_first_and_their_reasons_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "kept_bytes_max", 250)
    monkeypatch.setattr(quarantine, "entries_max", 4)
    home = create_home(":memory:", bytes)
    with home.transaction():
        for number in range(6):
            error = RuleError("PAGE-4", f"reason {number}")
            home.quarantine.add(f"file {number}", bytes([number]) * 100, error, number)
        home.quarantine.trim(1)
    kept = home.quarantine.all()
    assert [(one.reason, len(one.data), one.size) for one in kept] == [
        ("reason 2", 0, 100),
        ("reason 3", 0, 100),
        ("reason 4", 100, 100),
        ("reason 5", 100, 100),
    ]


def test_what_was_unreadable_once_and_is_gone_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quarantine, "unripe_ticks", 1)
    home = create_home(":memory:", bytes)
    with home.transaction():
        assert not home.quarantine.ripe("file", b"half", 1)
        home.quarantine.trim(3)
        assert not home.quarantine.ripe("file", b"half", 4), "seen anew"
        assert home.quarantine.ripe("file", b"half", 5)
