"""Chance that can be repeated: numbers made by hashing words, the same on every Python.

Rules: the words alone decide what is drawn. Whoever decides something draws from a chance of its
own (`Chance(seed, "kill", "core", 12)`, or a fork), so that leaving out one decision changes no
other. Nothing here is for keys of real peers.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

BLOCK_BYTES = 64
# Two bytes are a number below 65,536, of which 65,000 are shared out fairly among 1,000.
_FAIR = 65_000


class Chance:
    """BLAKE2b of the words and a counter, block after block; it is a `peer.clock.Entropy`."""

    __slots__ = ("_at", "_block", "_blocks", "_words")

    def __init__(self, *words: str | int) -> None:
        """Words in order; `Chance(1, "a")` and `Chance("1", "a")` have nothing in common."""
        self._words = blake2b(_spelled(words), digest_size=BLOCK_BYTES)
        self._blocks = 0
        self._block = b""
        self._at = 0

    def fork(self, *words: str | int) -> Chance:
        """The chance of these words and `words`, however much was drawn here before."""
        child = Chance.__new__(Chance)
        child._words = self._words.copy()
        child._words.update(_spelled(words))
        child._blocks = child._at = 0
        child._block = b""
        return child

    def draw(self, size: int) -> bytes:
        """The next `size` bytes."""
        while len(self._block) - self._at < size:
            self._block = self._block[self._at :] + self._next()
            self._at = 0
        self._at += size
        return self._block[self._at - size : self._at]

    def below(self, n: int) -> int:
        """A number from 0 to n - 1, each all equally likely; ValueError unless n is positive."""
        if n <= 0:
            raise ValueError(f"there is no number below {n}")
        bits = (n - 1).bit_length()
        size, mask = (bits + 7) // 8, (1 << bits) - 1
        while (number := int.from_bytes(self.draw(size), "big") & mask) >= n:
            pass
        return number

    def hits(self, permille: int) -> bool:
        """True `permille` times in a thousand."""
        while True:
            at = self._at
            if len(self._block) - at < 2:
                self._block = self._next()
                at = 0
            self._at = at + 2
            number = self._block[at] << 8 | self._block[at + 1]
            if number < _FAIR:
                return number % 1_000 < permille

    def pick(self, among: Sequence[T]) -> T:
        """One of them; ValueError where there is none."""
        return among[self.below(len(among))]

    def sample(self, among: Sequence[T], k: int) -> list[T]:
        """`k` of them, none twice, in the order drawn; ValueError where there are fewer."""
        if not 0 <= k <= len(among):
            raise ValueError(f"{k} cannot be drawn from {len(among)}")
        left = list(among)
        for place in range(k):
            other = place + self.below(len(left) - place)
            left[place], left[other] = left[other], left[place]
        return left[:k]

    def shuffled(self, among: Sequence[T]) -> list[T]:
        """All of them in a drawn order."""
        return self.sample(among, len(among))

    def _next(self) -> bytes:
        block = self._words.copy()
        block.update(b"#%d" % self._blocks)
        self._blocks += 1
        return block.digest()


def _spelled(words: tuple[str | int, ...]) -> bytes:
    # ascii(), because which characters repr() shows as they are changes with Python's Unicode.
    return "".join([f"{word!a}," for word in words]).encode("ascii")
