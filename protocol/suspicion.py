"""What silence means: the φ accrual failure detector and the states it leads to.

Rules: time is somebody's own elapsed time, handed in; a neighbour's clock is never used.
Source: Hayashibara, Défago, Yared, Katayama: The φ accrual failure detector (SRDS 2004), with a
normal fit. Deviation: σ is a fixed quarter of the mean, because a peer that beats every six
hours never gives enough samples to estimate it.
"""

from __future__ import annotations

from math import erfc, log10, sqrt

SIGMA_OF_MEAN = 0.25
PHI_LATE, PHI_SUSPECT, PHI_DEAD = 1.0, 3.0, 8.0
PHI_MAX = 100.0
# erfc underflows beyond z = 38; φ is 100 at z = 21.2 already.
Z_MAX = 30.0
# Weight of the newest interval in the observed mean: three or four beats forget the one before.
OBSERVED_WEIGHT = 0.25
_SQRT_2 = sqrt(2)


def suspicion(elapsed_ms: int, announced_ms: int, observed_ms: int) -> float:
    """φ = −log10 P(a beat comes later than `elapsed_ms`), mean = max(announced, observed).

    φ 1, 3, 8 are reached at about 1.3, 1.8 and 2.4 periods. 0 ≤ φ ≤ 100.
    """
    mean = max(announced_ms, observed_ms, 1)
    z = (elapsed_ms - mean) / (SIGMA_OF_MEAN * mean)
    if z > Z_MAX:
        return PHI_MAX
    phi = -log10(0.5 * erfc(z / _SQRT_2))
    return min(phi, PHI_MAX) if phi > 0.0 else 0.0


def state_of(phi: float) -> str:
    """`alive`, `late`, `suspect` or `dead`."""
    if phi >= PHI_DEAD:
        return "dead"
    if phi >= PHI_SUSPECT:
        return "suspect"
    return "late" if phi >= PHI_LATE else "alive"


def verdict(elapsed_ms: int, announced_ms: int, observed_ms: int) -> str:
    """The state that a suspicion leads to; that of whoever is not overdue needs no arithmetic."""
    if elapsed_ms <= max(announced_ms, observed_ms):  # φ is 0.3 at most
        return "alive"
    return state_of(suspicion(elapsed_ms, announced_ms, observed_ms))


def observed(mean_ms: int, interval_ms: int) -> int:
    """The running mean of observed intervals; `mean_ms` 0 means there was none yet."""
    if mean_ms == 0:
        return interval_ms
    return round(mean_ms + OBSERVED_WEIGHT * (interval_ms - mean_ms))


def own_fault(watched: int, fell_silent: int) -> bool:
    """Whether so many others fell silent in one tick that the fault is rather mine.

    More than half of four or more: a mount that broke looks exactly like everybody dying.
    """
    return watched >= 4 and 2 * fell_silent > watched
