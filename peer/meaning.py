"""Finding what is known by what it means, with the extra `embed`.

Rules: whoever recalls by meaning embeds what came since, the newest first and so many at most;
never inside a transaction, for each takes about 20 ms. Nothing sealed is known, so nothing sealed
has a vector; nothing leaves the home.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peer import embedding
from peer.home import Home
from peer.home.recalled import Filter
from peer.home.vectors import Vector
from protocol import canonical

Progress = Callable[[int, int, str], None]

RESCORED = 500  # of the nearest by their signs, which are compared in whole
looked_at_max = 20_000  # codes, for as many as those that pass a filter
# Of two sentences that have nothing to do with each other the cosine is about 0.
COSINE_MIN = 0.05
# Beside vectors only those count as found by words that fit nearly as well as the best: a place in
# both lists weighs more than a high place in one, and nearly everything shares some word. Tuned on
# docstrings of the standard library (`benchmarks/retrieval.py`), where 0.7 to 0.8 is best; of these
# 0.7 is also the better one for the labelled set, so that has been seen.
WORDS_LEAST = 0.7
_TOGETHER = 64  # texts embedded at a time


class Meaning:
    """The vectors of a home, and the model that makes them."""

    def __init__(self, home: Home) -> None:
        """SomaError where the extra is not installed."""
        self._home = home
        self._model = embedding.embedder()

    def catch_up(self, nodes_max: int, progress: Progress) -> int:
        """Embed up to so many of the newest that have no vector yet; how many are left."""
        vectors, done = self._home.vectors, 0
        of = min(nodes_max, vectors.left())
        while done < nodes_max:
            rows, where = vectors.waiting(min(_TOGETHER, nodes_max - done))
            if where is None:
                return 0
            vectors.put(self._embedded(rows), where)
            done += len(rows)
            progress(done, max(done, of), "items embedded")
        return vectors.left()

    def vector(self, text: str) -> Any:
        """The vector of a text."""
        return self._model.embed([text])[0]

    def find(self, vector: Any, which: Filter, hits_max: int) -> dict[int, float]:
        """Numbers of the nodes that mean about the same, the nearest first, with their cosines."""
        from peer.embedding import near

        few = self._home.recalled.few(which)
        if few is not None:
            fitting = self._home.vectors.whole(sorted(few))
        else:
            fitting = self._nearest(vector, which)
        cosines = near.cosines(vector, list(fitting.values()))
        found = [
            (cosine, n) for n, cosine in zip(fitting, cosines, strict=True) if cosine >= COSINE_MIN
        ]
        return {n: cosine for cosine, n in sorted(found, reverse=True)[:hits_max]}

    def _nearest(self, vector: Any, which: Filter) -> dict[int, bytes]:
        """Whole vectors of those with the nearest codes that pass."""
        from peer.embedding import near

        begins, stored = self._home.vectors.codes()
        fitting: dict[int, bytes] = {}
        seen = 0
        for places in near.by_code(vector, stored, RESCORED) if stored else ():
            ns = [self._home.vectors.number(begins, place) for place in places]
            fitting |= self._home.vectors.whole(ns, which.sql, *which.values)
            seen += len(ns)
            if len(fitting) >= RESCORED or seen >= looked_at_max:
                break
        return fitting

    def _embedded(self, rows: list[tuple[int, bytes]]) -> list[Vector]:
        from peer.embedding import near

        if not rows:
            return []
        made = self._model.embed([_meant(data) for _, data in rows])
        ns = [n for n, _ in rows]
        return [Vector(*one) for one in zip(ns, near.codes(made), near.halves(made), strict=True)]


def _meant(data: bytes) -> str:
    """What an item says, with its topics: what else is in it are numbers and addresses."""
    body = canonical.decode(data)["body"]
    return " ".join([str(body.get("text", "")), *body.get("topics", ())])
