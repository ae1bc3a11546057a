"""Probing a folder: what the drive under it really does, by doing it there.

That the system tells of changes made here does not say that it tells of other machines' changes.

Rules: everything happens in a hidden folder that readers ignore (SHARE-3) and that is removed
again. A probe states facts of one machine and one moment; what they mean is not said here, and no
promise rests on them: drives lie.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from registry.errnos import explained, unsupported

PLACE = ".probe"
_posix = os.name == "posix"
_TRIES = 5
_EVENT_SECONDS = 1.0
_MOMENT_NS = 1_234_567_891_234_567_891  # odd in every digit
_STEPS_NS = (2_000_000_000, 1_000_000_000, 10_000_000, 1_000_000, 1_000, 100, 1)
_flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class Probe:
    """`step_ns`: how finely files are dated. `place_ms`, `list_ms`: medians of a few calls.

    `tells`: the system tells a watcher of a change.
    """

    replaces: bool
    exclusive: bool
    syncs_files: bool
    syncs_folders: bool
    case_blind: bool
    step_ns: int
    place_ms: int
    list_ms: int
    tells: bool


def probe(folder: str, now_ms: Callable[[], int]) -> Probe:
    """Try a drive out below `folder`; one probe at a time.

    `now_ms` tells time passing. ShareError where the drive refuses even that.
    """
    place = os.path.join(folder, PLACE)
    with explained(PLACE):
        _clear(place)  # of one that died
        os.mkdir(place, 0o700)
        try:
            return _probe(place, now_ms)
        finally:
            _clear(place)


def _probe(place: str, now_ms: Callable[[], int]) -> Probe:
    from statistics import median  # dear to import; only `doctor` comes here

    synced: list[bool] = []
    placed, listed = [], []
    for number in range(_TRIES):
        began = now_ms()
        path = os.path.join(place, f"new-{number}")
        _write(path, b"x", synced)
        os.replace(path, os.path.join(place, f"file-{number}"))
        placed.append(now_ms() - began)
        began = now_ms()
        os.listdir(place)
        listed.append(now_ms() - began)
    return Probe(
        replaces=_replaces(place),
        exclusive=_exclusive(place),
        syncs_files=all(synced),
        syncs_folders=_syncs_folder(place),
        case_blind=os.path.exists(os.path.join(place, "FILE-0")),
        step_ns=_step(os.path.join(place, "file-0")),
        place_ms=int(median(placed)),
        list_ms=int(median(listed)),
        tells=_tells(place),
    )


def _write(path: str, data: bytes, synced: list[bool]) -> None:
    descriptor = os.open(path, _flags, 0o600)
    try:
        os.write(descriptor, data)
        synced.append(_syncs(descriptor))
    finally:
        os.close(descriptor)


def _syncs(descriptor: int) -> bool:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in unsupported:
            raise
        return False
    return True


def _syncs_folder(place: str) -> bool:
    if not _posix:
        return True  # folders cannot be opened there, and need not be
    descriptor = os.open(place, os.O_RDONLY)
    try:
        return _syncs(descriptor)
    finally:
        os.close(descriptor)


def _replaces(place: str) -> bool:
    old, new = os.path.join(place, "file-0"), os.path.join(place, "other")
    _write(new, b"other", [])
    try:
        os.replace(new, old)
        with open(old, "rb") as file:
            return file.read() == b"other"
    except OSError:
        return False


def _exclusive(place: str) -> bool:
    try:
        os.close(os.open(os.path.join(place, "file-1"), _flags, 0o600))
    except FileExistsError:
        return True
    except OSError:
        return True  # sshfs says EPERM to the loser
    return False


def _tells(place: str) -> bool:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    told = threading.Event()

    class Listener(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            told.set()

    hush_watchdog()
    observer = Observer()
    try:
        observer.schedule(Listener(), place)
        observer.start()
    except OSError:
        return False  # it can watch no more folders, or none of this kind
    try:
        _write(os.path.join(place, "seen"), b"x", [])
        return told.wait(_EVENT_SECONDS)
    finally:
        observer.stop()
        observer.join()


def hush_watchdog() -> None:
    """Its threads complain of their own end, on a terminal that nobody gave them."""
    logging.getLogger("watchdog.observers.inotify").setLevel(logging.CRITICAL)


def _step(path: str) -> int:
    """The coarsest unit that a date comes back in."""
    os.utime(path, ns=(_MOMENT_NS, _MOMENT_NS))
    seen = os.stat(path).st_mtime_ns
    return next((step for step in _STEPS_NS if seen % step == 0), 1)


def _clear(place: str) -> None:
    with suppress(OSError):
        for name in os.listdir(place):
            with suppress(OSError):
                os.unlink(os.path.join(place, name))
        os.rmdir(place)
