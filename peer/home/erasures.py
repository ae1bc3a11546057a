"""Published items that their authors took back: what is known of that, and how a home forgets.

Rules: only an author takes back what he published, and never a letter. An item's row stays, with
who wrote it when and its id, so that it is known when it comes again; its text, and the salt that
would let somebody prove a guess of it, go wherever this home keeps them. Writers stand inside a
transaction. Not here: pages on the share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from peer.home import search
from peer.home.database import Database
from peer.home.knowledge import Knowledge
from protocol import canonical
from protocol.messages import id_of_hash
from protocol.page import ALL, strike

notes_max = 20_000  # of one author; who takes back more is not believed that there was so much
_UNSCRUBBED = "unscrubbed"
_CONTENT = ("attachments", "body", "salt")


class Erasures:
    """The table `erased`, and every copy of what it names."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._knowledge = Knowledge(db)

    def known(self, author: str) -> frozenset[str]:
        """The hashes of what an author took back."""
        rows = self._db.held("SELECT hash FROM erased WHERE author = ?", author)
        return frozenset(row[0] for row in rows)

    def hash_of(self, item: str) -> str | None:
        """The hash of an item that is held whole, None where its content is gone."""
        row = self._db.one("SELECT data FROM item WHERE id = ? AND state <> 'erased'", item)
        return None if row is None else hashlib.sha256(row[0]).hexdigest()

    def take_back(self, author: str, hashes: Iterable[str], day: int, *, mine: bool) -> int:
        """An author took these back: note it, forget the content; how many were not known.

        `mine`: I am that author, so that pages of mine may hold them.
        """
        row = self._db.one("SELECT count(*) FROM erased WHERE author = ?", author)
        room = None if mine or row is None else max(notes_max - int(row[0]), 0)
        fresh = [
            digest
            for digest in sorted(set(hashes))[:room]
            if self._db.write("INSERT OR IGNORE INTO erased VALUES (?, ?, ?)", author, digest, day)
        ]
        for digest in fresh:
            self._forget(author, id_of_hash(digest))
            if mine:
                self._strike(author, digest)
        return len(fresh)

    def forget_notes(self, before_day: int) -> None:
        """Nobody offers any more what was taken back so long ago."""
        self._db.write("DELETE FROM erased WHERE day < ?", before_day)

    def scrub(self) -> None:
        """Overwrite what was erased since this was last done; in no transaction."""
        if self._db.one("SELECT 1 FROM self WHERE name = ?", _UNSCRUBBED) is None:
            return
        if self._db.scrub(("known_words", "words")):
            with self._db.transaction(durable=False):
                self._db.write("DELETE FROM self WHERE name = ?", _UNSCRUBBED)

    def _forget(self, author: str, item: str) -> None:
        # That somebody vouched for something, or contradicted it, stays; his words go.
        was_known = self._knowledge.erase(author, item, without_content)
        row = self._db.one(
            "SELECT n, data FROM item WHERE id = ? AND author = ? AND audience = 'all'",
            *(item, author),
        )
        if was_known or row is not None:
            self._db.write("INSERT OR REPLACE INTO self (name, value) VALUES (?, 1)", _UNSCRUBBED)
        if row is None:
            return
        n, data = row
        bare = without_content(data)
        self._db.write("UPDATE item SET state = 'erased', data = ? WHERE n = ?", bare, n)
        self._db.write("DELETE FROM proposal WHERE id = ?", item)  # ballots on it stay
        self._db.write(
            "UPDATE concern SET text = 'its author erased what it was', resolved = since"
            " WHERE item = ? OR (item IS NULL AND key = ?)",  # my own troubles have none
            *(item, f"item:{author}:{item}"),
        )
        self._db.write("DELETE FROM quarantine WHERE item = ?", item)
        search.forget(self._db, n)

    def _strike(self, author: str, digest: str) -> None:
        """My own pages are offered without it."""
        rows = self._db.read(
            "SELECT n, data FROM own_page WHERE audience = ? AND instr(data, ?) > 0",
            *(ALL, digest.encode()),
        )
        self._db.write_many(
            "UPDATE own_page SET data = ? WHERE n = ?",
            [(strike(data, author, frozenset({digest})), n) for n, data in rows],
        )


def without_content(data: bytes) -> bytes:
    """An item as its author wrote it, but for what it said."""
    value = canonical.decode(data)
    return canonical.encode({k: v for k, v in value.items() if k not in _CONTENT})
