"""How wrong clocks may be: ± 24 h (THREATS.md)."""

from __future__ import annotations

from peer.instance import HOUR_MS
from peer.simulate.chance import Chance

off_ms_max = 24 * HOUR_MS


def another(chance: Chance, now: int) -> int:
    """A new error of a clock whose error is `now`: small, or anything up to a day."""
    most = chance.pick((120_000, HOUR_MS, 6 * HOUR_MS, off_ms_max))
    drawn = chance.below(2 * most + 1) - most
    return max(-off_ms_max, min(now + drawn, off_ms_max))


def words(ms: int) -> str:
    """An error of a clock for a person."""
    return f"{'-' if ms < 0 else '+'}{abs(ms) // 60_000} min"
