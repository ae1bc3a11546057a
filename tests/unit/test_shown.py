"""Text of others on a terminal: nothing acts or hides there, and every row fits."""

from __future__ import annotations

import json
import unicodedata

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.cli.shown import columns_min, escaped, fold, harmless, padded, width

NASTY = (
    "\x1b[2J\x1b]0;title\x07", "a\rb", "a\x08b", "a\tb", "\x9b31m", "\u202egnp.exe",
    "a\u0600b", "a\U00013430b",
    "\u2066x\u2069",
    "zero\u200bwidth", "\ufeffbom", "soft\xadhyphen", "\u2028line", "\U000e0041tag", "\u115ffill",
    "\u3164", "\ud800", "a\u200db", "e" + "\u0301" * 50, "\x00", "\x7f", "\u061c", "\ufffb",
    "\u2800",
)  # fmt: skip
texts = st.text(
    st.characters() | st.sampled_from([c for text in NASTY for c in text if c != "\ud800"])
)


@pytest.mark.parametrize("text", NASTY)
def test_what_acts_or_hides_is_shown_as_a_code(text: str) -> None:
    shown = harmless(text)
    assert "<" in shown or text == "a\tb"
    check(shown)


@given(texts)
def test_nothing_that_reaches_a_terminal_acts_there(text: str) -> None:
    check(harmless(text))


def check(shown: str) -> None:
    shown.encode()  # no surrogates
    for before, char in zip(" " + shown, shown, strict=False):
        assert char == "\n" or ord(char) >= 0x20, repr(char)
        assert not 0x7F <= ord(char) < 0xA0
        assert unicodedata.bidirectional(char) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip
        if char == "\u200d":
            assert ord(before) > 0x2000, "only between emoji"
        assert char not in "\u200b\u200c\u200e\u200f\u2028\u2029\u2060\ufeff\u3164\u115f"
        assert not 0xE0000 <= ord(char) < 0xE1000


def test_writing_of_people_stays_as_it_is() -> None:
    for text in (
        "plain",
        "Grüße",
        "日本語です",
        "ภาษาไทย",
        "עברית",
        "العربية",
        "👩‍👩‍👧 ❤️ 🇩🇪",
        "é",
        "a\nb",
    ):
        assert harmless(text) == text


def test_tabs_become_spaces() -> None:
    assert harmless("a\tb") == "a       b"


@given(texts)
def test_json_says_exactly_the_text(text: str) -> None:
    try:
        document = orjson.dumps({"text": text}).decode()
    except TypeError:
        return
    told = escaped(document)
    assert json.loads(told) == {"text": text}
    check(told)


def test_widths() -> None:
    assert [width(t) for t in ("abc", "日本", "é", "e\u0301", "🙂", "ｱ", "")] == [
        3,
        4,
        1,
        1,
        2,
        1,
        0,
    ]
    assert padded("日本", 6) == "日本  "


@given(texts, st.integers(1, 120))
def test_every_row_fits_and_nothing_is_lost(text: str, columns: int) -> None:
    shown = harmless(text.replace("\n", " "))
    rows = fold(shown, columns)
    assert rows
    assert all(width(row) <= max(columns, columns_min) for row in rows)
    assert "".join(rows).replace(" ", "") == shown.replace(" ", "")


def test_rows_are_broken_at_spaces_where_there_are_some() -> None:
    assert fold("the quick brown fox jumps over it", 20) == ["the quick brown fox", "jumps over it"]
    assert fold("x" * 45, 20) == ["x" * 20, "x" * 20, "x" * 5]
    assert fold("日本語" * 7, 20) == ["日本語日本語日本語日", "本語日本語日本語日本", "語"]
    assert fold("a " + "x" * 25 + " b", 20) == ["a", "x" * 20, "xxxxx b"]
    assert fold("short", None) == ["short"]
    assert fold("e\u0301" * 21, 20) == ["e\u0301" * 20, "e\u0301"]
    assert fold(" " * 50, 20) == [""]
