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

from protocol import limits, names
from protocol.errors import RuleError, UsageError

seconds_max = 30 * 86_400
duration_days_max = 365
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WORD = r"[a-z0-9][a-z0-9._/-]*"
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
    _check_utf8(found, "the text")
    if not found:
        raise UsageError("the text is empty; there is nothing to send")
    if len(found) > limits.text_chars_max or len(found.encode()) > limits.item_bytes_max:
        raise UsageError(
            f"the text has {len(found)} characters in {len(found.encode())} bytes, more than"
            f" {limits.text_chars_max} in {limits.item_bytes_max}; send it in parts"
        )
    return found


def one_line(text: str, what: str) -> str:
    """A text that goes into a steward's document: one line."""
    _check_utf8(text, what)
    if len(text) > limits.line_chars_max or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise UsageError(f"{what} is one line of at most {limits.line_chars_max} characters")
    return text


def checked_name(text: str) -> str:
    """The name of a peer or steward."""
    try:
        return names.check_name(text)
    except RuleError as error:
        raise UsageError(f"{error.reason}; choose another name") from error


def checked_topics(topics: tuple[str, ...]) -> tuple[str, ...]:
    """Topics, each once."""
    for topic in topics:
        if len(topic) > limits.word_chars_max or not re.fullmatch(_WORD, topic):
            raise UsageError(
                f"{topic[:80]!r} is no topic: letters a-z, digits and . _ / - from a letter or"
                f" digit on, at most {limits.word_chars_max} of them"
            )
    distinct = tuple(dict.fromkeys(topics))
    if len(distinct) > limits.topics_max:
        raise UsageError(f"{len(distinct)} topics; name at most {limits.topics_max}")
    return distinct


def permille(confidence: float) -> int:
    """A probability from 0 to 1 as the wire says it."""
    if not 0 <= confidence <= 1:  # also true of "not a number"
        raise UsageError(f"confidence is a number from 0 to 1, not {confidence:g}")
    return round(confidence * 1000)


def seconds(time: float) -> float:
    """How long somebody is ready to wait."""
    if not 0 <= time <= seconds_max:  # also true of "not a number"
        raise UsageError(f"a time to wait is 0 to {seconds_max} seconds, not {time:g}")
    return time


def duration(text: str, what: str) -> int:
    """A time such as 30d, 12h or 90m, ms."""
    found = re.fullmatch(r"([0-9]{1,6})([dhm])", text.strip().lower())
    time = int(found[1]) * _UNITS[found[2]] if found else 0
    if not _UNITS["m"] <= time <= duration_days_max * _UNITS["d"]:
        raise UsageError(
            f"{what} is {text[:80]!r}; write 30d, 12h or 90m, at most {duration_days_max}d"
        )
    return time


def folder(path: str) -> str:
    """A folder of this machine."""
    _check_utf8(path, "the path")
    if "://" in path:
        raise UsageError(f"{path} is no folder; this version works on folders only")
    return os.path.abspath(path)


def _check_utf8(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} is not valid UTF-8; convert it first, e.g. with iconv") from error


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
