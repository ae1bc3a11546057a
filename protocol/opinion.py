"""Opinions of subjective logic: how far one may believe a claim that others made.

An opinion is evidence: how much supports the claim, how much speaks against it. Belief, disbelief
and uncertainty follow from it, and add up to 1 (A. Jøsang, Subjective Logic, Springer 2016: §3.3
for the mapping of evidence to an opinion with a prior weight W = 2, §12.3 for cumulative fusion,
which adds up evidence, §14.3 for the discounting of an opinion by the trust in its source).

Rules: whatever the order and however often the same evidence is named, the sum is the same, bit by
bit. Not here: who said what (`protocol.knowledge`), and how far a source is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

PRIOR_WEIGHT = 2.0
BASE_RATE = 0.5


@dataclass(frozen=True, slots=True)
class Opinion:
    """Amounts of evidence, at least 0: what supports a claim and what disputes it."""

    support: float = 0.0
    dispute: float = 0.0

    @property
    def belief(self) -> float:
        """From 0 to 1."""
        return self.support / self._whole

    @property
    def disbelief(self) -> float:
        """From 0 to 1."""
        return self.dispute / self._whole

    @property
    def uncertainty(self) -> float:
        """From 1, where nothing is known, to 0."""
        return PRIOR_WEIGHT / self._whole

    @property
    def certainty(self) -> float:
        """The projected probability of the claim: belief, and half of what is uncertain."""
        return self.belief + BASE_RATE * self.uncertainty

    @property
    def standing(self) -> float:
        """What claims are ranked by: the support, as far as the claim is certain.

        By certainty alone, two who say a thing that nobody cares to dispute would outweigh twenty
        whom they dispute. A claim that has at least twice the support of another stands above it
        even if everybody who supports that one disputes the claim: with support 2x and dispute x it
        is 2x(2x + 1) / (3x + 2), with support x alone x(x + 1) / (x + 2), which is always less.
        """
        return self.support * self.certainty

    @property
    def _whole(self) -> float:
        return self.support + self.dispute + PRIOR_WEIGHT


def observed(stance: float, trust: float) -> Opinion:
    """What one source's word is worth.

    `stance`: how probable the source calls the claim, 0 to 1. `trust`: how far the source is
    believed, 0 to 1. The source made one observation, so its own opinion has belief stance / 3 and
    uncertainty 2/3; discounted by the trust in it, and as evidence again, that is below.
    """
    worth = 2 * trust / (3 - trust)
    return Opinion(worth * stance, worth * (1 - stance))


def fused(opinions: Iterable[Opinion]) -> Opinion:
    """Cumulative fusion of independent opinions; of none nothing is known."""
    several = list(opinions)
    return Opinion(fsum(one.support for one in several), fsum(one.dispute for one in several))
