"""The plots: values in, one SVG out. Nothing is smoothed, nothing left out.

Where there are more rounds than pixels, a cell of the health grid shows the worst of its rounds,
and says which. Every mark has a tooltip with the number that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from peer.simulate.report.axes import (
    AXIS_PX,
    HEAD_PX,
    Frame,
    drawing,
    quiet_shade,
    round_axis,
    rounds_said,
    value_axis,
)
from peer.simulate.report.markup import Markup, element, joined
from peer.simulate.report.words import number, span

LABEL_PX = 15
# States of health, worst first; what stands last is no state.
STATES = {
    "d": "dead",
    "s": "suspect",
    "l": "late",
    "u": "unknown",
    "h": "halted",
    "a": "live",
    ".": "itself",
    "-": "nobody looks",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One value a round; None where there is none. `colour` is a class of the style sheet."""

    name: str
    colour: str
    values: Sequence[float | None]
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One observed peer: its label, whose view of whom it is, and a state a round."""

    label: str
    says: str
    states: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a round (counted from the first), and for how many rounds it lasted."""

    at: int
    rounds: float
    text: str


def lines(
    frame: Frame,
    about: str,
    series: Sequence[Line],
    say: Callable[[float], str],
    most: float,
    height: int = 150,
) -> Markup:
    """Lines over rounds on one scale from 0 to `most`; several are named at their right ends."""
    top, bottom = float(HEAD_PX), float(HEAD_PX + height)
    y, levels = value_axis(frame, top, bottom, most, say)
    parts = [quiet_shade(frame, bottom), levels]
    parts += [_curve(frame, line, y, bottom) for line in series]
    ends = [(y(value), line) for line in series if (value := _last(line.values)) is not None]
    for at, line in _apart(ends, bottom) if len(series) > 1 else ():
        parts.append(
            element("text", line.name, class_=f"name {line.colour}", x=frame.end + 6, y=at + 4)
        )
    parts += [_tooltips(frame, series, say, top, bottom), round_axis(frame, bottom)]
    return drawing(frame, bottom + AXIS_PX, f"{about}, {rounds_said(frame)}", *parts)


def _curve(frame: Frame, line: Line, y: Callable[[float], float], bottom: float) -> Markup:
    """A line with gaps where there is no value; a value alone is a dot."""
    parts = []
    numbered = list(enumerate(line.values))
    for known, run in groupby(numbered, key=lambda pair: pair[1] is not None):
        if not known:
            continue
        points = [(frame.x(at + 0.5), y(value)) for at, value in run if value is not None]
        if len(points) == 1:
            (x, height) = points[0]
            parts.append(element("circle", class_=f"dot {line.colour}", cx=x, cy=height, r=2.5))
            continue
        path = "L".join(f"{x:.1f} {height:.1f}" for x, height in points)
        if line.filled:
            shape = f"M{points[0][0]:.1f} {bottom:.1f}L{path}L{points[-1][0]:.1f} {bottom:.1f}Z"
            parts.append(element("path", class_=f"area {line.colour}", d=shape))
        parts.append(element("path", class_=f"line {line.colour}", d=f"M{path}"))
    return joined(parts)


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _apart(ends: list[tuple[float, Line]], bottom: float) -> list[tuple[float, Line]]:
    """Labels at their lines' heights, first pushed down and then up until none covers another."""
    order = sorted(ends, key=lambda end: end[0])
    heights: list[float] = []
    for at, _ in order:
        heights.append(max(at, heights[-1] + LABEL_PX) if heights else at)
    for place in reversed(range(len(order))):
        heights[place] = min(heights[place], bottom - (len(order) - 1 - place) * LABEL_PX)
    return [(at, line) for at, (_, line) in zip(heights, order, strict=True)]


def _tooltips(
    frame: Frame,
    series: Sequence[Line],
    say: Callable[[float], str],
    top: float,
    bottom: float,
) -> Markup:
    """An invisible column a round that says its values; where rounds are thin, not every one."""
    each = max(round(2 / frame.cell), 1) if frame.rounds else 1
    columns = []
    for at in range(0, frame.rounds, each):
        told = [
            f"{line.name} {'–' if (value := line.values[at]) is None else say(value)}"
            for line in series
        ]
        columns.append(
            element(
                "rect",
                element("title", f"{frame.when(at)}: {', '.join(told)}"),
                class_="over",
                x=frame.x(at),
                y=top,
                width=frame.cell * min(each, frame.rounds - at),
                height=bottom - top,
            )
        )
    return joined(columns)


def rounds_a_column(frame: Frame) -> int:
    """How many rounds share a column of the health grid, which is no narrower than a pixel."""
    return max(-(-frame.rounds // frame.plot), 1)


def cells(states: str, each: int) -> list[tuple[int, int, str]]:
    """Runs (from, to, state) of equal states; where `each` rounds share a column, their worst."""
    worst = "".join(STATES)
    found: list[tuple[int, int, str]] = []
    for start in range(0, len(states), each):
        stop = min(start + each, len(states))
        state = min(states[start:stop], key=worst.find)
        began = found.pop()[0] if found and found[-1][2] == state else start
        found.append((began, stop, state))
    return found


def grid(frame: Frame, about: str, bands: Sequence[tuple[str, Sequence[Row]]]) -> Markup:
    """Bands of rows, a colour a state and a cell a round; runs of one state are one piece."""
    rows = sum(len(band) for _, band in bands)
    high = min(max(720 / max(rows, 1), 3.0), 15.0)
    titles = [title for title, _ in bands if title]
    height = rows * high + (26 * len(titles) or HEAD_PX) + 4
    parts, y = [quiet_shade(frame, height)], 0.0 if titles else float(HEAD_PX)
    for title, band in bands:
        if title:
            y += 26
            parts.append(element("text", title, class_="band", x=frame.left, y=y - 7))
        labelled = 0.0
        for row in band:
            if y >= labelled:
                labelled = y + 11
                parts.append(_row_label(frame, row.label, y + high / 2 + 4))
            for start, stop, state in cells(row.states, rounds_a_column(frame)):
                if STATES[state] not in ("itself", "nobody looks"):
                    parts.append(_cell(frame, row.says, start, stop, state, y, high))
            y += high
    parts.append(round_axis(frame, height))
    return drawing(frame, height + AXIS_PX, f"{about}, {rounds_said(frame)}", *parts)


def _cell(
    frame: Frame, says: str, start: int, stop: int, state: str, y: float, high: float
) -> Markup:
    title = element("title", f"{says}: {STATES[state]}, {frame.when(start, stop)}")
    return element(
        "rect",
        title,
        class_=f"cell {STATES[state]}",
        x=frame.x(start),
        y=y,
        width=max((stop - start) * frame.cell, 0.5),
        height=high - (1 if high >= 6 else 0),
    )


def _row_label(frame: Frame, label: str, y: float) -> Markup:
    """A name at the left, cut where the margin ends; the tooltip has all of it."""
    most = (frame.left - 8) * 10 // 64
    shown = label if len(label) <= most else f"{label[: most - 1]}…"
    title = () if shown == label else (element("title", label),)
    return element("text", *title, shown, class_="end", x=frame.left - 8, y=y)


def timeline(frame: Frame, about: str, rows: Sequence[tuple[str, Sequence[Mark]]]) -> Markup:
    """A row a name, a mark a happening, a bar as long as it lasted; counts at the right.

    Marks of one round stand beside each other; where they stand in it says nothing.
    """
    high = 20
    height = HEAD_PX + len(rows) * high + 4
    parts, y = [quiet_shade(frame, height)], float(HEAD_PX)
    for name, marks in rows:
        middle = y + high / 2
        parts.append(_row_label(frame, name, middle + 4))
        parts.append(element("path", class_="level", d=f"M{frame.left} {middle:.1f}H{frame.end}"))
        for at, together in groupby(sorted(marks, key=lambda m: m.at), key=lambda m: m.at):
            beside = list(together)
            for place, mark in enumerate(beside):
                parts.append(_mark(frame, name, mark, at + (place + 1) / (len(beside) + 1), middle))
        parts.append(
            element("text", number(len(marks)), class_="faint", x=frame.end + 6, y=middle + 4)
        )
        y += high
    parts.append(round_axis(frame, height))
    return drawing(frame, height + AXIS_PX, f"{about}, {rounds_said(frame)}", *parts)


def _mark(frame: Frame, name: str, mark: Mark, at: float, middle: float) -> Markup:
    x = frame.x(at)
    lasted = f", for {span(mark.rounds * frame.every_ms)}" if mark.rounds else ""
    title = element("title", f"{name}, {frame.when(mark.at)}{lasted}: {mark.text}")
    width = min(mark.rounds * frame.cell, frame.end - x)
    bar = element("rect", class_="lasts", x=x, y=middle - 3, width=width, height=6)
    tick = element("rect", class_="strike", x=x - 1.2, y=middle - 6, width=2.4, height=12, rx=1.2)
    return element("g", title, *((bar,) if width > 0 else ()), tick)
