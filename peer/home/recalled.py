"""Finding what is known by its words: an index of FTS5 over the nodes, ranked by bm25.

Rules: whoever folds pays nothing, whoever recalls brings the index up to date first. What is typed
are plain words, and not all of them need to be found; words that stand nearly everywhere are left
out where rarer ones are there, because they cost much and tell little. English words are known by
their stems. Nodes leave the index when they are forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from peer.home.database import Database
from peer.home.words import said, spaced
from protocol import canonical
from protocol.errors import SomaError

# Places in the index that are looked at for one question: ranking takes about 1 µs for each.
looked_at_max = 10_000
_BATCH = 1_000
_MADE = "SELECT 1 FROM sqlite_master WHERE name = 'known_words'"
Progress = Callable[[int, int, str], None]


def _silently(done: int, of: int, what: str) -> None:
    """Nobody watches."""


class Filter:
    """Which nodes count; what is None does not matter.

    `author` and `cluster` are full, `since` and `until` ms of their authors' clocks, `above` the
    number after which they came here.
    """

    def __init__(
        self,
        *,
        kinds: Sequence[str] = (),
        topic: str | None = None,
        author: str | None = None,
        cluster: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        above: int | None = None,
        public: bool = False,
    ) -> None:
        self._parts: list[str] = []
        self.values: list[object] = []
        if kinds:
            self._add(f"node.kind IN ({', '.join('?' * len(kinds))})", *kinds)
        if topic is not None:
            self._add("node.n IN (SELECT node FROM about WHERE topic = ?)", topic)
        if author is not None:
            self._add("node.author = ?", author)
        if cluster is not None:
            self._add("substr(node.author, instr(node.author, '@') + 1) = ?", cluster)
        if since_ms is not None:
            self._add("node.at >= ?", since_ms)
        if until_ms is not None:
            self._add("node.at < ?", until_ms)
        if above is not None:
            self._add("node.n > ?", above)
        if public:
            self._add("node.audience = 'all'")

    def _add(self, part: str, *values: object) -> None:
        self._parts.append(part)
        self.values += values

    @property
    def sql(self) -> str:
        """A condition on `node`, beginning with AND where there is one."""
        return "".join(f" AND {part}" for part in self._parts)


class Recalled:
    """The tables `known_words` (of FTS5) and `known_terms` (its vocabulary)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, words: Sequence[str], which: Filter, hits_max: int) -> list[int]:
        """Numbers of nodes in which some of the words stand, the most fitting first."""
        self.catch_up()
        told = self._telling(words)
        if not told:
            return []
        rows = self._db.read(
            "SELECT node.n FROM known_words JOIN node ON node.n = known_words.rowid"
            f" WHERE known_words MATCH ? {which.sql}"
            " ORDER BY known_words.rank, node.n DESC LIMIT ?",
            *(" OR ".join(told), *which.values, hits_max),
        )
        return [row[0] for row in rows]

    def newest(self, which: Filter, hits_max: int) -> list[int]:
        """Numbers of the newest nodes."""
        rows = self._db.read(
            f"SELECT node.n FROM node WHERE 1 {which.sql} ORDER BY node.n DESC LIMIT ?",
            *(*which.values, hits_max),
        )
        return [row[0] for row in rows]

    def catch_up(self, progress: Progress = _silently) -> None:
        """Bring the index up to date with the nodes that there are."""
        self._make()
        row = self._db.one("SELECT max(id) FROM known_words_docsize")
        done = 0 if row is None or row[0] is None else int(row[0])
        while rows := self._db.read(
            "SELECT n, data FROM node WHERE n > ? ORDER BY n LIMIT ?", done, _BATCH
        ):
            with self._db.part():
                self._db.write_many(
                    "INSERT INTO known_words (rowid, text) VALUES (?, ?)",
                    [(n, _words(data)) for n, data in rows],
                )
            done = rows[-1][0]
            progress(done, done, "items indexed")

    def _telling(self, words: Sequence[str]) -> list[str]:
        """The words as FTS5 takes them, rarest first, as many as one question may look at."""
        counted = []
        for word in dict.fromkeys(words):
            quoted = f'"{spaced(word).strip()}"'
            row = self._db.one(
                "SELECT count(*) FROM (SELECT 1 FROM known_words WHERE known_words"
                " MATCH ? LIMIT ?)",
                quoted,
                looked_at_max,
            )
            assert row is not None
            counted.append((int(row[0]), quoted))
        told, places = list[str](), 0
        for count, quoted in sorted(counted):
            if told and places + count > looked_at_max:
                break
            told += [quoted] if count else []
            places += count
        return told

    def _make(self) -> None:
        if self._db.one(_MADE) is not None:
            return
        used = self._db.one("SELECT sqlite_compileoption_used('ENABLE_FTS5')")
        if used is None or not used[0]:
            raise SomaError("the SQLite of this Python has no full text search (FTS5)")
        with self._db.part():
            self._db.write(
                "CREATE VIRTUAL TABLE IF NOT EXISTS known_words USING fts5(text, content = '',"
                " tokenize = 'porter unicode61 remove_diacritics 2')"
            )


def forget(db: Database, n: int, data: bytes) -> None:
    """A node has no words any more; `data` is as it was. Inside a transaction."""
    if db.one(_MADE) is not None and db.one("SELECT 1 FROM known_words_docsize WHERE id = ?", n):
        db.write(
            "INSERT INTO known_words (known_words, rowid, text) VALUES ('delete', ?, ?)",
            *(n, _words(data)),
        )


def _words(data: bytes) -> str:
    value: dict[str, Any] = canonical.decode(data)
    return spaced(said(value.get("body")))
