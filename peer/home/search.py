"""Full text over what this home holds, received and sent; an index that is made when it is asked.

Rules: nothing that writes mail pays for it: whoever searches brings the index up to date first. It
holds copies of words, so rows go when their items go (once a day, and at once what its author
erased); nothing sealed has words here.
"""

from __future__ import annotations

from collections.abc import Callable

from peer.home.database import Database
from peer.home.words import said
from protocol import canonical
from protocol.errors import SomaError
from protocol.knowledge import spaced

_BATCH = 1_000  # items in one transaction: others of this home write in between
_MADE = "SELECT 1 FROM sqlite_master WHERE name = 'indexed'"


class Search:
    """The tables `words` (of FTS5) and `indexed`, made when they are first needed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(
        self, words: list[str], *, author: str | None, since_ms: int, hits_max: int
    ) -> list[int]:
        """Rows of items in which every word begins some word, by relevance (bm25), newest first.

        `author` is a full address, None for everybody; `since_ms` counts when it came, or was
        written here. Call `catch_up` before.
        """
        rows = self._db.read(
            "SELECT item.n FROM words JOIN indexed ON indexed.n = words.rowid"
            " JOIN item ON item.n = indexed.n AND item.id = indexed.id"
            " WHERE words MATCH ?1 AND (?2 IS NULL OR item.author = ?2) AND item.stored_at >= ?3"
            " ORDER BY bm25(words), item.n DESC LIMIT ?4",
            *(" ".join(f'"{spaced(word)}" *' for word in words), author, since_ms, hits_max),
        )
        return [row[0] for row in rows]

    def sealed(self, *, author: str | None, since_ms: int) -> int:
        """How many sealed letters, which are not searched, there are by the same measures."""
        row = self._db.one(
            "SELECT count(*) FROM item WHERE kind = 'sealed' AND understood = 1"
            " AND (?1 IS NULL OR author = ?1) AND stored_at >= ?2",
            *(author, since_ms),
        )
        return 0 if row is None else int(row[0])

    def catch_up(self, progress: Callable[[int, int, str], None]) -> None:
        """Bring the index up to date with the items that there are."""
        self._make()
        with self._db.transaction(durable=False):
            drop_gone(self._db)
        rows = self._db.read(
            "SELECT item.n FROM item LEFT JOIN indexed ON indexed.id = item.id"
            " WHERE indexed.id IS NULL ORDER BY item.n"
        )
        ns = [row[0] for row in rows]
        for start in range(0, len(ns), _BATCH):
            with self._db.transaction(durable=False):
                self._add(ns[start : start + _BATCH])
            progress(min(start + _BATCH, len(ns)), len(ns), "items indexed")

    def _make(self) -> None:
        if self._db.one(_MADE) is not None:
            return
        used = self._db.one("SELECT sqlite_compileoption_used('ENABLE_FTS5')")
        if used is None or not used[0]:
            raise SomaError("the SQLite of this Python has no full text search (FTS5)")
        with self._db.transaction(durable=False):
            self._db.write(
                "CREATE VIRTUAL TABLE IF NOT EXISTS words USING"
                " fts5(text, tokenize = 'unicode61 remove_diacritics 2')"
            )
            self._db.write(
                "CREATE TABLE IF NOT EXISTS indexed"
                " (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)"
            )

    def _add(self, ns: list[int]) -> None:
        marks = ", ".join("?" * len(ns))
        rows = self._db.read(f"SELECT n, id, data, understood FROM item WHERE n IN ({marks})", *ns)
        self._db.write_many(
            "INSERT OR REPLACE INTO indexed VALUES (?, ?)", [(n, id_) for n, id_, _, _ in rows]
        )
        self._db.write_many(
            "INSERT INTO words (rowid, text) VALUES (?, ?)",
            [(n, spaced(text)) for n, _, data, known in rows if known and (text := _text(data))],
        )


def forget(db: Database, n: int) -> None:
    """An item has no words any more; inside a transaction."""
    if db.one(_MADE) is not None:
        db.write("DELETE FROM words WHERE rowid = ?", n)


def drop_gone(db: Database) -> None:
    """The words of items that are gone go; inside a transaction."""
    if db.one(_MADE) is None:
        return
    # Numbers are given out again: an item is gone where its id is no more at its number.
    gone = db.read(
        "SELECT indexed.n FROM indexed LEFT JOIN item"
        " ON item.id = indexed.id AND item.n = indexed.n WHERE item.n IS NULL"
    )
    db.write_many("DELETE FROM words WHERE rowid = ?", gone)
    db.write_many("DELETE FROM indexed WHERE n = ?", gone)


def _text(data: bytes) -> str:
    return said(canonical.decode(data).get("body"))
