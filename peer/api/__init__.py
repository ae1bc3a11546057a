"""The Python API: a peer as a program uses it. The command line is built on it.

    from peer import Peer

    with Peer.open(name="core") as peer:
        peer.send("librarian", "hello")
        peer.tick()
        for letter in peer.inbox():
            print(letter.sender, letter.text)

Rules: what cannot be done raises an error of `protocol.errors`, whose text says what to do next;
the same calls of the command line exit with its `exit_code`. Nothing here keeps a thread or a
process. A `Peer` belongs to the thread that made it; as many threads and processes as you like may
each open one for the same identity: numbers are given out once, and one tick runs at a time.
Imports are lazy, because every command starts here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from peer.api.finding import Finding
from peer.api.knowing import Knowledgeable
from peer.api.living import Living
from peer.api.reading import Reading
from peer.api.relying import Relying
from peer.api.writing import Writing

if TYPE_CHECKING:
    from types import TracebackType


class Peer(Writing, Reading, Finding, Knowledgeable, Relying, Living):
    """One identity of a home. `warning`: what the last look at the inbox could not see, or None."""

    @classmethod
    def open(
        cls,
        *,
        home: str | None = None,
        network: str | None = None,
        name: str | None = None,
        ends_when_frozen: bool = False,
    ) -> Self:
        """The peer `name` of a home on a share; what only one fits need not be named.

        What is not given PEER_HOME, PEER_NETWORK and PEER_NAME say. A share that stops answering
        holds a call back for as long as it stands still; with `ends_when_frozen` the process ends
        after a minute of that (exit 5), for programs that are a peer and nothing else.
        NotFoundError where nobody fits, UsageError where several do, WrongShareError where the
        share was never bound to the home, HomeError where the home cannot be used.
        """
        from peer.whereabouts import Whereabouts

        who = Whereabouts(home=home, network=network, name=name, environment=os.environ)
        peer = cls(*who.identity(), ends_when_frozen=ends_when_frozen)
        peer.running  # noqa: B018 - a home or a key that cannot be used is found now
        return peer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
