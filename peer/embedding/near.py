"""Which vectors are nearest to another: by their signs first, then by all of them.

A vector's code is the signs of its dimensions, 48 bytes. How many signs differ (Hamming distance)
grows with the angle between two vectors, so the nearest by code contain the nearest (M. Charikar
2002; binary codes with exact rescoring as in I. Yamada et al. 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from peer.embedding.model import dimensions

if TYPE_CHECKING:
    from peer.embedding.model import Array

code_bytes = dimensions // 8
_WORDS = code_bytes // 8


def codes(vectors: Array) -> list[bytes]:
    """The code of each vector."""
    import numpy as np

    return [row.tobytes() for row in np.packbits(vectors > 0, axis=1)]


def halves(vectors: Array) -> list[bytes]:
    """Each vector as float16, little-endian: to 0.1 %, which is nearer than two sentences are."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def by_code(vector: Array, stored: bytes, first: int) -> Iterator[list[int]]:
    """Places of stored codes, the nearest first: `first` of them, then ever more, then no more."""
    import numpy as np

    asked = np.frombuffer(codes(vector[None])[0], dtype=np.uint64)
    rows = np.frombuffer(stored, dtype=np.uint64).reshape(-1, _WORDS)
    distance = np.zeros(len(rows), dtype=np.int64)
    for word in range(_WORDS):
        distance += np.bitwise_count(rows[:, word] ^ asked[word])
    order = distance * len(rows) + np.arange(len(rows))  # no two alike, so that parts fit together
    told = 0
    while told < len(rows):
        end = min(told + first, len(rows))
        nearest = np.sort(np.partition(order, end - 1)[:end])[told:]
        yield (nearest % len(rows)).tolist()
        told, first = end, first * 8


def cosines(vector: Array, stored: Sequence[bytes]) -> list[float]:
    """The cosine of the angle to each of these vectors, as `halves` made them."""
    import numpy as np

    if not stored:
        return []
    rows = np.frombuffer(b"".join(stored), dtype="<f2").reshape(-1, dimensions)
    found: list[float] = (rows.astype(np.float32) @ vector).tolist()
    return found
