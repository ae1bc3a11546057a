"""Durable delivery of 1,000 letters of 1 KiB to one peer: sending and receiving added up."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median

from benchmarks.measure import Target, Turn, contest, shown, timed
from benchmarks.network import KIBIBYTE, deliver, letters, network, receive
from benchmarks.rivals import MissingRivalError, Rival, redis_streams
from benchmarks.rivals.databases import LiteQueue, PersistQueue
from benchmarks.rivals.files import Dirq, Floor, Maildir

LETTERS = 1_000
ROUNDS = 7
REDIS, MAILDIR = "Redis Streams, appendfsync always, one by one", "mailbox.Maildir"
TARGETS = (
    f"{REDIS}: takes at least 5 times as long as ours",
    f"{MAILDIR}: takes at least 10 times as long as ours",
)


def run(rounds: int) -> None:
    """Print the table; a rival that is not installed is skipped with a word."""
    bodies = [note.text.encode() for note in letters(LETTERS)]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="soma-benchmark-"))
        ours = _Ours(stack, folder)
        turns: dict[str, Turn] = {"ours": ours.turn}
        for name, make in _rivals(stack, folder).items():
            try:
                turns[name] = _turn(stack.enter_context(_closed(make())), bodies)
            except MissingRivalError as error:
                print(f"  skipped: {name} ({error})")
        contest(
            f"{LETTERS:,} letters of {KIBIBYTE} bytes, sent and received, durable",
            "ours",
            turns,
            [Target(REDIS, at_least=5), Target(MAILDIR, at_least=10)],
            rounds,
        )
        print(f"  ours is {ours.parts()}; theirs is sending and receiving, too")


class _Ours:
    """One call of `send` with every body, then one tick of the reader."""

    def __init__(self, stack: ExitStack, folder: str) -> None:
        made = stack.enter_context(network(("core", "librarian"), within=folder))
        self._core, self._librarian = made.peers["core"], made.peers["librarian"]
        self._bodies = letters(LETTERS)
        self._sent: list[float] = []
        self._received: list[float] = []

    def turn(self) -> float:
        self._sent.append(timed(lambda: deliver(self._core, self._librarian, self._bodies)))
        self._received.append(timed(lambda: receive(self._librarian, LETTERS)))
        return self._sent[-1] + self._received[-1]

    def parts(self) -> str:
        sent, received = median(self._sent[1:]), median(self._received[1:])
        return f"{shown(sent)} sending and {shown(received)} receiving"


def _rivals(stack: ExitStack, folder: str) -> dict[str, Callable[[], Rival]]:
    def redis(kind: type[redis_streams.OneByOne]) -> Rival:
        place = os.path.join(folder, kind.__name__)
        return kind(redis_streams.connect(stack.enter_context(redis_streams.server(place))))

    def below(name: str) -> str:
        return os.path.join(folder, name)

    return {
        REDIS: lambda: redis(redis_streams.OneByOne),
        f"Redis Streams, pipelined {redis_streams.BATCH}": lambda: redis(redis_streams.Pipelined),
        MAILDIR: lambda: Maildir(below("maildir")),
        "dirq, file and folder synced": lambda: Dirq(below("dirq")),
        "persist-queue, SQLiteAckQueue": lambda: PersistQueue(below("persist-queue")),
        "litequeue, synchronous FULL": lambda: LiteQueue(below("litequeue")),
        "raw floor, a synced file each": lambda: Floor(below("floor")),
    }


@contextmanager
def _closed(rival: Rival) -> Iterator[Rival]:
    try:
        yield rival
    finally:
        rival.close()


def _turn(rival: Rival, bodies: Sequence[bytes]) -> Turn:
    def turn() -> float:
        return timed(lambda: rival.send(bodies)) + timed(lambda: rival.receive(len(bodies)))

    return turn
