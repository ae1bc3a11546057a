"""The log of an identity: one JSON object a line, in `log/peer.jsonl` of its directory.

Rules: a line is one write at the end of the file, so that several processes may log at once; who
moves files on holds a kernel lock of that folder. Nothing here raises: a log that cannot be written
(a full disk, a foreign folder) ends nothing. Lines are ASCII: what could act on a terminal is
escaped. Callers log no keys, no passphrases and no addresses of `ping.*`, which are secrets.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from peer import lock
from peer.clock import Clock
from peer.home.files import make_private_folder
from peer.settings import Log
from protocol.errors import HomeError

FOLDER, FILE = "log", "peer.jsonl"
LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
text_chars_max = 2_000
Entry = dict[str, Any]


def written(at_ms: int) -> str:
    """An instant as the log has it, RFC 3339 in UTC: `2026-11-21T09:00:00.250Z`."""
    seconds, ms = divmod(max(at_ms, 0), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{ms:03d}Z"


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, event, peer, then what the event says."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        said: Entry = getattr(record, "said", {})
        entry: Entry = {
            "time": written(getattr(record, "at_ms", 0)),
            "level": record.levelname.lower(),
        }
        entry |= {"event": record.getMessage(), "peer": record.name}
        entry |= {key: _short(value) for key, value in said.items()}
        return json.dumps(entry, default=str).replace("\x7f", "\\u007f")


class LogFile(logging.Handler):
    """Puts lines at the end of the file, and begins another one when it has its size."""

    def __init__(self, folder: str, settings: Log) -> None:
        """`folder` is the identity's directory; nothing is touched before the first line."""
        super().__init__(LEVELS[settings.level])
        self._folder = os.path.join(folder, FOLDER)
        self._path = os.path.join(self._folder, FILE)
        self._bytes_max = settings.kilobytes * 1024
        self._files = settings.files
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        with suppress(OSError, HomeError):
            self._write(self.format(record).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        make_private_folder(self._folder)
        # Where files cannot be moved on now (somebody reads one on Windows), the line counts more.
        with suppress(OSError, HomeError):
            if os.stat(self._path).st_size + len(data) > self._bytes_max:
                self._move_on(len(data))
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            # A full disk may have cut the last line; then it must not take this one with it.
            os.write(descriptor, b"\n" + data if _is_torn(descriptor) else data)
        finally:
            os.close(descriptor)

    def _move_on(self, more: int) -> None:
        """Number every file one up to the first gap; the oldest falls out where there is none."""
        with lock.held(self._folder) as mine:
            # Whoever held the lock a moment ago may have done it.
            if not mine or os.stat(self._path).st_size + more <= self._bytes_max:
                return
            paths = [self._path, *(f"{self._path}.{n}" for n in range(1, self._files))]
            gap = next((n for n, path in enumerate(paths) if not os.path.exists(path)), None)
            if self._files == 1:
                os.unlink(self._path)
            for n in range(len(paths) - 1 if gap is None else gap, 0, -1):
                os.replace(paths[n - 1], paths[n])
            for name in os.listdir(self._folder):  # of a time when more were kept
                number = name.removeprefix(f"{FILE}.")
                if number.isdecimal() and int(number) >= self._files:
                    os.unlink(os.path.join(self._folder, name))


class Logbook:
    """Where one peer notes what happened; without a directory (in memory) nothing is kept."""

    def __init__(self, folder: str | None, peer: str, settings: Log, clock: Clock) -> None:
        self._clock = clock
        # Of its own, not from `getLogger`: those stay for as long as the process lives.
        self._logger = logging.Logger(peer)
        if folder is not None:
            self._logger.addHandler(LogFile(folder, settings))

    def note(self, level: str, event: str, **said: object) -> None:
        """One line; it is left out where `log.level` is above its level."""
        if self._logger.handlers:
            extra = {"at_ms": self._clock.wall_ms(), "said": said}
            self._logger.log(LEVELS[level], "%s", event, extra=extra)


def newest(folder: str, lines_max: int, level: str = "debug", since_ms: int = 0) -> list[Entry]:
    """The newest lines of at least a level and not older than an instant, oldest first.

    Lines that are no JSON object (a full disk cut them) are passed over.
    """
    found: list[Entry] = []
    since = written(since_ms)
    for path in _paths(os.path.join(folder, FOLDER)):
        for entry in _entries(path):
            if len(found) >= lines_max:
                return found[::-1]
            if LEVELS.get(entry.get("level", ""), 0) >= LEVELS[level] and entry["time"] >= since:
                found.append(entry)
    return found[::-1]


def _paths(folder: str) -> list[str]:
    """The files of a log, newest first."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    numbers = [name.removeprefix(f"{FILE}.") for name in names]
    old = sorted(int(number) for number in numbers if number.isdecimal())
    return [os.path.join(folder, name) for name in (FILE, *(f"{FILE}.{n}" for n in old))]


def _entries(path: str) -> Iterator[Entry]:
    """The lines of one file, newest first."""
    try:
        with open(path, "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in reversed(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("time"), str):
            yield entry


def _is_torn(descriptor: int) -> bool:
    """Whether a file does not end with the end of a line."""
    size = os.fstat(descriptor).st_size
    if not size:
        return False
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"


def _short(value: object) -> object:
    if isinstance(value, str) and len(value) > text_chars_max:
        return f"{value[:text_chars_max]} …"
    return value
