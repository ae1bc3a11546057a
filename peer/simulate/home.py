"""The home of a simulated peer: a real database in memory that tells of its commits.

A process may die just before or just after any of them; a machine that loses power goes back to
the last one that had to be durable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from peer.home import Home
from peer.home.database import Database

# What is about to happen: ("commit" | "committed", "", "", b"").
Step = Callable[[str, str, str, bytes], None]


class WatchedDatabase(Database):
    """`Database` in memory; `step`, `done` and `undone` are told what becomes of transactions.

    `mark` is asked where a part of one begins; `undone_to` is told when that part is undone alone.
    """

    step: Step | None = None
    done: Callable[[bool], None] | None = None
    undone: Callable[[], None] | None = None
    mark: Callable[[], int] | None = None
    undone_to: Callable[[int], None] | None = None

    def __init__(self, statements_max: int = 128) -> None:
        super().__init__(":memory:", create=True, statements_max=statements_max)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """See `Database.transaction`."""
        try:
            with super().transaction(durable=durable):
                yield
                if self.step is not None:
                    self.step("commit", "", "", b"")
        except BaseException:  # a death is one, and undoes as well
            if self.undone is not None:
                self.undone()
            raise
        if self.done is not None:
            self.done(durable)
        if self.step is not None:
            self.step("committed", "", "", b"")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `Database.savepoint`."""
        began = 0 if self.mark is None else self.mark()
        try:
            with super().savepoint():
                yield
        except BaseException:  # as in `transaction`
            if self.undone_to is not None:
                self.undone_to(began)
            raise

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def image(self) -> bytes:
        """Everything in it, as a backup has it."""
        return self._connection.serialize()

    @property
    def size(self) -> int:
        """Bytes of all its pages."""
        (pages,), (bytes_,) = *self.read("PRAGMA page_count"), *self.read("PRAGMA page_size")
        return int(pages) * int(bytes_)


def restore(image: bytes) -> Home:
    """The home that an image was made of."""
    database = WatchedDatabase()
    database._connection.deserialize(image)
    return Home(database)
