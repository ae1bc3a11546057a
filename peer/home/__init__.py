"""The home of one identity: everything it knows, on a local disk of its own machine.

One `Home` is one connection to one database. The stores share it, so that one transaction covers
whatever belongs together.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from peer.home.archive import Archive
from peer.home.concerns import Concerns
from peer.home.database import Database
from peer.home.journal import Journal
from peer.home.knowledge import Knowledge
from peer.home.mail import Mail
from peer.home.neighbours import Neighbours
from peer.home.outgoing import Outgoing
from peer.home.quarantine import Quarantine
from peer.home.state import State


class Home:
    """The stores of one identity over one database."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.state = State(db)
        self.archive = Archive(db)
        self.outgoing = Outgoing(db)
        self.journal = Journal(db)
        self.mail = Mail(db)
        self.neighbours = Neighbours(db)
        self.quarantine = Quarantine(db)
        self.concerns = Concerns(db)
        self.knowledge = Knowledge(db)

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[None]:
        """All or nothing; see `Database.transaction`."""
        return self.db.transaction(durable=durable)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()


def open_home(path: str) -> Home:
    """The home in an existing database file."""
    return Home(Database(path))


def create_home(path: str, draw: Callable[[int], bytes]) -> Home:
    """A new home (`:memory:` too) with an epoch of its own."""
    home = Home(Database(path, create=True))
    with home.transaction():
        if home.state.text("epoch") is None:
            home.state.begin_epoch(draw)
    return home
