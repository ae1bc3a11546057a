"""What known things mean, as vectors: their codes in rows of many, each whole one in its own row.

Rules: whoever folds pays nothing, whoever recalls by meaning brings this up to date (outside of
ticks). What is done is kept as ranges of numbers, so that nothing is looked for where nothing is
new. A vector goes with its node. Not here: how vectors are made (`peer.embedding`), and compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from peer.home.database import Database
from peer.home.recalled import RECALLABLE

code_bytes = 48
_CHUNK = 1_024  # codes in one row: few rows to read, and little to write for a new one
_PART = 500  # values in one question
_MADE = "SELECT 1 FROM sqlite_master WHERE name = 'vector'"
_KINDS = ", ".join(map(repr, RECALLABLE))
_TABLES = (
    "CREATE TABLE IF NOT EXISTS vector (n INTEGER PRIMARY KEY, whole BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS vector_code (chunk INTEGER PRIMARY KEY, codes BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS vector_done (low INTEGER PRIMARY KEY, high INTEGER NOT NULL)",
)

Range = tuple[int, int]  # of numbers of nodes, both ends in it


class Vector(NamedTuple):
    """Of the node `n`: its code, 48 bytes, and its vector in whole."""

    n: int
    code: bytes
    whole: bytes


class Vectors:
    """The tables `vector`, `vector_code` and `vector_done`, made when they are first needed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def waiting(self, nodes_max: int) -> tuple[list[tuple[int, bytes]], Range | None]:
        """(number, data) of the newest nodes without a vector, and the range they stand for.

        The range is None where nothing is left to do.
        """
        for low, high in self._gaps():
            rows = self._db.read(
                f"SELECT n, data FROM node WHERE n BETWEEN ? AND ? AND kind IN ({_KINDS})"
                " ORDER BY n DESC LIMIT ?",
                *(low, high, nodes_max),
            )
            whole = len(rows) < nodes_max
            return [(n, data) for n, data in rows], (low if whole else rows[-1][0], high)
        return [], None

    def left(self) -> int:
        """How many nodes have no vector yet."""
        counts = [
            self._db.read(
                f"SELECT count(*) FROM node WHERE n BETWEEN ? AND ? AND kind IN ({_KINDS})", *gap
            )[0][0]
            for gap in self._gaps()
        ]
        return sum(counts)

    def put(self, vectors: Sequence[Vector], done: Range) -> None:
        """Keep the vectors of all nodes in a range; of nodes that went meanwhile nothing stays."""
        self._make()
        with self._db.part():
            here = self._here([one.n for one in vectors])
            kept = [one for one in vectors if one.n in here]
            self._db.write_many(
                "INSERT OR REPLACE INTO vector VALUES (?, ?)", [(one.n, one.whole) for one in kept]
            )
            chunks: dict[int, list[Vector]] = defaultdict(list)
            for one in kept:
                chunks[one.n // _CHUNK].append(one)
            for chunk, several in chunks.items():
                _set_codes(self._db, chunk, [(one.n, one.code) for one in several])
            self._mark(*done)

    def codes(self) -> tuple[list[int], bytes]:
        """The numbers at which rows of codes begin, and all codes; of no node a code of zeros."""
        if self._db.one(_MADE) is None:
            return [], b""
        rows = self._db.read("SELECT chunk, codes FROM vector_code ORDER BY chunk")
        return [row[0] * _CHUNK for row in rows], b"".join(row[1] for row in rows)

    @staticmethod
    def number(begins: Sequence[int], place: int) -> int:
        """The number of the node whose code stands at a place of `codes`."""
        return begins[place // _CHUNK] + place % _CHUNK

    def whole(self, ns: Sequence[int], where: str = "", *values: object) -> dict[int, bytes]:
        """Vectors by the numbers of their nodes, of those nodes that fit a condition."""
        found: dict[int, bytes] = {}
        for start in range(0, len(ns), _PART):
            part = ns[start : start + _PART]
            found |= {
                row[0]: row[1]
                for row in self._db.read(
                    "SELECT vector.n, vector.whole FROM vector JOIN node ON node.n = vector.n"
                    f" WHERE vector.n IN ({', '.join('?' * len(part))}){where}",
                    *(*part, *values),
                )
            }
        return found

    def _here(self, ns: Sequence[int]) -> set[int]:
        marks = ", ".join("?" * len(ns))
        return {row[0] for row in self._db.read(f"SELECT n FROM node WHERE n IN ({marks})", *ns)}

    def _gaps(self) -> list[Range]:
        """Ranges of numbers that are not done, the newest first."""
        row = self._db.one("SELECT max(n) FROM node")
        top = 0 if row is None or row[0] is None else int(row[0])
        done = []
        if self._db.one(_MADE) is not None:
            done = self._db.read("SELECT low, high FROM vector_done ORDER BY low DESC")
        found = []
        for low, high in done:
            if high < top:
                found.append((high + 1, top))
            top = low - 1
        return [*found, (1, top)] if top > 0 else found

    def _mark(self, low: int, high: int) -> None:
        """A range is done; it grows together with those that it touches."""
        touched = self._db.read(
            "SELECT low, high FROM vector_done WHERE low <= ? + 1 AND high >= ? - 1", high, low
        )
        self._db.write_many("DELETE FROM vector_done WHERE low = ?", [(row[0],) for row in touched])
        self._db.write(
            "INSERT INTO vector_done VALUES (?, ?)",
            *(min([low, *(row[0] for row in touched)]), max([high, *(row[1] for row in touched)])),
        )

    def _make(self) -> None:
        if self._db.one(_MADE) is None:
            with self._db.part():
                for table in reversed(_TABLES):  # the first one says that all are there
                    self._db.write(table)


def forget(db: Database, n: int) -> None:
    """A node has no vector any more; inside a transaction."""
    if db.one(_MADE) is not None and db.write("DELETE FROM vector WHERE n = ?", n):
        _set_codes(db, n // _CHUNK, [(n, bytes(code_bytes))])


def _set_codes(db: Database, chunk: int, codes: Sequence[tuple[int, bytes]]) -> None:
    row = db.one("SELECT codes FROM vector_code WHERE chunk = ?", chunk)
    changed = bytearray(_CHUNK * code_bytes) if row is None else bytearray(row[0])
    for n, code in codes:
        start = n % _CHUNK * code_bytes
        changed[start : start + code_bytes] = code
    db.write("INSERT OR REPLACE INTO vector_code VALUES (?, ?)", chunk, bytes(changed))
