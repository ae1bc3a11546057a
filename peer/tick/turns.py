"""Whose items are acted on next: urgent ones sooner, and everybody's in a while.

Rules: in a round every author whose items wait has one turn; the author of the most urgent waiting
item comes first, and has the longest turn. Inside a turn his stream with the most urgent item comes
first; inside a stream the order never changes (STREAM-5), so what is urgent brings forward what
stands before it. Nobody starves: whatever others call urgent, each of them has at most two turns,
of 64 items, between two of mine, and a turn has at least 4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from peer.home.journal import Journal, New

# By the priority of the most urgent item that an author has waiting, 0 to 4.
turn_items = (64, 32, 16, 8, 4)
_READ_AT_ONCE = 100


class _Queue:
    """What waits in one stream, in its order; how many of each priority."""

    def __init__(self, journal: Journal, stream: int) -> None:
        self._journal = journal
        self._stream = stream
        self._read: deque[New] = deque()
        self._after = (0, -1)
        self.left = [0] * len(turn_items)

    @property
    def rank(self) -> tuple[int, int]:
        """Its most urgent priority, and the stream; lower comes first."""
        return next((p for p, count in enumerate(self.left) if count), len(self.left)), self._stream

    def next(self) -> New | None:
        """The next item, None where none is left."""
        if not self._read:
            self._read.extend(self._journal.next_items(self._stream, self._after, _READ_AT_ONCE))
        if not self._read:
            self.left = [0] * len(self.left)
            return None
        new = self._read.popleft()
        self._after = (new.seq, new.place)
        self.left[new.priority] -= 1
        return new


def in_turn(journal: Journal) -> Iterator[New]:
    """Every item that can be acted on now, in the order of acting; each once."""
    authors: dict[str, dict[int, _Queue]] = {}
    for stream, author, priority, count in journal.waiting():
        queues = authors.setdefault(author, {})
        queues.setdefault(stream, _Queue(journal, stream)).left[priority] = count
    while authors:
        ranks = {author: min(q.rank for q in queues.values()) for author, queues in authors.items()}
        for author in sorted(authors, key=ranks.__getitem__):
            yield from _turn(authors[author], turn_items[ranks[author][0]])
            if not authors[author]:
                del authors[author]


def _turn(queues: dict[int, _Queue], items_max: int) -> Iterator[New]:
    """At most so many items of one author; queues that are empty go."""
    while queues and items_max:
        first = min(queues, key=lambda stream: queues[stream].rank)
        new = queues[first].next()
        if new is not None:
            items_max -= 1
            yield new
        if not any(queues[first].left):
            del queues[first]
