"""Finding what is known by its words: an index of FTS5 over the nodes, ranked by bm25.

Rules: whoever folds pays nothing, whoever recalls brings the index up to date first. What is typed
are plain words, and not all of them need to be found; words that stand nearly everywhere are left
out where rarer ones are there, because they cost much and tell little. English words are known by
their stems. Authors take turns, so that whoever says very much hides nothing of what others say.
Nodes leave the index when they are forgotten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peer.home.database import Database, Row
from peer.home.words import said
from protocol import canonical
from protocol.errors import SomaError
from protocol.knowledge import spaced
from protocol.messages import Announcement, Answer, Insight, Question

# What can be recalled; opinions of it stand beside it.
RECALLABLE = (Insight.kind, Answer.kind, Question.kind, Announcement.kind)
# Places in the index that are looked at for one question: ranking takes 1 to 2 µs for each.
looked_at_max = 3_000
turn_hits = 5  # of one author, before the next ones of others
supported_max = 1_000  # of those that most others vouch for, on whatever
below_max = 100_000  # numbers below those places in which others than the loudest are looked for
few_max = 5_000  # nodes that are told one by one, where a filter leaves no more
_BATCH = 500
_KINDS = ", ".join(map(repr, RECALLABLE))
_MADE = "SELECT 1 FROM sqlite_master WHERE name = 'known_words'"
Scored = tuple[int, float]  # number of a node, how well it fits
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
        self.indexed = topic is not None or author is not None
        if kinds and set(kinds) != set(RECALLABLE):  # nothing else has words or vectors
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
    def nothing(self) -> bool:
        """Whether everything that can be recalled counts."""
        return not self._parts

    @property
    def sql(self) -> str:
        """A condition on `node`, beginning with AND where there is one."""
        return "".join(f" AND {part}" for part in self._parts)


class Recalled:
    """The table `known_words` (of FTS5), made when it is first needed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # What was last asked, and what came of it: it is asked twice in one answer.
        self._told: tuple[object, tuple[list[str], int]] = None, ([], 0)

    def find(
        self,
        words: Sequence[str],
        which: Filter,
        hits_max: int,
        *,
        least: float = 0.0,
        supported: int = 0,
    ) -> list[int]:
        """Numbers of nodes in which some of the words stand, the most fitting first.

        Authors take turns of `turn_hits`. Those that fit less than `least` (0 to 1) times as well
        as the best are left out. So many places at the end are for those that most others vouch
        for, however well they fit: what many stand for is not hidden by how much others say.
        """
        scored = self._scored(words, which)[:hits_max]
        found = [n for n, score in scored if score >= least * scored[0][1]]
        more = self._supported(words, which, supported) if supported else []
        missing = [n for n in more if n not in set(found)]
        return [*found[: hits_max - len(missing)], *missing]

    def _supported(self, words: Sequence[str], which: Filter, hits_max: int) -> list[int]:
        told, _ = self._telling(words)
        if not told:
            return []
        # The + keeps the search by words, as below.
        rows = self._db.read(
            "SELECT rowid FROM known_words WHERE known_words MATCH ? AND +rowid IN"
            " (SELECT n FROM node WHERE supporters > 0 ORDER BY supporters DESC, n DESC LIMIT ?)",
            *(" OR ".join(told), supported_max),
        )
        passing = sorted(self._authors([row[0] for row in rows], which))
        marks = ", ".join("?" * len(passing))
        best = self._db.read(
            f"SELECT n FROM node WHERE n IN ({marks}) ORDER BY supporters DESC, n DESC LIMIT ?",
            *(*passing, hits_max),
        )
        return [row[0] for row in best]

    def _scored(self, words: Sequence[str], which: Filter) -> list[Scored]:
        """The same, with what bm25 says of each."""
        self.catch_up()
        told, above = self._telling(words)
        if not told:
            return []
        few = self.few(which)
        if few is not None:
            ranked = self._among(few, told)
        else:
            ranked = self._db.read(
                "SELECT rowid, -rank FROM known_words WHERE known_words MATCH ? AND rowid > ?"
                " ORDER BY rank, rowid DESC",
                *(" OR ".join(told), above),
            )
            if above:
                ranked = self._with_others(ranked, told, above)
        authors = self._authors([one[0] for one in ranked], which)
        return _in_turns([(n, score) for n, score in ranked if n in authors], authors)

    def _among(self, few: frozenset[int], told: Sequence[str]) -> list[Row]:
        """Those of these nodes in which one of the words stands, ranked; no other is ranked."""
        if not few:
            return []
        rows = self._db.read(
            "SELECT rowid, -rank FROM known_words WHERE known_words MATCH ?"
            " AND rowid BETWEEN ? AND ? AND +rowid IN (SELECT value FROM json_each(?))",
            *(" OR ".join(told), min(few), max(few), canonical.encode(sorted(few)).decode()),
        )
        return sorted(rows, key=lambda one: (-one[1], -one[0]))

    def _with_others(self, ranked: list[Row], told: Sequence[str], above: int) -> list[Row]:
        """Where most of the newest are of one author also what others said before, ranked."""
        of_each = Counter(self._authors([one[0] for one in ranked], Filter()).values())
        ((loudest, places),) = of_each.most_common(1) or [("", 0)]
        if 2 * places <= len(ranked):
            return ranked
        lowest = above - below_max
        # The + keeps the search by words: a search by number would rank anew for each.
        others = self._db.read(
            "SELECT rowid, -rank FROM known_words WHERE known_words MATCH ?"
            " AND rowid BETWEEN ? AND ? AND +rowid NOT IN"
            " (SELECT n FROM node WHERE author = ? AND n BETWEEN ? AND ?)"
            " ORDER BY rowid DESC LIMIT ?",
            *(" OR ".join(told), lowest, above, loudest, lowest, above, looked_at_max),
        )
        return sorted([*ranked, *others], key=lambda one: (-one[1], -one[0]))

    def few(self, which: Filter) -> frozenset[int] | None:
        """Numbers of all nodes that pass, where an index tells that they are few; else None."""
        if not which.indexed:
            return None
        rows = self._db.read(
            f"SELECT node.n FROM node WHERE 1{which.sql} LIMIT ?", *which.values, few_max + 1
        )
        return frozenset(row[0] for row in rows) if len(rows) <= few_max else None

    def standing_in(self, words: Sequence[str], ns: Sequence[int]) -> dict[int, list[str]]:
        """By which of these words each of these nodes is found, in their order."""
        self.catch_up()
        found: dict[int, list[str]] = {n: [] for n in ns}
        told = set(self._telling(words)[0]) if ns else ()
        for word in dict.fromkeys(words):
            if _quoted(word) not in told:
                continue
            rows = self._db.read(
                "SELECT rowid FROM known_words WHERE known_words MATCH ? AND rowid BETWEEN ? AND ?",
                *(_quoted(word), min(ns), max(ns)),
            )
            for n in {row[0] for row in rows} & found.keys():
                found[n].append(word)
        return found

    def newest(self, which: Filter, hits_max: int) -> list[int]:
        """Numbers of the newest nodes."""
        return self._listed(which, "DESC", hits_max)

    def oldest(self, which: Filter, hits_max: int) -> list[int]:
        """Numbers of nodes in the order in which they came."""
        return self._listed(which, "ASC", hits_max)

    def count(self, which: Filter) -> int:
        """How many nodes fit."""
        row = self._db.one(
            f"SELECT count(*) FROM node WHERE node.kind IN ({_KINDS}){which.sql}", *which.values
        )
        return 0 if row is None else int(row[0])

    def _listed(self, which: Filter, order: str, hits_max: int) -> list[int]:
        rows = self._db.read(
            f"SELECT node.n FROM node WHERE node.kind IN ({_KINDS}){which.sql}"
            f" ORDER BY node.n {order} LIMIT ?",
            *(*which.values, hits_max),
        )
        return [row[0] for row in rows]

    def catch_up(self, progress: Progress = _silently) -> None:
        """Bring the index up to date with the nodes that there are."""
        self._make()
        while self._next(1):
            with self._db.part():
                # Read in here: what another process erased meanwhile must not come back.
                rows = self._next(_BATCH)
                texts = [(n, _words(data)) for n, data in rows]
                # The last of them says how far this is, with or without words.
                self._db.write_many(
                    "INSERT INTO known_words (rowid, text) VALUES (?, ?)",
                    [one for one in texts if one[1] or one == texts[-1]],
                )
            if rows:
                progress(rows[-1][0], rows[-1][0], "items indexed")

    def _next(self, rows_max: int) -> list[Row]:
        """Nodes that are not in the index yet, the oldest first."""
        return self._db.read(
            "SELECT n, data FROM node WHERE n > (SELECT coalesce(max(id), 0)"
            " FROM known_words_docsize) ORDER BY n LIMIT ?",
            rows_max,
        )

    def _telling(self, words: Sequence[str]) -> tuple[list[str], int]:
        """The words as FTS5 takes them, rarest first, as many as one question may look at.

        Where even the rarest stands in more, only the newest of them are looked at: those whose
        number is above the second value.
        """
        asked = (tuple(words), self._db.stamp("known_words"))
        if self._told[0] == asked:
            return self._told[1]
        counted = []
        for word in dict.fromkeys(words):
            row = self._db.one(
                "SELECT count(*) FROM (SELECT 1 FROM known_words WHERE known_words"
                " MATCH ? LIMIT ?)",
                _quoted(word),
                looked_at_max,
            )
            assert row is not None
            counted.append((int(row[0]), _quoted(word)))
        told, places = list[str](), 0
        for count, quoted in sorted(counted):
            if told and places + count > looked_at_max:
                break
            told += [quoted] if count else []
            places += count
        row = None
        if places >= looked_at_max:
            row = self._db.one(
                "SELECT rowid FROM known_words WHERE known_words MATCH ?"
                " ORDER BY rowid DESC LIMIT 1 OFFSET ?",
                *(" OR ".join(told), looked_at_max),
            )
        self._told = asked, (told, 0 if row is None else int(row[0]))
        return self._told[1]

    def _authors(self, ns: Sequence[int], which: Filter) -> dict[int, str]:
        """Who said those of these nodes that pass."""
        found: dict[int, str] = {}
        for start in range(0, len(ns), _BATCH):
            part = ns[start : start + _BATCH]
            marks = ", ".join("?" * len(part))
            found.update(
                self._db.read(
                    f"SELECT node.n, node.author FROM node WHERE node.n IN ({marks}){which.sql}",
                    *(*part, *which.values),
                )
            )
        return found

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


def _in_turns(ranked: Sequence[Scored], authors: Mapping[int, str]) -> list[Scored]:
    """The best few of every author, then the next few, each turn in the order that was given."""
    places: Counter[str] = Counter()
    turns: dict[int, list[Scored]] = defaultdict(list)
    for one in ranked:
        author = authors[one[0]]
        turns[places[author] // turn_hits].append(one)
        places[author] += 1
    return [one for turn in sorted(turns) for one in turns[turn]]


def forget(db: Database, n: int, data: bytes) -> None:
    """A node has no words any more; `data` is as it was. Inside a transaction."""
    if db.one(_MADE) is not None and db.one("SELECT 1 FROM known_words_docsize WHERE id = ?", n):
        db.write(
            "INSERT INTO known_words (known_words, rowid, text) VALUES ('delete', ?, ?)",
            *(n, _words(data)),
        )


def _quoted(word: str) -> str:
    """A word as FTS5 takes it: whatever stands in quotes is no syntax."""
    return '"' + spaced(word.replace('"', " ")).strip() + '"'


def _words(data: bytes) -> str:
    value: dict[str, Any] = canonical.decode(data)
    return spaced(said(value.get("body"))) if value["kind"] in RECALLABLE else ""
