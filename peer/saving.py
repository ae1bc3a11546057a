"""Saving: the attachments of a letter are written out as files, under names that do no harm.

Rules: a name that somebody else chose names nothing but one new file in the folder that was asked
for: no path, no device, nothing hidden, nothing that reads otherwise than it is spelled. What is
there already stays; a number is added. A file that cannot be written as a whole does not stay.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from peer.home.mail import Letter
from peer.instance import RunningPeer
from peer.sealing import open_item
from peer.tick.fetch import fetch_one
from protocol import canonical
from protocol.errors import HomeError, NotFoundError, RuleError, ShareError, UsageError
from protocol.messages import Sealed, stored_item
from protocol.page import ALL
from protocol.sealing import unseal_parts

name_bytes_max = 150
tries_max = 1_000
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|\Z)").match
_FORBIDDEN = '/\\<>:"|?*'


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was written: what its author calls it, where it is, and its bytes."""

    name: str
    path: str
    size: int

    def as_json(self) -> dict[str, str | int]:
        """What the command line prints of it with `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _File:
    sha256: str
    stored: int
    name: str
    key: bytes | None


def save(peer: RunningPeer, letter: Letter, folder: str, name: str | None = None) -> list[Saved]:
    """Write the attachments of a letter into a folder; all, or those called `name`.

    Published ones are fetched now. NotFoundError where there are none, ShareError where they cannot
    be had, UsageError where the folder cannot be written.
    """
    if letter.state == "erased":
        raise NotFoundError(f"{letter.id[:8]} was erased by its author, its attachments, too")
    files = [one for one in _files(peer, letter) if name is None or one.name == name]
    if not files:
        called = "" if name is None else f" called {name!r}"
        raise NotFoundError(f"{letter.id[:8]} has no attachment{called}; `peer read` lists them")
    if not os.path.isdir(folder):
        raise UsageError(f"{folder} is no folder; make it, or name another one with --to")
    for one in files:
        if peer.blobs.size(one.sha256) is None:
            _fetch(peer, letter, one)
    return [_write(folder, one, _content(peer, one)) for one in files]


def _files(peer: RunningPeer, letter: Letter) -> list[_File]:
    item = stored_item(letter.data, bool(letter.understood))
    if not isinstance(item.body, Sealed):
        return [_File(one.sha256, one.size, one.name, None) for one in item.head.attachments]
    opened = open_item(peer, item, letter.audience)
    if opened is None:
        raise NotFoundError(f"{letter.id[:8]} is sealed, and no key of this home opens it")
    stored = {one.sha256: one.size for one in item.head.attachments}
    return [
        _File(one.sha256, stored[one.sha256], one.name, canonical.unb64(one.key, 32))
        for one in opened.files
        if one.sha256 in stored
    ]


def _fetch(peer: RunningPeer, letter: Letter, file: _File) -> None:
    if letter.mine or letter.audience != ALL:
        raise NotFoundError(
            f"{file.name or file.sha256[:8]} is not in this home any more; its letter is too old"
        )
    if not fetch_one(peer, peer.bare(letter.author), file.sha256, file.stored):
        raise ShareError(f"{file.name} is damaged on the share; ask {letter.author} to send it")


def _content(peer: RunningPeer, file: _File) -> Iterable[bytes]:
    parts = peer.blobs.parts(file.sha256)
    return parts if file.key is None else unseal_parts(file.key, parts)


def _write(folder: str, file: _File, parts: Iterable[bytes]) -> Saved:
    path, descriptor = _create(folder, safe_name(file.name))
    size = 0
    try:
        with open(descriptor, "wb") as out:
            for part in parts:
                out.write(part)
                size += len(part)
    except OSError as error:
        os.unlink(path)
        raise UsageError(f"{path} cannot be written ({error.strerror})") from error
    except (HomeError, RuleError):
        os.unlink(path)
        raise
    return Saved(file.name, path, size)


def _create(folder: str, name: str) -> tuple[str, int]:
    """A new file of this name, or of this name with a number; nothing is ever replaced."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for path in (os.path.join(folder, one) for one in _numbered(name)):
        try:
            return path, os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror})") from error
    raise UsageError(f"{folder} holds {tries_max} files called {name} already; name another one")


def _numbered(name: str) -> Iterator[str]:
    yield name
    stem, ending = os.path.splitext(name)
    for number in range(2, tries_max + 1):
        yield f"{stem}-{number}{ending}"


def safe_name(name: str) -> str:
    """What a file may be called, for whatever its author calls it."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join("_" if c in _FORBIDDEN else c for c in last if _is_shown(c)).strip(" .")
    stem, ending = os.path.splitext(shown)
    ending = ending if len(ending.encode()) <= 20 else ""
    room = name_bytes_max - len(ending.encode())
    kept = (stem if ending else shown).encode()[:room].decode("utf-8", "ignore")
    cut = kept.rstrip(" .") + ending
    if not cut.strip("._ "):
        return "attachment"
    return f"_{cut}" if _DEVICE(cut) or cut[0] in "-~" else cut  # those mean something to shells


def _is_shown(character: str) -> bool:
    """Neither a control character, nor one that changes the order or look of others."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
