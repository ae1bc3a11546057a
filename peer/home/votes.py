"""Votes as they came: proposals, ballots, certificates. Writers stand inside a transaction.

Not here: who may vote, and what holds (`peer.voting`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from peer.home.database import Database
from protocol.ballots import Cast, Choice, Slot

bytes_kept = 3  # certificates of each key whose bytes are kept, the newest


class Proposed(NamedTuple):
    """A proposal; `author` is a full address, `at` his wall clock in ms."""

    hash: str
    id: str
    author: str
    key: str
    roster: int
    version: int
    value: str
    because: str
    at: int

    @property
    def choice(self) -> Choice:
        """What a ballot for or against it names."""
        return Choice(self.hash, self.value)


class Certified(NamedTuple):
    """A certificate that was verified, and the item that brought it; `data`: its body's bytes."""

    item: str
    slot: Slot
    choice: Choice
    data: bytes | None
    day: int


_PROPOSAL = "SELECT hash, id, author, key, roster, version, value, because, at FROM proposal"
_SLOT = "key = ? AND roster = ? AND members = ? AND version = ?"


class Votes:
    """The tables `proposal`, `ballot` and `certificate`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def are_none(self) -> bool:
        """Whether nothing was ever proposed, voted on or agreed on."""
        return not any(
            self._db.held(f"SELECT 1 FROM {table} LIMIT 1") for table in ("ballot", "certificate")
        )

    # ------------------------------------------------------------------------------- proposals

    def propose(self, proposed: Proposed) -> None:
        """Keep a proposal."""
        self._db.write(
            "INSERT OR IGNORE INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *proposed
        )

    def proposals(self) -> list[Proposed]:
        """All proposals by key, roster, version and hash."""
        rows = self._db.held(f"{_PROPOSAL} ORDER BY key, roster, version, hash")
        return [Proposed(*row) for row in rows]

    def proposal(self, item: str) -> Proposed | None:
        """The proposal that an item makes."""
        row = self._db.one(f"{_PROPOSAL} WHERE hash = ? OR id = ?", item, item)
        return None if row is None else Proposed(*row)

    # --------------------------------------------------------------------------------- ballots

    def cast(self, ballots: Iterable[Cast], item: str) -> None:
        """Keep ballots that verified; of equal ones the first."""
        self._db.write_many(
            "INSERT OR IGNORE INTO ballot (key, roster, members, version, proposal, value, yes,"
            " voter, sig, item) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*b.slot, *b.choice, b.yes, b.voter, b.sig, item) for b in ballots],
        )

    def ballots(self, slot: Slot) -> list[Cast]:
        """What was said in a slot, by whomever."""
        rows = self._db.held(f"SELECT proposal, value, yes, voter, sig FROM ballot WHERE {_SLOT}",
                             *slot)  # fmt: skip
        return [
            Cast(slot, Choice(proposal, value), bool(yes), voter, sig)
            for proposal, value, yes, voter, sig in rows
        ]

    def brought(self, ballot: Cast) -> str | None:
        """The item that brought a ballot."""
        row = self._db.one(
            f"SELECT item FROM ballot WHERE {_SLOT} AND voter = ? AND proposal = ? AND value = ?"
            " AND yes = ?",
            *(*ballot.slot, ballot.voter, *ballot.choice, ballot.yes),
        )
        return None if row is None else str(row[0])

    def versions(self, key: str, roster: int, members: str) -> list[int]:
        """The versions of a key in which a ballot was cast, ascending."""
        rows = self._db.held(
            "SELECT DISTINCT version FROM ballot WHERE key = ? AND roster = ? AND members = ?"
            " ORDER BY version",
            *(key, roster, members),
        )
        return [row[0] for row in rows]

    # ---------------------------------------------------------------------------- certificates

    def offer(self, item: str, slot: Slot, choice: Choice, day: int) -> None:
        """An item claims that something was agreed on; that is to be verified."""
        self._db.write(
            "INSERT OR IGNORE INTO certificate VALUES (?, 0, ?, ?, ?, ?, ?, ?, NULL, ?)",
            *(item, *slot, *choice, day),
        )

    def _touch(self, slot: Slot, choice: Choice, day: int) -> int:
        return self._db.write(
            f"UPDATE certificate SET day = ? WHERE taken AND {_SLOT} AND proposal = ?"
            " AND value = ?",
            *(day, *slot, *choice),
        )

    def offered(self, key: str, rosters: Collection[int]) -> list[tuple[str, int]]:
        """(item, roster) of what is claimed of a key and not verified yet, oldest version first."""
        rows = self._db.held(
            "SELECT item, roster FROM certificate WHERE NOT taken AND key = ?"
            " ORDER BY roster, version, item",
            key,
        )
        return [(item, roster) for item, roster in rows if roster in rosters]

    def drop(self, item: str) -> None:
        """What an item claims was looked at, and needs no other look."""
        self._db.write("DELETE FROM certificate WHERE item = ? AND NOT taken", item)

    def take(self, item: str, slot: Slot, choice: Choice, data: bytes, day: int) -> None:
        """A certificate holds. Ballots of slots before are needed no more."""
        self.drop(item)
        if self._touch(slot, choice, day):
            return
        self._db.write(
            "INSERT INTO certificate VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(item, *slot, *choice, data, day),
        )
        self._db.write(
            "DELETE FROM ballot WHERE key = ? AND roster = ? AND members = ? AND version < ?",
            *slot,
        )
        self._db.write(
            "UPDATE certificate SET data = NULL WHERE taken AND key = ?1 AND item NOT IN"
            " (SELECT item FROM certificate WHERE taken AND key = ?1"
            " ORDER BY roster DESC, version DESC LIMIT ?2)",
            *(slot.key, bytes_kept),
        )

    def certified(self) -> list[Certified]:
        """Everything that was agreed on and verified, by slot."""
        rows = self._db.held(
            "SELECT item, key, roster, members, version, proposal, value, data, day"
            " FROM certificate WHERE taken ORDER BY key, roster, members, version, proposal, value"
        )
        return [Certified(row[0], Slot(*row[1:5]), Choice(*row[5:7]), *row[7:]) for row in rows]

    def published(self, item: str, day: int) -> None:
        """A certificate was offered again on this day."""
        self._db.write("UPDATE certificate SET day = ? WHERE item = ?", day, item)
