"""One running peer: its identity, home, share, key, clock and chance, handed to every phase.

Nothing here acts. Adapters are chosen in `peer.wiring`, and only there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from peer.clock import Clock, Entropy
from peer.home import Home
from peer.home.blobs import Blobs, MemoryBlobs
from peer.home.places import Identity
from peer.settings import Settings
from protocol.signing import Signer, fingerprint, show_fingerprint
from protocol.trouble import Trouble
from registry.share import Share

if TYPE_CHECKING:
    from peer.handlers import Handler

Look = Callable[[], Iterable[Trouble]]
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LATELY_MS = 1_000
UNSEEN_MS_MAX = 7 * DAY_MS  # what a home ages by at most while its machine was off
USUAL_MS = Settings().letters.expires_days * DAY_MS  # for how long a letter is offered


def _silently(done: int, of: int, what: str) -> None:
    """Nobody watches."""


def _always() -> bool:
    return True


def _waiting(look: Callable[[], bytes]) -> bytes:
    return look()


def _immortal(text: str) -> None:
    """Nothing ends this process."""


@dataclass(slots=True)
class RunningPeer:
    """What the phases of a tick work with. `folder` is the identity's directory, None in memory."""

    identity: Identity
    home: Home
    share: Share
    signer: Signer
    clock: Clock
    entropy: Entropy
    folder: str | None = None
    next_signer: Signer | None = None  # the key that I asked to change to; see `peer.rekeying`
    next_beat_ms: int = 6 * HOUR_MS
    settings: Settings = field(default_factory=Settings)
    # The bytes of attachments.
    blobs: Blobs = field(default_factory=MemoryBlobs)
    # Those of a program; None: those of the product, which not every command needs.
    own_handlers: Mapping[str, Handler] | None = None
    # What it looks for in itself at each tick, by name; and when it did, by its monotonic clock.
    checks: Mapping[str, Look] = field(default_factory=dict)
    checked_ms: int | None = None
    # Parsed documents by digest: a resident peer reads each roster once.
    parsed: dict[str, object] = field(default_factory=dict)
    # What was looked at on the share lately, and when, by my monotonic clock.
    looked: dict[str, int] = field(default_factory=dict)
    # When something was looked up for whom (full address), by my monotonic clock, in this hour.
    looked_up: dict[str, list[int]] = field(default_factory=dict)
    # Told of long work: how much is done, of how much, and of what.
    progress: Callable[[int, int, str], None] = _silently
    # Asked between two items: once it is False, a tick ends where it is.
    goes_on: Callable[[], bool] = _always
    # A first look at the share by a command that would rather keep a letter than wait.
    glance: Callable[[Callable[[], bytes]], bytes] = _waiting
    # Told what is to be said, should a frozen share end the process from now on.
    foresee: Callable[[str], None] = _immortal

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
    def handlers(self) -> Mapping[str, Handler]:
        """What is done about an item, by its kind."""
        if self.own_handlers is not None:
            return self.own_handlers
        from peer.handlers import HANDLERS

        return HANDLERS

    @handlers.setter
    def handlers(self, handlers: Mapping[str, Handler]) -> None:
        self.own_handlers = handlers

    @property
    def unseen_ms(self) -> int:
        """For how long I have not looked, by my own clock; 0 before the first look.

        Between two boots only the wall clock knows, and it may be wrong by years.
        """
        state, clock = self.home.state, self.clock
        if clock.boot() == state.text("last_boot"):
            return clock.monotonic_ms() - state.number("last_mono")
        passed = max(clock.wall_ms() - state.number("last_wall"), 0)
        return min(passed, UNSEEN_MS_MAX) if state.text("last_boot") else 0

    @property
    def lived_ms(self) -> int:
        """How long this home has lived by now; no wrong date makes it older (AGE-1)."""
        return self.home.state.number("lived_ms") + self.unseen_ms

    def term_ms(self, asked_ms: int | None = None) -> int | None:
        """For how long a letter is offered, ms, where somebody chose that; None: as usual."""
        mine = self.settings.letters.expires_days * DAY_MS
        return asked_ms if asked_ms is not None else None if mine == USUAL_MS else mine

    def due_ms(self, term_ms: int | None) -> int | None:
        """What this home will have lived at the end of a term that begins now."""
        return None if term_ms is None else self.lived_ms + term_ms

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
