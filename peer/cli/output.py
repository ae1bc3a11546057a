r"""What commands print: one JSON document, or a few lines for a person.

Rules: text that others wrote can never act on a terminal: control characters and those that turn
the reading direction are shown as codes, in JSON as `\u` escapes. Colour only on a terminal, and
never with NO_COLOR (`peer.cli.faults` tells click). With `--json` nothing but the document goes to
stdout.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from peer.cli.where import Where
    from peer.send import Sent

# C0 without tab and newline, DEL, C1, marks and overrides of direction, line separators.
_RANGES = ((0, 9), (11, 32), (127, 160), (0x200E, 0x2010), (0x2028, 0x202F), (0x2066, 0x206A))
_HARMLESS: dict[int, str] = {}
_ESCAPED: dict[int, str] = {}
ID_CHARS = 8
_UNKNOWN = "(not understood by this version)"


def harmless(text: str) -> str:
    """`text` with everything that could act on a terminal shown as a code."""
    if not _HARMLESS:
        _HARMLESS.update({n: f"<{n:02x}>" for low, high in _RANGES for n in range(low, high)})
        _HARMLESS.update({0xFEFF: "<feff>"})
    return text.translate(_HARMLESS)


def line(text: str) -> str:
    """The same on one line."""
    return harmless(" ".join(text.split()))


def answer(where: Where, value: Any, lines: Callable[[], Iterable[str]]) -> None:
    """The document `value` with `--json`, else the lines."""
    if where.json:
        document(value)
        return
    for text in lines():
        click.echo(text)


def document(value: Any) -> None:
    """One JSON document on stdout, at once."""
    import orjson

    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # a path that is not UTF-8
        import json

        text = json.dumps(value)
    if not text.isascii() or "\x7f" in text:
        if not _ESCAPED:
            _ESCAPED.update({n: f"\\u{n:04x}" for a, b in _RANGES[2:] for n in range(a, b)})
        text = text.translate(_ESCAPED)
    click.echo(text)


def aside(text: str) -> None:
    """A line for a person that is no result: it goes to stderr."""
    click.echo(text, err=True)


def seen() -> None:
    """Everything printed so far has left this process; an OSError says that nobody saw it."""
    stdout: TextIO | None = sys.stdout  # None where it was closed before we began
    if stdout is not None:
        stdout.flush()


def sent(where: Where, what: Sent) -> None:
    """What was written: the ids alone on stdout, and in words what became of them on stderr."""
    value = {"ids": list(what.ids), "to": list(what.to), "state": what.state}
    answer(where, value, lambda: what.ids)
    if where.json:
        return
    to = ", ".join(what.to)
    if what.state == "staged":
        aside(f"staged for {line(to)}; every tick tries to deliver it")
    elif what.to == ("all",):
        aside("published; the others see it at their next tick")
    else:
        aside(f"delivered to {line(to)}; `peer trace {what.ids[0][:ID_CHARS]}` follows it")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned columns under a header; every cell is one harmless line."""
    cells = [[line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]

    def joined(row: Sequence[str]) -> str:
        return "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()

    return [dim(joined(header)), *(joined(row) for row in cells)]


def letter_lines(row: dict[str, Any], lines_max: int | None = None) -> list[str]:
    """A letter: what is known about it, then its text behind a margin that it cannot leave.

    Who wrote it, what it is and how far that is vouched for always stand beside the text.
    """
    marks = "".join(f", {mark}" for mark in _marks(row))
    head = f"{bold(row['id'][:ID_CHARS])}  {line(row['from'])} → {line(row['to'])}  {row['kind']}  "
    head += dim(f"{row['at'][:16].replace('T', ' ')}  ({row['trust']}{marks})")
    text = (
        row["text"].replace("\r\n", "\n").split("\n")
        if row["understood"]
        else ["(sealed, and no key of this home opens it)" if row["sealed"] else _UNKNOWN]
    )
    shown = text if lines_max is None else text[:lines_max]
    more = len(text) - len(shown)
    tail = [dim(f"    … {more} more lines: peer read {row['id'][:ID_CHARS]}")] if more else []
    files = [
        f"  + {line(one['name']) or 'attachment'}  {bytes_(one['size'])}"
        for one in row.get("attachments", ())
    ]
    if files:
        files.append(dim(f"    peer save {row['id'][:ID_CHARS]}"))
    return [head, *(f"  | {harmless(part)}" for part in shown), *tail, *files]


def _marks(row: dict[str, Any]) -> list[str]:
    marks = ["automatic"] if row["auto"] else []
    if row["sealed"]:
        marks.append("sealed")
    if row.get("topics"):
        marks.append("about " + " ".join(row["topics"]))
    if row.get("confidence") is not None:
        marks.append(f"confidence {row['confidence']:g}")
    if row.get("severity"):
        marks.append(row["severity"])
    if row.get("re"):
        marks.append(f"re {row['re'][:ID_CHARS]}")
    return marks


def age(seconds: float | None) -> str:
    """How long ago, as a person says it."""
    if seconds is None:
        return "never"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size * 2:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(int(seconds), 0)} s ago"


def bytes_(size: int) -> str:
    """A size, as a person says it."""
    for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} B"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 letter`, `2 letters`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def bold(text: str) -> str:
    """What a line is about."""
    return click.style(text, bold=True)


def dim(text: str) -> str:
    """What can be passed over."""
    return click.style(text, dim=True)


def good(text: str) -> str:
    """All is well."""
    return click.style(text, fg="green")


def bad(text: str) -> str:
    """Look here."""
    return click.style(text, fg="red")


def examples(*lines: str, title: str = "Examples:") -> str:
    """The end of a help text: lines to copy."""
    return "\n".join(["\b", title, *(f"  {text}" for text in lines)])
