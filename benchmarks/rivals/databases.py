"""Rivals that keep their bodies in SQLite: persist-queue and litequeue."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.rivals import MissingRivalError


class PersistQueue:
    """persist-queue's SQLiteAckQueue as it comes: every put, get and ack commits at FULL."""

    def __init__(self, folder: str) -> None:
        try:
            from persistqueue import SQLiteAckQueue
        except ImportError as error:
            raise MissingRivalError("pip install persist-queue") from error
        self._queue = SQLiteAckQueue(folder)

    def send(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._queue.put(body)

    def receive(self, count: int) -> None:
        for _ in range(count):
            self._queue.ack(self._queue.get(block=False))

    def close(self) -> None:
        self._queue.close()


class LiteQueue:
    """litequeue asks for synchronous=NORMAL, which loses what was put last: set to FULL here."""

    def __init__(self, path: str) -> None:
        try:
            from litequeue import LiteQueue as Queue
        except ImportError as error:
            raise MissingRivalError("pip install litequeue") from error
        self._queue = Queue(path)
        self._queue.conn.execute("PRAGMA synchronous = FULL")

    def send(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._queue.put(body.decode())

    def receive(self, count: int) -> None:
        for _ in range(count):
            self._queue.done(self._queue.pop().message_id)

    def close(self) -> None:
        self._queue.conn.close()
