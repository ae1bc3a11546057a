"""Terms, taking back, erasing, conversations and searching, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from peer.cli.shown import width
from tests.integration.typist import Typist, on_terminal, settled


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


def test_a_number_out_of_range_is_told_its_range(peer: Typist) -> None:
    for words, said in (
        (["send", "scout", "x", "--priority", "9"], "peer: --priority goes from 0 to 4;"),
        (["send", "scout", "x", "--priority", "high"], "peer: --priority goes from 0 to 4;"),
        (["feed", "--limit", "0"], "peer: --limit goes from 1 to 10000;"),
        (["top", "--every", "0"], "peer: --every goes from 0.2 to 3600;"),
        (["quarantine", "show", "0"], "peer: n goes from 1 on;"),
    ):
        assert peer(*words, "--as", "core", code=2).err.startswith(said)


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


def test_what_was_published_is_erased(peer: Typist) -> None:
    """ERASE-1, ERASE-3: exit 3 for an unknown id, 2 for a letter and for what is not mine."""
    (id,) = peer("share", "--as", "core", "a slip", "--topic", "metal", "--json").json["ids"]
    (letter,) = peer("send", "--as", "core", "scout", "hello", "--json").json["ids"]
    peer.round(2)
    peer("erase", "--as", "core", "zzzzzz", code=3)
    assert "outbox cancel" in peer("erase", "--as", "core", letter, code=2).err
    peer("erase", "--as", "scout", id, code=2)
    done = peer("erase", "--as", "core", id[:8], "--json").json
    assert (done["id"], done["state"], done["share"]) == (id, "erased", "delivered")
    assert "was erased before" in peer("erase", "--as", "core", id).out
    assert not [f for f in peer.share.rglob("*.page") if b"a slip" in f.read_bytes()]
    peer.round()
    rows = {row["id"]: row for row in peer("feed", "--as", "scout", "--json").json}
    assert (rows[id]["text"], rows[id]["erased"]) == ("", True)
    assert rows[done["by"]]["erases"] == [id]
    said = peer("feed", "--as", "scout").out
    assert "(erased by its author)" in said
    assert "took back" not in said, "one of the two is enough"
    newest = peer("feed", "--as", "scout", "--limit", "1").out
    assert f"took back {id[:8]}" in newest, "where the other does not stand beside it"
    (other,) = peer("share", "--as", "core", "another", "--json").json["ids"]
    assert "erased here and on the share" in peer("erase", "--as", "core", other).out
    (third,) = peer("share", "--as", "core", "a third", "--json").json["ids"]
    peer.share.rename(peer.base / "away")
    assert "out of reach" in peer("erase", "--as", "core", third).out


def test_mail_is_found_by_its_words(peer: Typist) -> None:
    peer("send", "--as", "core", "scout", "copper conducts\nheat")
    peer("send", "--as", "scout", "core", "so does tin")
    peer.round(2)
    (row,) = peer("search", "copper", "heat", "--as", "scout", "--json").json
    assert (row["from"], row["snippet"]) == ("core", "copper conducts heat")
    assert row["text"] == "copper conducts\nheat"
    (sent,) = peer(
        "search", "tin", "--from", "scout", "--since", "1d", "--as", "scout", "--json"
    ).json
    assert sent["to"] == "core"
    assert "copper conducts heat" in peer("search", "copp", "--as", "core").out
    assert "nothing here" in peer("search", "zinc", "--as", "core").out
    for odd in ('"', "🙂", "", "x " * 40):
        peer("search", odd, "--as", "core", code=2)
    for odd in ('a" OR "b', "NEAR(", "text:copper", "é*"):
        peer("search", odd, "--as", "core")
    peer("search", "--as", "core", code=2)
    (row,) = peer("inbox", "--as", "scout", "--json").json
    assert row["read"] is False


def test_a_search_that_finds_nothing_tells_of_sealed_letters(peer: Typist) -> None:
    assert "sealed" not in peer("search", "copper", "--as", "core").out
    peer("send", "--as", "core", "scout", "copper conducts", "--seal")
    peer.round(2)
    for name in ("core", "scout"):
        assert "1 sealed letter is not searched" in peer("search", "copper", "--as", name).out
    peer("send", "--as", "core", "scout", "tin, too", "--seal")
    assert "2 sealed letters are not searched" in peer("search", "copper", "--as", "core").out
    said = peer("search", "copper", "--from", "librarian", "--as", "core").out
    assert "sealed" not in said
    assert peer("search", "copper", "--as", "core", "--json").json == []
    assert "Sealed letters are not searched" in " ".join(peer("search", "--help").out.split())


def test_urgent_letters_stand_first_in_the_inbox(peer: Typist) -> None:
    peer("send", "--as", "core", "scout", "whenever", "--priority", "4")
    peer("send", "--as", "core", "scout", "at once", "--priority", "0")
    peer.round()
    said = peer("inbox", "--as", "scout").out
    assert said.index("at once") < said.index("whenever")
    assert said.count("urgent") == 1
    rows = peer("inbox", "--as", "scout", "--json").json
    assert [row["priority"] for row in rows] == [4, 0]


def test_a_terminal_shows_folded_and_harmless_text(peer: Typist) -> None:
    """Wide characters count twice; a pipe gets each line whole."""
    nasty = "\x1b[31mred\x1b[0m \u202egnp.exe \u200b \x07" + " 電池" * 40
    (peer.base / "text").write_text(nasty)
    (id,) = peer("send", "--as", "core", "scout", "--file", "text", "--json").json["ids"]
    peer("send", "--as", "scout", "core", "x" * 300)
    peer.round(2)
    for words in (["read", id], ["inbox", "--all"], ["thread", id], ["search", "電池"]):
        said = on_terminal(peer, [*words, "--as", "scout"], columns=60)
        assert "\x1b[31m" not in said
        for char in ("\u202e", "\u200b", "\x07", "\t"):
            assert char not in said
        rows = [row for row in said.splitlines() if row.lstrip().startswith("|")]
        assert len(rows) > 1
        assert max(map(width, rows)) <= 60
    piped = peer("read", id, "--as", "scout").out
    assert sum("電池" in row for row in piped.splitlines()) == 1
    assert "<1b>[31mred" in piped
    (row,) = [r for r in peer("inbox", "--all", "--as", "scout", "--json").json if r["id"] == id]
    assert row["text"] == nasty


def test_a_conversation_is_shown_with_its_depth(peer: Typist) -> None:
    (first,) = peer("send", "--as", "core", "scout", "first", "--json").json["ids"]
    peer.round(2)
    peer("reply", first, "second", "--as", "scout")
    peer.round(2)
    rows = peer("thread", first, "--as", "core", "--json").json
    assert [(row["text"], row["level"], row["orphan"]) for row in rows] == [
        ("first", 0, False), ("second", 1, False),
    ]  # fmt: skip
    assert "\n    | second" in peer("thread", first, "--as", "core").out
    orphan = peer("send", "--as", "core", "scout", "lost", "--reply-to", first, "--json").json
    peer("thread", orphan["ids"][0][:6], "--as", "core")
    peer("thread", "zzzzzz", "--as", "core", code=3)
