r"""What commands print: one JSON document, or a few lines for a person.

Rules: text that others wrote can never act on a terminal (`peer.cli.shown`). Colour only on a
terminal, and never with NO_COLOR (`peer.cli.faults` tells click). With `--json` nothing but the
document goes to stdout.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from protocol.errors import HumanNeededError

if TYPE_CHECKING:
    from peer.cli.where import Where
    from peer.send import Sent

ID_CHARS = 8
MARGIN = "  | "
_USUAL_PRIORITY = 2
_UNKNOWN = "(not understood by this version)"


def harmless(text: str) -> str:
    """See `peer.cli.shown.harmless`, which is imported when there is something to show."""
    from peer.cli import shown

    return shown.harmless(text)


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
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """A JSON document in which nothing acts on a terminal."""
    import orjson

    from peer.cli.shown import escaped

    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # a path that is not UTF-8
        import json

        text = json.dumps(value)
    return escaped(text)


def aside(text: str) -> None:
    """A line for a person that is no result: it goes to stderr."""
    click.echo(text, err=True)


def seen() -> None:
    """Everything printed so far has left this process; an OSError says that nobody saw it."""
    stdout: TextIO | None = sys.stdout  # None where it was closed before we began
    if stdout is not None:
        stdout.flush()


def sent(where: Where, what: Sent, **more: Any) -> None:
    """What was written: the ids alone on stdout, and in words what became of them on stderr.

    `more` are further members of the document.
    """
    value = {"ids": list(what.ids), "to": list(what.to), "state": what.state, **more}
    answer(where, value, lambda: what.ids)
    if what.state == "asked":
        seen()
        raise HumanNeededError(_waits(what))
    if where.json:
        return
    to = ", ".join(what.to)
    if what.state == "staged":
        aside(f"staged for {line(to)}; every tick tries to deliver it")
    elif what.to == ("all",):
        aside("published; the others see it at their next tick")
    else:
        aside(f"delivered to {line(to)}; `peer trace {what.ids[0][:ID_CHARS]}` follows it")


def _waits(what: Sent) -> str:
    short = [id_[:ID_CHARS] for id_ in what.waiting]
    if len(short) == 1:
        return f"waits for approval {short[0]}; a steward runs `peer approve {short[0]}`"
    return f"{len(short)} wait for approval ({', '.join(short)}); see `peer approvals`"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned columns under a header; every cell is one harmless line."""
    from peer.cli.shown import padded, width

    cells = [[line(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(header, *cells, strict=True)]

    def joined(row: Sequence[str]) -> str:
        return "  ".join(
            padded(cell, columns) for cell, columns in zip(row, widths, strict=True)
        ).rstrip()

    return [dim(joined(header)), *(joined(row) for row in cells)]


def letter_lines(row: dict[str, Any], lines_max: int | None = None, indent: str = "") -> list[str]:
    """A letter: what is known about it, then its text behind a margin that it cannot leave.

    On a terminal long lines are folded at its width.

    Who wrote it, what it is and how far that is vouched for always stand beside the text.
    """
    from peer.cli.shown import fold

    marks = "".join(f", {mark}" for mark in _marks(row))
    author = line(row["from"]) + (" (steward)" if row["steward"] else "")
    head = f"{bold(row['id'][:ID_CHARS])}  {author} → {line(row['to'])}  {row['kind']}  "
    head += dim(f"{row['at'][:16].replace('T', ' ')}  ({row['trust']}{marks})")
    text = row["text"].replace("\r\n", "\n").split("\n")
    if row["erased"]:
        text = ["(erased by its author)"]
    elif not row["understood"]:
        text = ["(sealed, and no key of this home opens it)" if row["sealed"] else _UNKNOWN]
    elif row.get("erases"):
        text = ["took back " + " ".join(one[:ID_CHARS] for one in row["erases"])]
    columns = screen()
    inside = None if columns is None else columns - len(indent) - len(MARGIN)
    text = [one for part in text for one in fold(harmless(part), inside)]
    kept = text if lines_max is None else text[:lines_max]
    more = len(text) - len(kept)
    tail = [dim(f"    … {more} more lines: peer read {row['id'][:ID_CHARS]}")] if more else []
    mend = [dim(f"    {line(row['from'])} suggests: {line(row['mend'])}")] if "mend" in row else []
    said = [head, *(f"{MARGIN}{part}" for part in kept), *tail, *mend, *_files(row)]
    return [indent + one for one in said]


def claim_lines(row: dict[str, Any], lines_max: int | None = None) -> list[str]:
    """A claim: how certain it is, who says so, its text behind the margin, who contradicts."""
    from peer.cli.shown import fold

    marks = [] if row["state"] == "current" else [row["state"]]
    marks += ["contested"] if row["contested"] else []
    marks += ["a letter to you"] if row["private"] else []
    if row["topics"]:
        marks.append("about " + " ".join(row["topics"]))
    if row["valid_until"]:
        marks.append(f"until {row['valid_until'][:16].replace('T', ' ')}")
    said = f"{bold(row['id'][:ID_CHARS])}  {row['certainty']:.2f}  {line(row['from'])}  "
    said += dim(f"{row['kind']}  {row['at'][:16].replace('T', ' ')}  ({', '.join(marks)})")
    columns = screen()
    inside = None if columns is None else columns - len(MARGIN)
    text = [part for one in row["text"].split("\n") for part in fold(harmless(one), inside)]
    kept = text if lines_max is None else text[:lines_max]
    more = [dim(f"    … peer read {row['id'][:ID_CHARS]}")] if len(kept) < len(text) else []
    lines = [said, *(MARGIN + one for one in kept), *more]
    if row["supported_by"]:
        lines.append(f"    vouched for by {line(', '.join(row['supported_by']))}")
    for one in row["disputed_by"]:
        because = f": {line(one['because'])}" if one["because"] else ""
        lines.append(f"    disputed by {line(one['from'])}{because}")
    if row["inconsistent"]:
        lines.append(dim(f"    {line(', '.join(row['inconsistent']))} said both, which counts not"))
    return lines


def _files(row: dict[str, Any]) -> list[str]:
    found = [
        f"  + {line(one['name']) or 'attachment'}  {bytes_(one['size'])}"
        for one in row.get("attachments", ())
    ]
    return [*found, dim(f"    peer save {row['id'][:ID_CHARS]}")] if found else []


def screen() -> int | None:
    """The columns of the terminal that stdout is; None where it is something else."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def is_urgent(row: dict[str, Any]) -> bool:
    """Whether its author says that a letter is more urgent than others."""
    return bool(row["priority"] < _USUAL_PRIORITY)


def _marks(row: dict[str, Any]) -> list[str]:
    marks = ["urgent"] if is_urgent(row) else []
    if row["auto"]:
        marks.append("automatic")
    if row.get("asker"):  # nobody but the author vouches for that
        marks.append(f"for {line(row['asker'])}, as {line(row['from'])} says")
    if row["sealed"]:
        marks.append("sealed")
    if row.get("topics"):
        marks.append("about " + " ".join(row["topics"]))
    if row.get("confidence") is not None:
        marks.append(f"confidence {row['confidence']:g}")
    if row.get("serves"):
        marks.append("serves " + " ".join(row["serves"]))
    if row.get("flag"):
        marks.append("serves no goal" if row["flag"] == "no-goal" else "names an unknown goal")
    if row.get("over") is not None:
        marks.append(
            "over" if row["over"] else f"told {row['times']} ×" if row["times"] > 1 else "open"
        )
    if row.get("severity"):
        marks.append(row["severity"])
    if row.get("expires"):
        marks.append(f"said to expire {row['expires'][:16].replace('T', ' ')}")
    if row.get("re"):
        here = ", which is not here" if row.get("orphan") else ""
        marks.append(f"re {row['re'][:ID_CHARS]}{here}")
    return marks


def recalled_lines(row: dict[str, Any]) -> list[str]:
    """Something known: who said it and how far it is believed, then its text behind a margin."""
    marks = [row["at"][:10], f"trust {row['trust']:g}"]
    if row["certainty"] is not None:
        marks.insert(1, f"certainty {row['certainty']:g}")
    if row["support"] or row["disputes"]:
        marks.append(f"{row['support']} for, {row['disputes']} against")
    marks += ["contested"] if row["contested"] else []
    marks += [row["state"]] if row["state"] != "current" else []
    marks += ["private"] if row["private"] else []
    marks += [" ".join(row["topics"])] if row["topics"] else []
    found = ", ".join(row["found"]["words"])
    if row["found"]["meaning"] is not None:
        found += f"{'; ' if found else ''}meaning {row['found']['meaning']:g}"
    why = f"  [{line(found)}]" if found else ""
    head = f"{bold(row['id'][:ID_CHARS])}  {line(row['from'])}  {row['kind']}  "
    return [f"{head}{dim('(' + line(', '.join(marks)) + ')' + why)}", *_behind_margin(row["text"])]


def _behind_margin(text: str) -> list[str]:
    from peer.cli.shown import fold

    columns = screen()
    inside = None if columns is None else columns - len(MARGIN)
    return [
        MARGIN + part
        for one in text.replace("\r\n", "\n").split("\n")
        for part in fold(harmless(one), inside)
    ]


def age(seconds: float | None) -> str:
    """How long ago, as a person says it."""
    return "never" if seconds is None else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """How long, as a person says it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size * 2:
            return f"{int(seconds // size)} {unit}"
    return f"{max(int(seconds), 0)} s"


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
