"""Who guides whom: what others are to this peer as mentors and mentees."""

from __future__ import annotations

from peer.home.database import Database
from protocol.guidance import Tie


class Ties:
    """The table `mentoring`. Writers stand inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Tie]:
        """Every tie as it was written, by peer and role."""
        rows = self._db.held(
            "SELECT peer, role, state, since_ms, item FROM mentoring ORDER BY peer, role"
        )
        return [Tie(*row) for row in rows]

    def put(self, tie: Tie) -> None:
        """From now on it stands so."""
        self._db.write(
            "INSERT INTO mentoring (peer, role, state, since_ms, item) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (peer, role) DO UPDATE SET state = excluded.state,"
            " since_ms = excluded.since_ms, item = excluded.item",
            *(tie.peer, tie.role, tie.state, tie.since_ms, tie.item),
        )
