"""Redis Streams with `appendfsync always`: a server of our own on a socket in a temporary folder.

Every write command is synced before it is answered. One by one is XADD for each body, then
XREADGROUP and XACK for each; pipelined sends a hundred commands before it waits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.rivals import MissingRivalError

if TYPE_CHECKING:
    from redis import Redis

STREAM, GROUP, READER = "letters", "readers", "reader"
BATCH = 100
_START_SECONDS_MAX = 10.0


@contextmanager
def server(folder: str) -> Iterator[str]:
    """The socket of a Redis server that ends afterwards."""
    program = shutil.which("redis-server")
    if program is None:
        raise MissingRivalError("apt install redis-server")
    os.mkdir(folder)
    socket = os.path.join(folder, "socket")
    command = [
        program, "--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "",
        "--appendonly", "yes", "--appendfsync", "always", "--loglevel", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(socket, process)
        yield socket
    finally:
        process.terminate()
        process.wait()


def _wait_for(socket: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS_MAX
    while not os.path.exists(socket):
        if process.poll() is not None or time.monotonic() > until:
            raise MissingRivalError("redis-server did not start here")
        time.sleep(0.01)


def connect(socket: str) -> Redis:
    """A client, and an empty stream with its group of readers."""
    try:
        from redis import Redis
    except ImportError as error:
        raise MissingRivalError("pip install redis") from error
    client: Redis = Redis(unix_socket_path=socket)
    client.delete(STREAM)
    client.xgroup_create(STREAM, GROUP, mkstream=True)
    return client


class OneByOne:
    """One command, one answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def send(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self._client.xadd(STREAM, {"body": body})

    def receive(self, count: int) -> None:
        for _ in range(count):
            ((ident, _body),) = _read(self._client, 1)
            self._client.xack(STREAM, GROUP, ident)

    def close(self) -> None:
        self._client.delete(STREAM)
        self._client.xgroup_create(STREAM, GROUP, mkstream=True)


class Pipelined(OneByOne):
    """A hundred commands at a time; the server syncs once for what it reads in one go."""

    def send(self, bodies: Sequence[bytes]) -> None:
        for start in range(0, len(bodies), BATCH):
            pipeline = self._client.pipeline(transaction=False)
            for body in bodies[start : start + BATCH]:
                pipeline.xadd(STREAM, {"body": body})
            pipeline.execute()

    def receive(self, count: int) -> None:
        while count > 0:
            found = _read(self._client, BATCH)
            self._client.xack(STREAM, GROUP, *(ident for ident, _ in found))
            count -= len(found)


def _read(client: Redis, count: int) -> list[Any]:
    """(id, fields) of what nobody has read; RESP 3 answers a dict where RESP 2 has pairs."""
    answer: Any = client.xreadgroup(GROUP, READER, {STREAM: ">"}, count=count)
    if isinstance(answer, dict):
        return list(answer.popitem()[1][0])
    return list(answer[0][1])
