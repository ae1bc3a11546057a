"""One line of a TOML file changed, and every other byte left as a person wrote it.

Pure text. It knows sections and keys of one line each; what is written in another form is not
found, and whoever calls checks what came out. Not here: what settings there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def put(text: str, section: str, key: str, value: str) -> str:
    """The text with `key = value` in a section; a remark behind the former value stays."""
    lines = _split(text)
    begin, end, at = _find(lines, section, key)
    said = f"{key} = {value}"
    if begin is None:
        lines += [*([""] if lines else []), f"[{section}]", said]
    elif at is None:
        while end > begin + 1 and not lines[end - 1].strip():
            end -= 1
        lines.insert(end, said)
    else:
        lines[at] = said + _remark(lines[at])
    return _joined(lines)


def take_out(text: str, section: str, key: str) -> str:
    """The text without a key's line, nor the bare header of a section of which nothing is left."""
    lines = _split(text)
    begin, end, at = _find(lines, section, key)
    if begin is None or at is None:
        return _joined(lines)
    del lines[at]
    end -= 1
    if "#" not in lines[begin] and not any(line.strip() for line in lines[begin + 1 : end]):
        if end == len(lines) and begin and not lines[begin - 1].strip():
            begin -= 1  # the empty line that `put` put before it
        del lines[begin:end]
    return _joined(lines)


def number(text: str, section: str, key: str) -> int | None:
    """The number of a key's line, from 1; None where it has none. Section "" is the beginning."""
    lines = _split(text)
    # What stands before every section is as if below one without a name.
    at = _find(lines if section else ["[]", *lines], section, key)[2]
    return None if at is None else at + bool(section)


def _split(text: str) -> list[str]:
    """Lines as TOML knows them: other breaks of Unicode may stand in a remark."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _find(lines: Sequence[str], section: str, key: str) -> tuple[int | None, int, int | None]:
    """Where a section begins and ends, and the line of a key in it."""
    header = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?\Z").match
    begin = next((i for i, line in enumerate(lines) if header(line)), None)
    if begin is None:
        return None, len(lines), None
    rest = range(begin + 1, len(lines))
    end = next((i for i in rest if lines[i].lstrip().startswith("[")), len(lines))
    mine = (i for i in range(begin + 1, end) if lines[i].partition("=")[0].strip() == key)
    return begin, end, next(mine, None)


def _remark(line: str) -> str:
    """What stands behind the value of a line, from its blanks and `#` on."""
    import tomllib

    for at in (i for i, c in enumerate(line) if c == "#"):
        try:
            tomllib.loads(line[:at])
        except tomllib.TOMLDecodeError:
            continue  # this one is part of a text in quotes
        return line[len(line[:at].rstrip()) :]
    return ""


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
