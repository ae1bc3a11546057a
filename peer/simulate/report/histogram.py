"""The one plot that is not over rounds: how many values there are of each size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from peer.simulate.report.axes import AXIS_PX, Frame, drawing, step, value_axis
from peer.simulate.report.markup import Markup, element, joined
from peer.simulate.report.words import counted, number, span

BARS_MAX = 60
HEIGHT_PX = 140
LABEL_PX = 15


def bins(longest: int) -> int:
    """How many rounds a bar is wide: 1, or a round number."""
    return max(round(step(longest + 1, BARS_MAX)), 1)


def in_bins(values: Sequence[int], each: int) -> Counter[int]:
    """Bin → how many values lie in it."""
    return Counter(value // each for value in values)


def histogram(
    frame: Frame,
    about: str,
    values: Sequence[int],
    pins: Sequence[tuple[str, int]],
    *,
    longest: int,
    most: int,
) -> Markup:
    """Bars from 0 to `longest` rounds on a scale to `most`, and pins where some values lie."""
    each = bins(longest)
    wide = frame.plot / (longest // each + 1)
    top = 12.0 + LABEL_PX * len(pins)
    bottom = top + HEIGHT_PX
    y, levels = value_axis(frame, top, bottom, most, number)

    def x(rounds: float) -> float:
        return frame.left + (rounds + 0.5) / each * wide

    parts = [levels]
    for place, (name, value) in enumerate(pins):
        took = f" ({span(value * frame.every_ms)})" if value else ""
        label = f"{name}: {counted(value, 'round')}{took}"
        parts.append(_pin(frame, label, x(value), 10.0 + LABEL_PX * place, bottom))
    for slot, count in sorted(in_bins(values, each).items()):
        low, high = slot * each, (slot + 1) * each - 1
        said = counted(low, "round") if low == high else f"{low} to {high} rounds"
        title = f"{said} ({span(low * frame.every_ms)}): {counted(count, 'letter')}"
        left, gap = frame.left + slot * wide, 1 if wide > 4 else 0
        parts.append(
            element(
                "rect",
                element("title", title),
                class_="bar",
                x=left,
                y=y(count),
                width=wide - gap,
                height=bottom - y(count),
            )
        )
    parts.append(element("path", class_="axis", d=f"M{frame.left} {bottom:.1f}H{frame.end}"))
    every = max(round(step(longest + 1, max(frame.plot // 80, 2))), each)
    for rounds in range(0, longest + 1, every):
        for text, below in ((number(rounds), 17), (span(rounds * frame.every_ms), 32)):
            parts.append(element("text", text, class_="mid", x=x(rounds), y=bottom + below))
    for label, below in (("rounds", 17), ("time", 32)):
        parts.append(element("text", label, class_="faint end", x=frame.left - 8, y=bottom + below))
    return drawing(frame, bottom + AXIS_PX, about, *parts)


def _pin(frame: Frame, label: str, x: float, y: float, bottom: float) -> Markup:
    """A line with its label on the side where there is room."""
    left = x > frame.left + frame.plot * 0.6
    line = element("path", class_="pin", d=f"M{x:.1f} {y - 8:.1f}V{bottom:.1f}")
    text = element("text", label, class_="end" if left else None, x=x + (-5 if left else 5), y=y)
    return joined([line, text])
