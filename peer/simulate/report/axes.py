"""Where things lie in a plot, and its axes.

All plots of a run share one horizontal axis: a round is a cell, counted at the bottom and told as
time since the run began. What is known of a round stands at the middle of its cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from peer.simulate.outcome import Outcome
from peer.simulate.report.markup import Markup, element, joined
from peer.simulate.report.words import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, counted, number, span

NARROW_PX = 360
TICK_PX_MIN = 64
LEVEL_PX_MIN = 16
LEVELS_MAX = 5
AXIS_PX = 46
HEAD_PX = 18  # above every plot, where the quiet phase is named
_TIME_STEPS_MS = (
    *(n * SECOND_MS for n in (1, 2, 5, 10, 15, 30)),
    *(n * MINUTE_MS for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR_MS for n in (1, 2, 3, 6, 12)),
    *(n * DAY_MS for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The horizontal measure of a plot, in pixels, and the rounds that it shows."""

    width: int
    left: int
    right: int
    rounds: int
    first: int  # number of the first round
    quiet: int  # rounds of the quiet phase, the last ones
    every_ms: int

    @property
    def size(self) -> str:
        """The screens that it is for, a class of the style sheet."""
        return "wide" if self.width > NARROW_PX else "narrow"

    @property
    def plot(self) -> int:
        """The width of what lies between the margins."""
        return self.width - self.left - self.right

    @property
    def end(self) -> int:
        """Where the last round ends."""
        return self.left + self.plot

    @property
    def cell(self) -> float:
        """The width of a round."""
        return self.plot / max(self.rounds, 1)

    def x(self, rounds: float) -> float:
        """Where so many rounds have passed."""
        return self.left + rounds * self.cell

    def when(self, start: int, stop: int | None = None) -> str:
        """`round 12 (3 d)`, or `rounds 12 to 15 (3 d to 3 d 18 h)`; counted from the first."""
        last = start if stop is None else stop - 1
        since = span(start * self.every_ms)
        if last == start:
            return f"round {self.first + start} ({since})"
        until = span(last * self.every_ms)
        return f"rounds {self.first + start} to {self.first + last} ({since} to {until})"


def frame(outcome: Outcome, width: int) -> Frame:
    """The frame of a run at a width: margins are the same in all its plots."""
    left, right = (104, 92) if width > 600 else (92, 74)
    rounds = outcome.rounds
    return Frame(
        width=width,
        left=left,
        right=right,
        rounds=len(rounds),
        first=rounds[0].number if rounds else 0,
        quiet=sum(one.quiet for one in rounds),
        every_ms=max(outcome.every_ms, 1),
    )


def step(span_: float, ticks_max: int) -> float:
    """The least of 1, 2, 5, 10, 20, 50 … (or tenths) that needs at most so many steps."""
    wanted = span_ / max(ticks_max, 1)
    if wanted <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= wanted * (1 - 1e-9))


def drawing(frame: Frame, height: float, about: str, *parts: str) -> Markup:
    """One SVG that is as wide as its frame, or as what there is of the screen."""
    box = f"0 0 {frame.width} {height:.0f}"
    return element("svg", *parts, class_=frame.size, viewBox=box, role="img", aria_label=about)


def quiet_shade(frame: Frame, bottom: float) -> Markup:
    """The quiet phase, behind everything else and named above it."""
    if not frame.quiet:
        return Markup("")
    x = frame.x(frame.rounds - frame.quiet)
    band = element("rect", class_="quiet", x=x, y=2, width=frame.end - x, height=bottom - 2)
    if frame.end - x < 34:
        return band
    return joined([band, element("text", "quiet", class_="faint", x=x + 4, y=13)])


def round_axis(frame: Frame, y: float) -> Markup:
    """Rounds, and the time since the beginning, at round numbers of each."""
    parts = [element("path", class_="axis", d=f"M{frame.left} {y:.1f}H{frame.end}")]
    ticks = max(frame.plot // TICK_PX_MIN, 2)
    every = max(round(step(frame.rounds, ticks)), 1)
    start = -(-frame.first // every) * every
    parts += [
        _tick(frame.x(at - frame.first + 0.5), y, number(at), 17)
        for at in range(start, frame.first + frame.rounds, every)
    ]
    whole = frame.rounds * frame.every_ms
    lasts = next((ms for ms in _TIME_STEPS_MS if ms * ticks >= whole), _TIME_STEPS_MS[-1])
    parts += [
        _tick(frame.x(at / frame.every_ms), y, span(at), 32)
        for at in range(lasts, whole + 1, lasts)
    ]
    for label, below in (("round", 17), ("time", 32)):
        parts.append(element("text", label, class_="faint end", x=frame.left - 8, y=y + below))
    return joined(parts)


def _tick(x: float, y: float, label: str, below: float) -> Markup:
    mark = element("path", class_="axis", d=f"M{x:.1f} {y:.1f}v4") if below < 20 else Markup("")
    return joined([mark, element("text", label, class_="mid", x=x, y=y + below)])


def value_axis(
    frame: Frame, top: float, bottom: float, most: float, say: Callable[[float], str]
) -> tuple[Callable[[float], float], Markup]:
    """The scale from 0 to `most` (value → y) and its lines at round numbers."""
    most = most or 1
    lines_max = max(min(round(bottom - top) // LEVEL_PX_MIN, LEVELS_MAX), 1)
    each = max(step(most, lines_max), 1) if most >= 1 else step(most, lines_max)
    scale = (bottom - top) / most

    def y(value: float) -> float:
        return bottom - value * scale

    parts = []
    for n in range(int(most / each + 1e-9) + 1):
        level = y(n * each)
        parts.append(element("path", class_="level", d=f"M{frame.left} {level:.1f}H{frame.end}"))
        parts.append(element("text", say(n * each), class_="end", x=frame.left - 8, y=level + 4))
    return y, joined(parts)


def rounds_said(frame: Frame) -> str:
    """What the horizontal axis spans, for those who cannot see it."""
    return f"{counted(frame.rounds, 'round')} of {span(frame.every_ms)}"
