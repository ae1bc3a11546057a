"""Recall over 100,000 insights, taking in 10,000, and opening a home that knows 1,000,000.

Insights are one or two sentences of docstrings, queries pieces of sentences of 5 to 12 words, so
words are as frequent as in real text. The vectors of the 100,000 are random: embedding them would
take an hour, and what is compared does not change how long that takes.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice

from benchmarks import corpus
from benchmarks.measure import Turn, contest, timed, verdict
from benchmarks.network import memory, network
from peer import embedding
from peer.home import Home, create_home, open_home
from peer.home.recalled import Filter
from peer.home.vectors import Vector
from peer.knowing import Knowing, query_words
from peer.meaning import WORDS_LEAST, Meaning
from peer.recalling import Asked, Recalling, pool_hits, silently
from peer.send import send
from peer.tick.session import tick
from protocol.messages import Endorsement, Head, Insight, Item, compose
from protocol.page import ALL

ROUNDS = 60
KNOWN, NEW, PAGE, MANY = 100_000, 10_000, 100, 1_000_000
AUTHORS, TOPICS, OPINIONS = 100, 200, 0.1
WORDS_MS, HYBRID_MS, OPEN_MS, SPEED_MIN = 20, 60, 100, 2_000
TARGETS = (
    f"recall over {KNOWN:,} insights: median at most {WORDS_MS} ms by words",
    f"the same by words and meaning at most {HYBRID_MS} ms, embedding of the query apart",
    f"taking in {NEW:,} insights in pages of {PAGE}: at least {SPEED_MIN:,} a second",
    f"a home that knows {MANY:,} opens, and recalls a rare word, in at most {OPEN_MS} ms",
)
ME, NOW = "peer-000@lab.eu", 1_790_000_000_000
FTS, WORDS, HYBRID = "FTS5, all words, ids alone", "ours, by words", "ours, words and meaning"


def run(rounds: int) -> None:
    """Print the tables, the fast ones first."""
    with tempfile.TemporaryDirectory(prefix="soma-benchmark-", dir=memory()) as folder:
        _recall(os.path.join(folder, "known.db"), rounds)
    _take_in(min(rounds, 5))
    with tempfile.TemporaryDirectory(prefix="soma-benchmark-", dir=memory()) as folder:
        _open(os.path.join(folder, "many.db"), min(rounds, 20))


def _recall(path: str, rounds: int) -> None:
    home = create_home(path, os.urandom)
    _fill(home, KNOWN)
    asked = iter(corpus.queries(3 * (rounds + 1), seed=2))

    def words() -> float:
        text = next(asked)
        return timed(lambda: _answer(home, text))

    def alone() -> float:
        every = " OR ".join(f'"{word}"' for word in query_words(next(asked)))
        sql = "SELECT rowid FROM known_words WHERE known_words MATCH ? ORDER BY rank LIMIT 20"
        return timed(lambda: home.db.read(sql, every))

    turns: dict[str, Turn] = {FTS: alone, WORDS: words}
    if not embedding.missing():
        meaning = _random_vectors(home)

        def hybrid() -> float:
            text = next(asked)
            vector = meaning.vector(text)
            return timed(lambda: _both(home, meaning, text, vector))

        turns[HYBRID] = hybrid
    else:
        print("  by meaning: skipped, the extra `embed` is not installed")
    title = f"Recall over {KNOWN:,} insights of {AUTHORS} authors"
    medians = contest(title, FTS, turns, [], rounds)
    for name, most in ((WORDS, WORDS_MS), (HYBRID, HYBRID_MS)):
        if name in medians:
            found = medians[name] * 1e3
            verdict(f"{name}, median", f"at most {most} ms", f"{found:.1f} ms", found <= most)
    home.close()


def _answer(home: Home, text: str) -> object:
    asked = Asked(text=text, meaning=False)
    return Recalling(home, ME, NOW).answer(asked, silently, lambda answer: 0)


def _both(home: Home, meaning: Meaning, text: str, vector: object) -> object:
    meaning.catch_up(1, silently)
    cosines = meaning.find(vector, Filter(), pool_hits)
    found = home.recalled.find(query_words(text), Filter(), pool_hits, least=WORDS_LEAST)
    return Knowing(home, ME, NOW).ranked([found, list(cosines)])


def _take_in(rounds: int) -> None:
    if (place := memory()) is None:
        print("  taking in: skipped, no memory-backed disk here")
        return
    with network(("core", "librarian"), within=place) as made:
        core, librarian = made.peers["core"], made.peers["librarian"]
        bodies = (item.body for item in _insights(seed=3))

        def ours() -> float:
            for _ in range(NEW // PAGE):
                send(core, [ALL], [body for body in islice(bodies, PAGE) if body is not None])
            before = librarian.home.knowledge.newest()
            took = timed(lambda: tick(librarian))
            assert librarian.home.knowledge.newest() - before == NEW
            return took

        def rows() -> float:
            db, items = librarian.home.db, list(islice(_insights(seed=4), NEW))
            db.write("CREATE TABLE IF NOT EXISTS bare (id TEXT PRIMARY KEY, data BLOB)")

            def insert() -> None:
                for start in range(0, NEW, PAGE):
                    with db.transaction(durable=False):
                        some = [(item.id, item.data) for item in items[start : start + PAGE]]
                        db.write_many("INSERT OR REPLACE INTO bare VALUES (?, ?)", some)

            return timed(insert)

        turns: dict[str, Turn] = {"rows of SQLite alone": rows, "ours": ours}
        title = f"Taking in {NEW:,} insights in pages of {PAGE}: verify, journal, act, fold"
        speed = NEW / contest(title, "rows of SQLite alone", turns, [], rounds)["ours"]
        bound = f"at least {SPEED_MIN:,}"
        verdict("insights a second", bound, f"{speed:,.0f}", speed >= SPEED_MIN)


def _open(path: str, rounds: int) -> None:
    home = create_home(path, os.urandom)
    _fill(home, MANY)
    item = _item(MANY + 1, Insight(text="one word is rare: zeugma"))
    with home.transaction(durable=False):
        home.knowledge.fold(item, ALL, (), 0)
    _answer(home, "zeugma")
    home.close()

    def opened() -> None:
        home = open_home(path)
        assert len(_answer(home, "zeugma")["hits"]) == 1  # type: ignore[index]
        home.close()

    def bare() -> None:
        home = open_home(path)
        home.knowledge.newest()
        home.close()

    turns: dict[str, Turn] = {
        "the database alone": lambda: timed(bare),
        "ours, with a recall": lambda: timed(opened),
    }
    title = f"Opening a home that knows {MANY:,} insights"
    took = contest(title, "the database alone", turns, [], rounds)["ours, with a recall"] * 1e3
    verdict("open and recall", f"at most {OPEN_MS} ms", f"{took:.1f} ms", took <= OPEN_MS)


def _fill(home: Home, count: int) -> None:
    """So many insights, and opinions of some of them, known and indexed."""
    chance = random.Random(5)
    items = islice(_insights(seed=6), count)
    for part in iter(lambda: list(islice(items, 10_000)), []):
        with home.transaction(durable=False):
            for item in part:
                home.knowledge.fold(item, ALL, item.body.topics, 0)  # type: ignore[union-attr]
                if chance.random() < OPINIONS:
                    home.knowledge.fold(_endorsed(item, chance), ALL, (), 0)
    home.recalled.catch_up()


def _insights(seed: int) -> Iterator[Item]:
    chance, n = random.Random(seed), 0
    while True:
        n += 1
        text = " ".join(chance.choices(corpus.sentences(), k=chance.choice((1, 1, 2))))
        topics = (f"topic-{chance.randrange(TOPICS)}",)
        body = Insight(text=text, topics=topics, confidence=chance.randrange(300, 1000))
        yield _item(n, body, chance)


def _item(n: int, body: Insight, chance: random.Random | None = None) -> Item:
    author = f"peer-{chance.randrange(AUTHORS) if chance else 1:03}@lab.eu"
    return compose(Head(author=author, kind=body.kind, salt=f"{n:022}", at=NOW + n), body)


def _endorsed(item: Item, chance: random.Random) -> Item:
    author = f"peer-{chance.randrange(AUTHORS):03}@lab.eu"
    head = Head(author=author, kind=Endorsement.kind, salt=item.head.salt, at=NOW, re=item.id)
    return compose(head, Endorsement())


def _random_vectors(home: Home) -> Meaning:
    import numpy as np

    from peer.embedding import near

    chance = np.random.default_rng(7)
    ns: Iterable[int] = (row[0] for row in home.db.read("SELECT n FROM node ORDER BY n"))
    for part in iter(lambda: list(islice(ns, 500)), []):
        made = chance.standard_normal((len(part), 384)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        rows = zip(part, near.codes(made), near.halves(made), strict=True)
        home.vectors.put([Vector(*row) for row in rows], (part[0], part[-1]))
    return Meaning(home)
