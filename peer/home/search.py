"""Full text over what this home holds, received and sent; an index that is made when it is asked.

Rules: nothing that writes mail pays for it: whoever searches brings the index up to date first. It
holds copies of words, so rows go when their items go (once a day, and at once what its author
erased); nothing sealed has words here. Whatever is typed are plain words, never a query language.
Languages that write no spaces are found by their characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from peer.home.database import Database
from protocol import canonical
from protocol.errors import SomaError, UsageError

words_max, query_chars_max = 32, 1_000
_BATCH = 1_000  # items in one transaction: others of this home write in between
_SNIPPET_CHARS, _BEFORE_CHARS = 160, 40
# Kana and Han: each character counts as a word.
_SPACELESS = re.compile("([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")
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
            *(" ".join(f'"{_spaced(word)}" *' for word in words), author, since_ms, hits_max),
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
            [(n, _spaced(said)) for n, _, data, known in rows if known and (said := _said(data))],
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


def plain_words(text: str) -> list[str]:
    """What was typed, as words to look for; UsageError where there are none, or too many."""
    words = [word for word in re.findall(r"\w+", text) if any(c.isalnum() for c in word)]
    if not words:
        raise UsageError("there is no word to look for; give letters or digits")
    if len(words) > words_max or len(text) > query_chars_max:
        raise UsageError(f"too much to look for; give at most {words_max} words")
    return words


def snippet(text: str, words: list[str]) -> str:
    """One line of a text, from around the first of these words that stands in it as typed."""
    line = " ".join(text.split())
    found = [line.casefold().find(word.casefold()) for word in words]
    at = max(min((place for place in found if place >= 0), default=0) - _BEFORE_CHARS, 0)
    part = line[at : at + _SNIPPET_CHARS]
    return f"{'… ' if at else ''}{part}{' …' if at + _SNIPPET_CHARS < len(line) else ''}"


def _said(data: bytes) -> str:
    """The words of an item: its text, topics and evidence."""
    body = canonical.decode(data).get("body")
    return " ".join(_texts(body)) if isinstance(body, dict) else ""


def _texts(body: dict[str, Any]) -> Iterator[str]:
    for member in ("text", "because", "topics", "evidence"):
        value = body.get(member)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))


def _spaced(text: str) -> str:
    return _SPACELESS.sub(r" \1 ", text)
