"""A short look at the share, which is not waited for longer than a person would."""

from __future__ import annotations

import threading

import pytest

from peer import glance as module
from peer.glance import glance
from protocol.errors import MissingError, ShareUnavailableError


def test_what_is_seen_comes_back() -> None:
    assert glance(lambda: [1, 2]) == [1, 2]
    assert glance(lambda: None) is None


def test_a_fault_of_the_share_is_raised() -> None:
    def missing() -> None:
        raise MissingError("no such file")

    with pytest.raises(MissingError, match="no such file"):
        glance(missing)


def test_a_share_that_stands_still_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "glance_seconds", 0.1)
    done = threading.Event()
    with pytest.raises(ShareUnavailableError, match="does not answer"):
        glance(done.wait)
    done.set()
