"""How well recall finds: by words, by vectors, by both; what people judged to be alike.

Labelled: the 50 news texts of M. Lee, B. Pincombe and M. Welsh (2005), each pair judged by about
ten people, which the package `gensim` ships among its test data. The query is the first sentence of
one text, the collection the other 49; the gain of a text is its judged likeness (0.2 to 1) less
0.2, relevant is what has 0.5 or more. Two texts have nothing relevant: they count for nDCG alone.

Not labelled by people: 1,500 docstrings; the query is the first line, relevant its own rest. What
the product's `WORDS_LEAST` was tuned on; on the labelled set two values were compared after that.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from benchmarks import corpus
from benchmarks.measure import verdict
from peer import embedding
from peer.home import Home, create_home
from peer.home.recalled import Filter
from peer.home.vectors import Vector
from peer.knowing import Knowing, query_words
from peer.meaning import WORDS_LEAST, Meaning
from peer.recalling import pool_hits
from protocol.messages import Head, Insight, compose

ROUNDS = 1
PLACES = 10
DOCUMENTED, QUERIES = 1_500, 400
RELEVANT, UNLIKE = 0.5, 0.2
TARGETS = ("hybrid finds more than words alone and vectors alone: recall@10 and nDCG@10",)
WAYS = ("FTS5", "vectors", "hybrid")
Gains = Mapping[int, float]  # of the texts of a collection, by place


class Case(NamedTuple):
    """A query, the gain of each text, and which texts are relevant."""

    text: str
    gains: Gains
    relevant: frozenset[int]


def run(rounds: int) -> None:
    """Print a table for each set; `rounds` changes nothing, for nothing here is chance."""
    if embedding.missing():
        print("  skipped: the extra `embed` is not installed")
        return
    if find_spec("gensim") is None:
        print("  skipped: the package gensim, which has the labelled texts, is not installed")
    else:
        _table("50 news texts, judged by people (Lee et al. 2005)", _lee())
    _table(f"{DOCUMENTED:,} docstrings, each to be found by its first line", _documented())


def _table(title: str, found: Sequence[tuple[Case, dict[str, list[int]]]]) -> None:
    print(f"\n{title} ({len(found)} queries)\n\n  {'':10}  recall@{PLACES}  nDCG@{PLACES}")
    scores: dict[str, tuple[float, float]] = {}
    for way in WAYS:
        recalls = [_recall(ranked[way], case) for case, ranked in found if case.relevant]
        gains = [_ndcg(ranked[way], case.gains) for case, ranked in found]
        scores[way] = mean(recalls), mean(gains)
        print(f"  {way:10}  {scores[way][0]:9.4f}  {scores[way][1]:7.4f}")
    print()
    for place, measure in enumerate((f"recall@{PLACES}", f"nDCG@{PLACES}")):
        most = max(scores["FTS5"][place], scores["vectors"][place])
        ours = scores["hybrid"][place]
        verdict(f"hybrid, {measure}", f"above {most:.4f}", f"{ours:.4f}", ours > most)


def _recall(ranked: Sequence[int], case: Case) -> float:
    """Of the relevant texts that could stand there, how many do."""
    return len(case.relevant & set(ranked[:PLACES])) / min(PLACES, len(case.relevant))


def _ndcg(ranked: Sequence[int], gains: Gains) -> float:
    """K. Järvelin and J. Kekäläinen 2002, with the gain as it is."""
    ideal = sorted(gains.values(), reverse=True)[:PLACES]
    return _discounted([gains.get(n, 0.0) for n in ranked[:PLACES]]) / _discounted(ideal)


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, 1))


# ------------------------------------------------------------------------------------ the product


def ways(home: Home, vector: Any, text: str) -> dict[str, list[int]]:
    """Places of the texts of `known` as each way ranks them, by the parts of recall."""
    recalled, meaning, words = home.recalled, Meaning(home), query_words(text)
    near = list(meaning.find(vector, Filter(), pool_hits))
    fitting = recalled.find(words, Filter(), pool_hits, least=WORDS_LEAST)
    both = Knowing(home, "me@lab", 1).ranked([fitting, near])
    return {
        "FTS5": [n - 1 for n in recalled.find(words, Filter(), PLACES)],
        "vectors": [n - 1 for n in near],
        "hybrid": [hit.node.n - 1 for hit in both],
    }


def known(texts: Sequence[str], vectors: Any) -> Home:
    """A home that knows these texts, in this order, and nothing else."""
    from peer.embedding import near

    home = create_home(":memory:", os.urandom)
    with home.transaction():
        for n, text in enumerate(texts):
            head = Head(author="author@lab", kind=Insight.kind, salt=f"{n:022}", at=1)
            home.knowledge.fold(compose(head, Insight(text=text)), "all", (), 0)
    numbers = range(1, len(texts) + 1)
    rows = zip(numbers, near.codes(vectors), near.halves(vectors), strict=True)
    for row in rows:
        home.vectors.put([Vector(*row)], (row[0], row[0]))
    return home


def _embedded(texts: Sequence[str]) -> Any:
    return embedding.embedder().embed(texts)


# --------------------------------------------------------------------------------------- the sets


def _lee() -> list[tuple[Case, dict[str, list[int]]]]:
    import numpy as np

    texts, likeness = _news()
    queries = [_first_sentence(text) for text in texts]
    vectors, asked = _embedded(texts), _embedded(queries)
    found = []
    for n, query in enumerate(queries):
        others = [place for place in range(len(texts)) if place != n]
        alike = [likeness[min(n, other)][max(n, other)] for other in others]
        case = Case(
            query,
            {place: max(value - UNLIKE, 0.0) for place, value in enumerate(alike)},
            frozenset(place for place, value in enumerate(alike) if value >= RELEVANT),
        )
        home = known([texts[other] for other in others], vectors[np.array(others)])
        found.append((case, ways(home, asked[n], query)))
        home.close()
    return found


def _news() -> tuple[list[str], list[list[float]]]:
    spec = find_spec("gensim")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "test" / "test_data"
    texts = (data / "lee.cor").read_text(encoding="latin-1").splitlines()
    rows = (data / "similarities0-1.txt").read_text(encoding="ascii").splitlines()
    return texts, [[float(value) for value in row.split()] for row in rows]


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text)[0]


def _documented() -> list[tuple[Case, dict[str, list[int]]]]:
    pairs = corpus.pairs()
    random.Random(3).shuffle(pairs)
    pairs = pairs[:DOCUMENTED]
    queries = [about for about, _ in pairs[:QUERIES]]
    texts = [rest for _, rest in pairs]
    home = known(texts, _embedded(texts))
    asked = _embedded(queries)
    return [
        (Case(query, {n: 1.0}, frozenset([n])), ways(home, asked[n], query))
        for n, query in enumerate(queries)
    ]
