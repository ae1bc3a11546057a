"""Numbers, sizes and times as a person reads them. Figures are rounded here and nowhere else."""

from __future__ import annotations

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_UNITS = ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s"), (1, "ms"))


def number(value: float) -> str:
    """`12,345`; what is no whole number has as many digits as matter: `0.042`, `3.25`, `41.7`."""
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def size(count: float) -> str:
    """Bytes in decimal units: `812 B`, `1.25 kB`, `40 MB`."""
    for factor, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= factor:
            return f"{number(count / factor)} {unit}"
    return f"{number(count)} B"


def counted(count: int, noun: str) -> str:
    """`1 round`, `12 rounds`."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def span(elapsed_ms: float) -> str:
    """A length of time in its two largest units: `13 d`, `1 d 6 h`, `45 min`, `1 min 30 s`."""
    rest, said = round(elapsed_ms), []
    for factor, unit in _UNITS:
        amount, rest = divmod(rest, factor)
        if amount:
            said.append(f"{number(amount)} {unit}")
        elif said:
            break
    return " ".join(said[:2]) or "0"
