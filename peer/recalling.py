"""Finding what is known: what is asked, what is answered, and how much of it fits into a budget.

Rules: whatever is typed are plain words. Nothing sealed, erased, or waiting for a yes is known, so
nothing of it is found. Who said it, when, and how far that is believed stands beside every hit;
what does not hold any more stands below what does. A cursor is a place in the order of arrival in
this home: nothing that comes after it is missed, and after a repair everything counts as new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from peer import claims, embedding
from peer.cursors import cursor, is_cursor, place
from peer.given import check_utf8, duration
from peer.home import Home
from peer.home.recalled import RECALLABLE, Filter
from peer.home.words import query_chars_max
from peer.knowing import Hit, Knowing, query_words
from peer.meaning import WORDS_LEAST, Meaning
from peer.rows import Row
from protocol.errors import UsageError

hits_max = 1_000
pool_hits = 60  # are ranked by what may be believed of them, or as many as are asked for
embedded_max = 500  # in one call, about ten seconds; `embed_all` does all of them
token_bytes = 3  # UTF-8; a model's token is seldom shorter, so no budget is exceeded
budget_tokens_min = 400
_CUT = " …"
_CUT_CHARS_MIN = 80  # less of a text is not worth its frame, but for the first hit

Progress = Callable[[int, int, str], None]
Size = Callable[[Row], int]  # bytes of a whole answer


def silently(done: int, of: int, what: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for; what is None or empty does not matter.

    `author` is a bare name of my cluster or a full address. `since` is a time such as 7d or a
    cursor, `until` a time; times are those that authors claim. `meaning`: by vectors, too; None
    where the extra for it is installed. `budget_tokens` bounds the whole answer.
    """

    text: str = ""
    topic: str | None = None
    author: str | None = None
    cluster: str | None = None
    kinds: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    limit: int = 20
    budget_tokens: int | None = None
    meaning: bool | None = None
    embed_all: bool = False

    def __post_init__(self) -> None:
        """UsageError for what cannot be asked."""
        for what, text in (
            ("the query", self.text),
            ("the author", self.author),
            ("the cluster", self.cluster),
        ):
            check_utf8(text or "", what)
        if unknown := [kind for kind in self.kinds if kind not in RECALLABLE]:
            raise UsageError(
                f"{unknown[0][:40]!r} is no kind that is recalled; they are {', '.join(RECALLABLE)}"
            )
        if not 1 <= self.limit <= hits_max:
            raise UsageError(f"ask for 1 to {hits_max} hits, not {self.limit}")
        if self.budget_tokens is not None and self.budget_tokens < budget_tokens_min:
            raise UsageError(f"a budget is at least {budget_tokens_min} tokens")
        if len(self.text) > query_chars_max:
            raise UsageError(f"too much to look for; give at most {query_chars_max} characters")
        if self.text.strip() and not query_words(self.text):
            raise UsageError("there is no word to look for; give letters or digits")

    @property
    def cursor(self) -> str | None:
        """The cursor in `since`, where it is one."""
        return self.since if self.since is not None and is_cursor(self.since) else None


@dataclass(frozen=True, slots=True)
class _Found:
    hits: list[Hit]
    total: int
    newest: int
    in_order: bool = False
    cosines: dict[int, float] | None = None
    unembedded: int = 0


class Recalling:
    """One home, as its peer asks it; `cluster` is its own, `now_ms` its clock."""

    def __init__(self, home: Home, address: str, now_ms: int) -> None:
        self._home = home
        self._address = address
        self._cluster = address.partition("@")[2]
        self._now_ms = now_ms
        self._knowing = Knowing(home, address, now_ms)

    def answer(self, asked: Asked, progress: Progress, size: Size) -> Row:
        """The hits, where to go on, and how much was left out; within the budget by `size`."""
        found = self._find(asked, progress)
        rows = self._rows(asked, found)
        frame: Row = {
            "hits": [],
            "cursor": cursor(self._home, found.newest),
            "left_out": found.total,
            "unembedded": found.unembedded,
            "by": "words" if found.cosines is None else "words and meaning",
        }
        if asked.budget_tokens is not None:
            rows = fitting(frame, rows, asked.budget_tokens * token_bytes, size)
        left = found.total - len(rows)
        if found.in_order and rows and left > 0:
            frame["cursor"] = cursor(self._home, found.hits[len(rows) - 1].node.n)
        return frame | {"hits": rows, "left_out": left}

    # ----------------------------------------------------------------------------------- finding

    def _find(self, asked: Asked, progress: Progress) -> _Found:
        newest = self._home.knowledge.newest()  # before looking: what comes meanwhile is new
        which, pool = self._filter(asked), max(pool_hits, asked.limit)
        by_meaning = self._by_meaning(asked)
        left = 0
        if by_meaning is not None:
            left = by_meaning.catch_up(10**9 if asked.embed_all else embedded_max, progress)
        if not asked.text.strip():
            return replace(self._unasked(asked, which, newest), unembedded=left)
        recalled = self._home.recalled
        recalled.catch_up(progress)
        words, cosines = query_words(asked.text), None
        if by_meaning is None:
            lists: list[Sequence[int]] = [recalled.find(words, which, pool)]
        else:
            cosines = by_meaning.find(by_meaning.vector(asked.text), which, pool)
            lists = [recalled.find(words, which, pool, least=WORDS_LEAST), list(cosines)]
        hits = self._knowing.ranked(lists)
        return _Found(hits, len(hits), newest, cosines=cosines, unembedded=left)

    def _unasked(self, asked: Asked, which: Filter, newest: int) -> _Found:
        """Without words: what is new in the order in which it came, or else what is newest."""
        if asked.embed_all and which.nothing:
            return _Found([], 0, newest)  # it was the vectors that were asked for
        recalled, knowing = self._home.recalled, self._knowing
        total = recalled.count(which)
        if asked.cursor is None:
            hits = knowing.ranked([recalled.newest(which, asked.limit)])
            return _Found(hits, total, newest)
        hits = knowing.ranked([recalled.oldest(which, asked.limit)])
        hits.sort(key=lambda hit: hit.node.n)
        return _Found(hits, total, newest, in_order=True)

    def _by_meaning(self, asked: Asked) -> Meaning | None:
        wanted = asked.meaning or asked.embed_all
        if asked.meaning is False or (not wanted and embedding.missing()):
            return None
        # Without words there is nothing to compare.
        return Meaning(self._home) if asked.text.strip() or wanted else None

    def _filter(self, asked: Asked) -> Filter:
        author, since_ms, above = asked.author, None, None
        if author is not None and "@" not in author:
            author = f"{author}@{self._cluster}"
        if asked.cursor is not None:
            above = place(self._home, asked.cursor)
        elif asked.since is not None:
            since_ms = self._now_ms - duration(asked.since, "--since (a time, or a cursor)")
        until_ms = None
        if asked.until is not None:
            until_ms = self._now_ms - duration(asked.until, "--until")
        return Filter(
            kinds=asked.kinds, topic=asked.topic, author=author, cluster=asked.cluster,
            since_ms=since_ms, until_ms=until_ms, above=above,
        )  # fmt: skip

    # -------------------------------------------------------------------------------------- rows

    def _rows(self, asked: Asked, found: _Found) -> list[Row]:
        hits = found.hits[: asked.limit]
        words = query_words(asked.text)
        standing = self._home.recalled.standing_in(words, [hit.node.n for hit in hits])
        cosines = found.cosines or {}
        return [
            self._row(hit, standing.get(hit.node.n, []), cosines.get(hit.node.n)) for hit in hits
        ]

    def _row(self, hit: Hit, words: list[str], cosine: float | None) -> Row:
        return claims.row(self._knowing, hit.node, hit.belief, hit.topics) | {
            "score": round(hit.score, 5),
            "re": hit.node.item.head.re,
            "found": {"words": words, "meaning": None if cosine is None else round(cosine, 3)},
            "cut": False,
        }


def fitting(frame: Row, rows: Sequence[Row], bytes_max: int, size: Size) -> list[Row]:
    """As many rows as fit into an answer of so many bytes, from the first on, and at least one.

    The last of them may be cut. `size` tells the bytes of a whole answer.
    """
    empty = size(frame)
    used, kept = empty, list[Row]()

    def cost(row: Row) -> int:
        return size(frame | {"hits": [row]}) - empty + 2  # and a comma and a space before the next

    for row in rows:
        room = bytes_max - used
        whole = cost(row)
        if whole > room:
            shorter = _shortened(row, room, cost, least=_CUT_CHARS_MIN if kept else 0)
            kept += [] if shorter is None else [shorter]
            break
        kept.append(row)
        used += whole
    return kept


def _shortened(row: Row, room: int, cost: Callable[[Row], int], least: int) -> Row | None:
    """A row with as much of its text as there is room for; None where that is less than `least`."""

    def begin(chars: int) -> Row:
        return row | {"text": row["text"][:chars] + _CUT, "cut": True}

    if cost(begin(0)) > room:
        if least:
            return None
        # The first hit stays, whatever its frame: what can be asked again goes.
        row = row | {"topics": [], "found": {"words": [], "meaning": row["found"]["meaning"]}}
    low, high = 0, len(row["text"])
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(begin(middle)) <= room else (low, middle - 1)
    return begin(low) if low >= least else None
