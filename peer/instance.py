"""One running peer: its identity, home, share, key, clock and chance, handed to every phase.

Nothing here acts. Adapters are chosen in `peer.wiring`, and only there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from peer.clock import Clock, Entropy
from peer.handlers import HANDLERS, Handler
from peer.home import Home
from peer.home.blobs import Blobs, MemoryBlobs
from peer.home.places import Identity
from peer.settings import Settings
from protocol.signing import Signer, fingerprint, show_fingerprint
from registry.share import Share

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LATELY_MS = 1_000


def _silently(done: int, of: int, what: str) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Peer:
    """What the phases of a tick work with. `folder` is the identity's directory, None in memory."""

    identity: Identity
    home: Home
    share: Share
    signer: Signer
    clock: Clock
    entropy: Entropy
    folder: str | None = None
    next_beat_ms: int = 6 * HOUR_MS
    settings: Settings = field(default_factory=Settings)
    # The bytes of attachments.
    blobs: Blobs = field(default_factory=MemoryBlobs)
    handlers: Mapping[str, Handler] = field(default_factory=lambda: HANDLERS)
    # Parsed documents by digest: a resident peer reads each roster once.
    parsed: dict[str, object] = field(default_factory=dict)
    # What was looked at on the share lately, and when, by my monotonic clock.
    looked: dict[str, int] = field(default_factory=dict)
    # Told of long work: how much is done, of how much, and of what.
    progress: Callable[[int, int, str], None] = _silently

    def saw_lately(self, what: str) -> bool:
        """Whether this was looked at less than a second ago; if not, it counts as looked at now.

        A process that sends a hundred letters a second need not look a hundred times.
        """
        now, last = self.clock.monotonic_ms(), self.looked.get(what)
        if last is not None and now - last < LATELY_MS:
            return True
        self.looked[what] = now
        return False

    @property
    def name(self) -> str:
        """The bare name, good inside the cluster."""
        return self.identity.name

    @property
    def address(self) -> str:
        """The full address."""
        return self.identity.address

    @property
    def fingerprint(self) -> str:
        """The fingerprint of my key, as people compare it."""
        return show_fingerprint(fingerprint(self.signer.public))

    def full(self, name: str) -> str:
        """The full address of a bare name of my cluster."""
        return f"{name}@{self.identity.cluster}"

    def bare(self, address: str) -> str:
        """The bare name of a full address."""
        return address.partition("@")[0]
