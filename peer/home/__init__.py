"""The home of one identity: everything it knows, on a local disk of its own machine.

One `Home` is one connection to one database. The stores share it, so that one transaction covers
whatever belongs together.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from peer.home.database import Database

if TYPE_CHECKING:
    from peer.home.archive import Archive
    from peer.home.asks import Asks
    from peer.home.attachments import Attachments
    from peer.home.concerns import Concerns
    from peer.home.erasures import Erasures
    from peer.home.journal import Journal
    from peer.home.knowledge import Knowledge
    from peer.home.mail import Mail
    from peer.home.matters import Matters
    from peer.home.neighbours import Neighbours
    from peer.home.outgoing import Outgoing
    from peer.home.past import Past
    from peer.home.proofs import Proofs
    from peer.home.quarantine import Quarantine
    from peer.home.recalled import Recalled
    from peer.home.receipts import Receipts
    from peer.home.search import Search
    from peer.home.state import State
    from peer.home.terms import Terms
    from peer.home.ties import Ties
    from peer.home.troubles import Troubles
    from peer.home.vectors import Vectors
    from peer.home.votes import Votes


class Home:
    """The stores of one identity over one database; each is imported when first asked for."""

    def __init__(self, db: Database) -> None:
        self.db = db

    @cached_property
    def state(self) -> State:
        """See `peer.home.state`."""
        from peer.home.state import State

        return State(self.db)

    @cached_property
    def archive(self) -> Archive:
        """See `peer.home.archive`."""
        from peer.home.archive import Archive

        return Archive(self.db)

    @cached_property
    def asks(self) -> Asks:
        """See `peer.home.asks`."""
        from peer.home.asks import Asks

        return Asks(self.db)

    @cached_property
    def matters(self) -> Matters:
        """See `peer.home.matters`."""
        from peer.home.matters import Matters

        return Matters(self.db)

    @cached_property
    def attachments(self) -> Attachments:
        """See `peer.home.attachments`."""
        from peer.home.attachments import Attachments

        return Attachments(self.db)

    @cached_property
    def outgoing(self) -> Outgoing:
        """See `peer.home.outgoing`."""
        from peer.home.outgoing import Outgoing

        return Outgoing(self.db)

    @cached_property
    def past(self) -> Past:
        """See `peer.home.past`."""
        from peer.home.past import Past

        return Past(self.db)

    @cached_property
    def receipts(self) -> Receipts:
        """See `peer.home.receipts`."""
        from peer.home.receipts import Receipts

        return Receipts(self.db)

    @cached_property
    def terms(self) -> Terms:
        """See `peer.home.terms`."""
        from peer.home.terms import Terms

        return Terms(self.db)

    @cached_property
    def erasures(self) -> Erasures:
        """See `peer.home.erasures`."""
        from peer.home.erasures import Erasures

        return Erasures(self.db)

    @cached_property
    def search(self) -> Search:
        """See `peer.home.search`."""
        from peer.home.search import Search

        return Search(self.db)

    @cached_property
    def journal(self) -> Journal:
        """See `peer.home.journal`."""
        from peer.home.journal import Journal

        return Journal(self.db)

    @cached_property
    def mail(self) -> Mail:
        """See `peer.home.mail`."""
        from peer.home.mail import Mail

        return Mail(self.db)

    @cached_property
    def neighbours(self) -> Neighbours:
        """See `peer.home.neighbours`."""
        from peer.home.neighbours import Neighbours

        return Neighbours(self.db)

    @cached_property
    def quarantine(self) -> Quarantine:
        """See `peer.home.quarantine`."""
        from peer.home.quarantine import Quarantine

        return Quarantine(self.db)

    @cached_property
    def concerns(self) -> Concerns:
        """See `peer.home.concerns`."""
        from peer.home.concerns import Concerns

        return Concerns(self.db)

    @cached_property
    def knowledge(self) -> Knowledge:
        """See `peer.home.knowledge`."""
        from peer.home.knowledge import Knowledge

        return Knowledge(self.db)

    @cached_property
    def recalled(self) -> Recalled:
        """See `peer.home.recalled`."""
        from peer.home.recalled import Recalled

        return Recalled(self.db)

    @cached_property
    def vectors(self) -> Vectors:
        """See `peer.home.vectors`."""
        from peer.home.vectors import Vectors

        return Vectors(self.db)

    @cached_property
    def proofs(self) -> Proofs:
        """See `peer.home.proofs`."""
        from peer.home.proofs import Proofs

        return Proofs(self.db)

    @cached_property
    def troubles(self) -> Troubles:
        """See `peer.home.troubles`."""
        from peer.home.troubles import Troubles

        return Troubles(self.db)

    @cached_property
    def ties(self) -> Ties:
        """See `peer.home.ties`."""
        from peer.home.ties import Ties

        return Ties(self.db)

    @cached_property
    def votes(self) -> Votes:
        """See `peer.home.votes`."""
        from peer.home.votes import Votes

        return Votes(self.db)

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[None]:
        """All or nothing; see `Database.transaction`."""
        return self.db.transaction(durable=durable)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()


def open_home(path: str) -> Home:
    """The home in an existing database file."""
    return Home(Database(path))


def create_home(path: str, draw: Callable[[int], bytes], *, statements_max: int = 128) -> Home:
    """A new home (`:memory:` too) with an epoch of its own; see `Database`."""
    home = Home(Database(path, create=True, statements_max=statements_max))
    with home.transaction():
        if home.state.text("epoch") is None:
            home.state.begin_epoch(draw)
    return home
