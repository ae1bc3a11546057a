"""What the common options and the environment say: the peer that a command works with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from peer.whereabouts import Whereabouts

if TYPE_CHECKING:
    from peer.api import Peer
    from peer.home import Home
    from peer.home.places import Identity
    from peer.instance import RunningPeer


class Where(Whereabouts):
    """See `peer.cli.options`. `json`: one JSON document is wanted."""

    def __init__(
        self, *, home: str | None, network: str | None, name: str | None, json: bool
    ) -> None:
        super().__init__(home=home, network=network, name=name, environment=os.environ)
        self.json = json

    def peer(self) -> Peer:
        """The peer of the identity, as programs use it; if its share freezes, the process ends."""
        from peer.api import Peer

        return Peer(*self.identity(), ends_when_frozen=True)

    def running(self) -> RunningPeer:
        """The same as the phases of a tick see it: for commands that programs do not have."""
        return self.peer().running

    def mailbox(self) -> tuple[Home, Identity]:
        """The home of the identity: quick to open, and without its key."""
        from peer.mailbox import open_mailbox

        folder, identity = self.identity()
        return open_mailbox(folder), identity


def now() -> int:
    """This machine's wall clock, ms."""
    from peer.clock import SystemClock

    return SystemClock().wall_ms()
