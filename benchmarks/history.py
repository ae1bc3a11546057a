"""An idle tick after 100,000 processed letters against one after 10."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.measure import Target, Turn, contest, timed
from benchmarks.network import Network, deliver, letters, memory, network, receive
from peer.instance import RunningPeer
from peer.tick.session import tick

ROUNDS = 60
FEW, MANY = 10, 100_000
BATCH = 5_000
FACTOR = 1.2
READ, WROTE = f"a reader of {MANY:,}", f"an author of {MANY:,}"
READ_FEW, WROTE_FEW = f"a reader of {FEW}", f"an author of {FEW}"
TARGETS = (
    f"{READ} letters: an idle tick takes at most {FACTOR} times as long as that of {READ_FEW}",
    f"{WROTE} letters: the same against {WROTE_FEW}",
)


def run(rounds: int) -> None:
    """Build both histories through the API, then let all four peers tick in turns.

    In memory where that can be had: it is growth that counts, and a disk has moods.
    """
    with ExitStack() as stack:
        few = stack.enter_context(_past(FEW))
        many = stack.enter_context(_past(MANY))
        read: dict[str, Turn] = {
            READ_FEW: _idle(few.peers["librarian"]),
            READ: _idle(many.peers["librarian"]),
        }
        wrote: dict[str, Turn] = {
            WROTE_FEW: _idle(few.peers["core"]),
            WROTE: _idle(many.peers["core"]),
        }
        contest(
            "An idle tick of who received", READ_FEW, read, [Target(READ, at_most=FACTOR)], rounds
        )
        contest(
            "An idle tick of who sent", WROTE_FEW, wrote, [Target(WROTE, at_most=FACTOR)], rounds
        )


@contextmanager
def _past(count: int) -> Iterator[Network]:
    """Two peers, one of which received `count` short letters of the other and acted on them."""
    with network(("core", "librarian"), within=memory()) as made:
        core, librarian = made.peers["core"], made.peers["librarian"]
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            deliver(core, librarian, letters(size, size=40))
            receive(librarian, size)
        for _ in range(2):
            for peer in (core, librarian):
                tick(peer)
        yield made


def _idle(peer: RunningPeer) -> Turn:
    return lambda: timed(lambda: tick(peer))
