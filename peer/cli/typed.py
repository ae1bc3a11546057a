"""What was typed, made sure of before anything is opened: texts, names, topics, paths.

Everything here raises UsageError (exit 2) with what would have been right. Text is literal: it
comes from the argument, or from a file where `--file` says so, and from nowhere else.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import click

from peer.given import check_utf8, checked_text, checked_topics, duration, permille, seconds
from protocol import limits, names
from protocol.errors import RuleError, UsageError

__all__ = [
    "checked_name", "checked_topics", "duration", "folder", "id_argument", "item_id", "one_line",
    "permille", "seconds", "text_options", "topic_option", "whole_text",
]  # fmt: skip
Params = Any  # click's decorators give back what they are given


def text_options(command: Params) -> Params:
    """`TEXT` as an argument, or `--file F`."""
    command = click.option("--file", metavar="F", help="Read the text from a file; - is stdin")(
        command
    )
    return click.argument("text", required=False)(command)


def topic_option(command: Params) -> Params:
    """`--topic T`, as often as needed."""
    return click.option(
        "--topic", "topics", multiple=True, metavar="T",
        help="What it is about; repeat it for several",
    )(command)  # fmt: skip


def item_id(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The callback of a parameter that is the id of an item, or its beginning."""
    if value is None:
        return None
    text = value.lower()
    if not re.fullmatch(f"[a-z2-7]{{1,{limits.item_id_chars}}}", text):
        raise UsageError(
            f"{value[:80]!r} is no id: they are {limits.item_id_chars} letters a-z and digits 2-7"
        )
    return text


def id_argument(command: Params) -> Params:
    """`ID`, of which the beginning is enough."""
    return click.argument("id", callback=item_id)(command)


def whole_text(text: str | None, file: str | None) -> str:
    """The text of a letter or publication."""
    if (text is None) == (file is None):
        raise UsageError("give the text itself or `--file F`, and not both")
    found = text if text is not None else _read(str(file))
    return checked_text(found)


def one_line(text: str, what: str) -> str:
    """A text that goes into a steward's document: one line."""
    check_utf8(text, what)
    if len(text) > limits.line_chars_max or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise UsageError(f"{what} is one line of at most {limits.line_chars_max} characters")
    return text


def checked_name(text: str) -> str:
    """The name of a peer or steward."""
    try:
        return names.check_name(text)
    except RuleError as error:
        raise UsageError(f"{error.reason}; choose another name") from error


def folder(path: str) -> str:
    """A folder of this machine."""
    check_utf8(path, "the path")
    if "://" in path:
        raise UsageError(f"{path} is no folder; this version works on folders only")
    return os.path.abspath(path)


def _read(path: str) -> str:
    # One byte more than any text may have: what is larger is never read in whole.
    try:
        if path == "-":
            data = sys.stdin.buffer.read(limits.item_bytes_max + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(limits.item_bytes_max + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); check --file") from error
    if len(data) > limits.item_bytes_max:
        raise UsageError(f"{path} is larger than {limits.item_bytes_max} bytes; send it in parts")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not valid UTF-8 (byte {error.start}); convert it first, e.g. with iconv"
        ) from error


def ago_ms(text: str) -> int:
    """A span of time such as `90s`, `30min`, `1h` or `2d`, in ms."""
    found = re.fullmatch(r"(\d{1,6})\s*(s|m|min|h|d)", text.strip())
    if found is None:
        raise UsageError(f"{text[:40]!r} is no span of time; write 90s, 30min, 1h or 2d")
    unit = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}[found[2]]
    return int(found[1]) * unit * 1000


def instant(text: str, what: str) -> int:
    """A date (`2026-11-30`, at its beginning), a time (`2026-11-30T12:00`), or 30d from now; ms.

    In UTC where it names no zone.
    """
    from datetime import UTC, datetime

    from peer.cli.where import now

    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        if re.fullmatch(r"[0-9]+[dhm]", text.strip().lower()):
            return now() + duration(text, what)
        raise UsageError(
            f"{what} is {text[:80]!r}; write 2026-11-30, 2026-11-30T12:00Z, or 30d from now"
        ) from None
    at = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    if at.year < 1970 or at.year > 9998:
        raise UsageError(f"{what} is {text[:80]!r}, which is no time of ours")
    return int(at.timestamp() * 1000)
