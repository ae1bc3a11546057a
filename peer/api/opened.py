"""What every part of the API stands on: an identity, its home, and what runs it."""

from __future__ import annotations

import os
from _thread import get_ident
from typing import TYPE_CHECKING

from peer.home import open_home
from peer.home.places import DATABASE
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.home import Home
    from peer.home.places import Identity
    from peer.instance import Look, RunningPeer


class Opened:
    """One identity of a home, opened when it is first needed."""

    def __init__(self, folder: str, identity: Identity, *, ends_when_frozen: bool = False) -> None:
        """Of an identity's directory; `Peer.open` finds it."""
        self.folder = folder
        self.identity = identity
        self.warning: str | None = None
        self._ends_when_frozen = ends_when_frozen
        self._thread = get_ident()
        self._home: Home | None = None
        self._running: RunningPeer | None = None
        self._checks: dict[str, Look] = {}

    def close(self) -> None:
        """Let go of the home; again is harmless. Nothing that was committed is lost without it."""
        if self._home is not None:
            self._home.close()
        self._home = self._running = None

    @property
    def name(self) -> str:
        """The bare name."""
        return self.identity.name

    @property
    def address(self) -> str:
        """The full address, `name@cluster`."""
        return self.identity.address

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key, in groups as people compare it."""
        return self.running.fingerprint

    @property
    def running(self) -> RunningPeer:
        """What the phases of a tick work with. Not part of the API: it may change at any time."""
        home = self.home
        if self._running is None:
            from peer.wiring import open_peer

            self._running = open_peer(
                self.folder, self.identity, watched=self._ends_when_frozen, checked=True, home=home
            )
            self._running.checks = {**self._running.checks, **self._checks}
        return self._running

    @property
    def home(self) -> Home:
        """The stores of the home. Not part of the API: they may change at any time."""
        if get_ident() != self._thread:
            raise UsageError(
                "a Peer belongs to the thread that made it; open another one in this thread"
            )
        if self._home is None:
            self._home = open_home(os.path.join(self.folder, DATABASE))
        return self._home
