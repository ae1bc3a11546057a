"""Terms, taking back, erasing, conversations and searching, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.typist import Typist, settled


@pytest.fixture
def peer(tmp_path: Path) -> Typist:
    return settled(tmp_path)


def test_a_letter_says_until_when_it_is_of_use(peer: Typist) -> None:
    """AGE-9: shown as what its author says."""
    peer("send", "--as", "core", "scout", "soon over", "--expires", "90m")
    peer("send", "--as", "core", "scout", "as usual")
    peer.round()
    rows = peer("inbox", "--as", "scout", "--json").json
    assert [row["expires"] is None for row in rows] == [False, True]
    assert "said to expire 20" in peer("inbox", "--as", "scout").out
    for wrong in ("soon", "0m", "-1d", "366d", "1.5h", "1000000m", ""):
        peer("send", "--as", "core", "scout", "x", "--expires", wrong, code=2)


def test_the_settings_say_for_how_long_letters_are_offered(peer: Typist) -> None:
    """AGE-8: where `--expires` says nothing."""
    (peer.folder("core") / "settings.toml").write_text("[letters]\nexpires_days = 3\n")
    peer("send", "--as", "core", "scout", "for three days")
    (row,) = peer("outbox", "--as", "core", "--json").json
    assert row["expires"] > row["at"]


def test_what_cannot_be_taken_back_says_what_is_still_possible(peer: Typist) -> None:
    sent = peer("send", "--as", "core", "scout", "hello", "--json").json["ids"][0]
    said = peer("outbox", "cancel", sent, "--as", "core", code=1).err
    assert "on its way" in said
    assert "--expires" in said
    assert "--reply-to" in said
    peer.round(2)
    assert "was received" in peer("outbox", "cancel", sent, "--as", "core", code=1).err
    peer("outbox", "cancel", sent, "--as", "scout", code=2)
    published = peer("share", "--as", "core", "news", "--json").json["ids"][0]
    assert "peer erase" in peer("outbox", "cancel", published, "--as", "core", code=1).err
