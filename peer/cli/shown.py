r"""Text of others on a terminal: harmless, as wide as it is there, folded to the screen.

Rules: what could act on a terminal, or hides in a text, is shown as a code such as `<1b>`: control
characters and escapes, marks and overrides of direction, characters without a glyph, surrogates,
heaps of combining marks. Joiners stay where they join emoji, and tabs become spaces. Widths are
those of Unicode's East Asian Width; where terminals differ, the larger one counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

columns_min = 20
marks_max = 8  # combining marks on one character; real writing has four
# Written as codes, because in this file they could not be seen either.
_HIDDEN = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0e\ufeff"
    r"\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_EMOJI = r"\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_find = re.compile(f"[{_HIDDEN}]|\u200d(?![{_EMOJI}])|(?<![{_EMOJI}])\u200d")
_pieces = re.compile(r" +|[^ ]+")
_command = re.compile("`[^`]*`")
_sayings = re.compile("(?:`[^`]*`|[^ ])+")  # words, and commands in whole


def harmless(text: str) -> str:
    """`text` with everything that could act on a terminal, or hide there, shown as a code."""
    if text.isascii() and text.isprintable():
        return text
    text = _find.sub(_code, text.expandtabs(8))
    return text if text.isascii() else _thin_out(text)


def escaped(json: str) -> str:
    r"""A JSON document with the same characters written as `\u` escapes: it says the same."""
    if json.isascii() and "\x7f" not in json:
        return json
    return _find.sub(_escape, json)


def width(text: str) -> int:
    """How many columns a harmless text takes."""
    return len(text) if text.isascii() else sum(map(_widths(), text))


def padded(text: str, columns: int) -> str:
    """A text followed by as many spaces as make it that wide."""
    return text + " " * (columns - width(text))


def fold(line: str, columns: int | None) -> list[str]:
    """One harmless line as rows of at most so many columns, broken at spaces if it has some."""
    if columns is None or width(line) <= (columns := max(columns, columns_min)):
        return [line]
    rows, row = list[str](), ""
    for piece in _pieces.findall(line):
        if width(row) + width(piece) <= columns:
            row += piece
            continue
        if row.strip():
            rows.append(row.rstrip(" "))
            row = ""
        if piece.isspace():
            continue  # the end of a row stands for them
        *full, row = _cut(row + piece, columns)
        rows += full
    return [*rows, row.rstrip(" ")] if row.strip() or not rows else rows


def fold_advice(text: str, columns: int | None) -> list[str]:
    """One harmless line of our own as rows; no word and no `command` in it is ever broken.

    A row that holds a long one is longer than `columns`: what is meant to be copied stays whole.
    """
    rows = [""]
    for piece in _sayings.findall(text):
        longer = f"{rows[-1]} {piece}" if rows[-1] else piece
        if columns is None or not rows[-1] or width(longer) <= columns:
            rows[-1] = longer
        else:
            rows.append(piece)
    return rows


def shortened(text: str, columns: int | None) -> str:
    """The beginning of a harmless line with "…"; a `command` in it stays whole, as above."""
    if columns is None or len(text) <= columns:
        return text
    end = columns - 1
    inside = (found.end() for found in _command.finditer(text) if found.start() < end < found.end())
    end = next(inside, end)
    return text if end >= len(text) else f"{text[:end]}…"


def _cut(word: str, columns: int) -> list[str]:
    """A word that is too long, as rows; no mark is parted from its character."""
    rows, begin, used = list[str](), 0, 0
    for place, size in enumerate(map(_widths(), word)):
        if used + size > columns:
            rows.append(word[begin:place])
            begin, used = place, 0
        used += size
    return [*rows, word[begin:]]


def _code(found: re.Match[str]) -> str:
    return f"<{ord(found[0]):02x}>"


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _thin_out(text: str) -> str:
    """Heaps of combining marks would be drawn over the lines around them."""
    from unicodedata import combining

    if not any(map(combining, text)):
        return text
    heaps = accumulate(text, lambda heap, char: heap + 1 if combining(char) else 0, initial=0)
    return "".join(
        f"<{ord(char):02x}>" if heap > marks_max else char
        for char, heap in zip(text, list(heaps)[1:], strict=True)
    )


def _widths() -> Callable[[str], int]:
    """The columns of one character; importing tables of Unicode only where they are needed."""
    from unicodedata import category, east_asian_width

    def columns(char: str) -> int:
        if char == "\ufe0f":
            return 1  # makes a narrow sign an emoji, which is wide
        if char == "\u200d" or category(char) in ("Mn", "Me"):
            return 0
        return 2 if east_asian_width(char) in "WF" else 1

    return columns
