"""Reputation: how far one may rely on somebody, from what both sides signed.

E = (r + 1) / (r + s + 2), the expectation of a Beta distribution over r good and s bad experiences
(A. Jøsang, R. Ismail, The Beta Reputation System, Bled 2002), which fade: the good by half in 30
days, the bad in 120, so that nobody is soon forgiven what he did while he was trusted.

Rules: a function of the set of experiences and their ages. Not here: whose experiences count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, fsum, lgamma, log

GOOD_HALF_LIFE_DAYS = 30.0
BAD_HALF_LIFE_DAYS = 120.0
LOWER_BOUND = 0.05
_STEPS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Experience:
    """Something good or bad that somebody did so many days ago, and how much of it (1: once)."""

    good: bool
    age_days: float
    weight: float = 1.0

    @property
    def left(self) -> float:
        """What of it has not faded."""
        half_life = GOOD_HALF_LIFE_DAYS if self.good else BAD_HALF_LIFE_DAYS
        return self.weight * exp(-log(2) * max(self.age_days, 0.0) / half_life)


@dataclass(frozen=True, slots=True)
class Reputation:
    """Good and bad experiences, faded, at least 0."""

    good: float = 0.0
    bad: float = 0.0

    @property
    def expectation(self) -> float:
        """From 0 to 1; 0.5 where nothing is known."""
        return (self.good + 1) / (self.good + self.bad + 2)

    @property
    def lower_bound(self) -> float:
        """The 5 % quantile: what it is at least, but for one time in twenty."""
        return beta_quantile(LOWER_BOUND, self.good + 1, self.bad + 1)


def reputation(experiences: Iterable[Experience]) -> Reputation:
    """The reputation that experiences give; their order does not matter, bit by bit."""
    several = list(experiences)
    return Reputation(
        fsum(one.left for one in several if one.good),
        fsum(one.left for one in several if not one.good),
    )


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The x below which a Beta(a, b) distribution has this probability; a and b at least 1."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), a and b at least 1.

    By its continued fraction (NIST DLMF 8.17.22), evaluated with the method of Lentz.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the other side's fraction converges fast
        return 1 - beta_below(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    tiny = 1e-300
    value, c, d = 1.0, 1.0, 0.0
    for step in range(_STEPS_MAX):
        m = step // 2
        if step == 0:
            factor = 1.0
        elif step % 2 == 0:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + factor * d or tiny)
        c = 1 + factor / c or tiny
        value *= c * d
        if step and abs(c * d - 1) < 1e-12:
            break
    return front * (value - 1)
