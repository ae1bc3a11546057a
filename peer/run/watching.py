"""New names on the share that should wake a peer: letters, and what stewards sign.

Rules: only names of the exact form count, and only in folders where they are news for a peer: its
inbox, the outboxes of neighbours that keep mail for it, `charter/` and `orders/`. Heartbeats and
feeds of neighbours are none: each tick writes one, and everybody would wake everybody for ever.
Whatever the system tells is a hint, after which the folders are listed; so is its silence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from peer.instance import RunningPeer
from protocol.errors import MissingError, WrongShareError
from registry import inbox, layout

if TYPE_CHECKING:
    from watchdog.observers.api import ObservedWatch

During = Callable[[str, str, Callable[[], None]], None]
Form = Callable[[str], object]  # whether a name is of the form: None, or False, is "no"


class Hints(Protocol):
    """Who tells when something may have changed."""

    def follow(self, folders: Iterable[str]) -> None:
        """From now on these folders of the share; some may not exist."""

    def close(self) -> None:
        """No more hints."""


class Watching:
    """What a peer has seen of the names that matter to it."""

    def __init__(self, peer: RunningPeer) -> None:
        self._peer = peer
        self._known: dict[str, set[str]] = {}
        self.folders: dict[str, Form] = {}
        self.choose()

    def choose(self) -> None:
        """Which folders matter, by what the newest heartbeats say."""
        me, rows = self._peer.name, self._peer.home.neighbours.all().values()
        self.folders = {
            layout.inbox(me): layout.read_letter_file,
            layout.CHARTER: layout.is_document_file,
            layout.ORDERS: layout.is_order_file,
        }
        for row in rows:
            if row.mail:
                self.folders[layout.mail(row.name, me)] = _page_of(row.name)

    def news(self) -> bool:
        """Whether there are names that were not there at the last look.

        ShareError where the share cannot be used, or another folder stands at its place.
        """
        known, self._known = self._known, {folder: self._names(folder) for folder in self.folders}
        return any(names - known.get(folder, set()) for folder, names in self._known.items())

    def _names(self, folder: str) -> set[str]:
        form = self.folders[folder]

        def rank(name: str) -> str | None:
            return name if form(name) else None

        try:
            return set(self._peer.share.names(folder, inbox.letters_max, rank))
        except MissingError:
            self._check_marker()
            return set()

    def _check_marker(self) -> None:
        """An empty mount point lacks more than a folder."""
        if not self._peer.share.names("", 1, lambda name: name if name == layout.MARKER else None):
            raise WrongShareError(
                "there is no network in the folder of the share (an empty mount point?)"
            )


def _page_of(author: str) -> Form:
    return lambda name: layout.read_page_file(name, author)


class NativeHints:
    """The system's own word, by watchdog, for drives where it hears of everybody's changes."""

    def __init__(self, root: str, hint: Callable[[], None], during: During) -> None:
        """`during` runs what may hang in the drive; OSError where the system gives no watches."""
        from watchdog.events import FileCreatedEvent, FileMovedEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        from registry.probe import hush_watchdog

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: object) -> None:
                hint()

        _tell_at_once()
        hush_watchdog()
        self._root = root
        self._during = during
        self._handler = Handler()
        self._events: list[Any] = [FileCreatedEvent, FileMovedEvent]
        self._watches: dict[str, tuple[tuple[int, int], ObservedWatch]] = {}
        self._observer = Observer()
        self._observer.daemon = True
        self._observer.start()

    def follow(self, folders: Iterable[str]) -> None:
        """See `Hints.follow`: folders that vanished and came back are watched anew."""
        self._during("watch", "", lambda: self._follow(folders))

    def _follow(self, folders: Iterable[str]) -> None:
        wanted = {folder: _which(os.path.join(self._root, folder)) for folder in folders}
        for folder, (which, watch) in list(self._watches.items()):
            if wanted.get(folder) != which:
                del self._watches[folder]
                with suppress(KeyError, OSError):
                    self._observer.unschedule(watch)
        for folder, found in wanted.items():
            if found is not None and folder not in self._watches:
                with suppress(OSError):  # it may be gone again; the next look tries
                    watch = self._observer.schedule(
                        self._handler,
                        os.path.join(self._root, folder),
                        event_filter=self._events,
                    )
                    self._watches[folder] = (found, watch)

    def close(self) -> None:
        """See `Hints.close`."""
        self._observer.stop()


class NoHints:
    """Where nobody tells: the folders are looked at instead."""

    def follow(self, folders: Iterable[str]) -> None:
        """See `Hints.follow`."""

    def close(self) -> None:
        """See `Hints.close`."""


def _which(path: str) -> tuple[int, int] | None:
    """Which folder stands at a path; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _tell_at_once() -> None:
    """watchdog holds half of a rename back for half a second, in case the other half follows.

    Every letter comes to be by a rename, and any half of it is hint enough.
    """
    with suppress(ImportError):
        from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

        InotifyMoveEventGrouper.delay = 0.0
