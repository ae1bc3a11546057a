"""How a section is put together: a heading, and for every run a sentence and its plots.

A section draws every run on the same vertical scale, so that two runs can be compared by eye, and
every plot twice: for wide screens and for narrow ones. The style sheet shows one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from peer.simulate.outcome import Outcome, Round
from peer.simulate.report import plots
from peer.simulate.report.axes import NARROW_PX, Frame, frame
from peer.simulate.report.markup import Markup, element, joined
from peer.simulate.report.plots import Line

WIDE_PX = {1: 960, 2: 540}  # by how many runs stand beside each other

Draw = Callable[[Outcome, Frame], Markup]
Amount = Callable[[Round], float | None]
Say = Callable[[float], str]


def section(
    title: str,
    said: Callable[[Outcome], str],
    outcomes: Sequence[Outcome],
    *draws: Draw,
    above: Sequence[Markup] = (),
    once: bool = False,
) -> Markup:
    """A heading with what stands above all runs, and for each its sentence and what is drawn.

    `said` and `draws` cope with a run of no rounds: nothing is drawn then.
    """
    columns = []
    for outcome, letter in zip(outcomes, "AB", strict=False):
        widths = (WIDE_PX[len(outcomes)],) if once else (WIDE_PX[len(outcomes)], NARROW_PX)
        frames = [frame(outcome, width) for width in widths]
        drawn = [draw(outcome, one) for draw in draws for one in frames] if outcome.rounds else []
        # On a phone the two runs stand below each other.
        which = [element("strong", letter), ": "] if len(outcomes) == 2 else []
        columns.append(element("div", element("p", *which, said(outcome)), *drawn, class_="run"))
    grid = element("div", *columns, class_="runs")
    return element("section", element("h2", title), *above, grid)


def _most(outcomes: Sequence[Outcome], *amounts: Amount) -> float:
    """The highest value of any round of any run: the top of a scale."""
    values = [tell(one) for outcome in outcomes for one in outcome.rounds for tell in amounts]
    return max((value for value in values if value is not None), default=0) or 1


def over_rounds(
    outcomes: Sequence[Outcome],
    about: str,
    say: Say,
    *lines: tuple[str, str, Amount],
    filled: bool = False,
    height: int = 120,
) -> Draw:
    """What draws some amounts of each round; a line is a name, a colour and an amount."""
    most = _most(outcomes, *(tell for _, _, tell in lines))

    def draw(outcome: Outcome, where: Frame) -> Markup:
        series = [
            Line(name, colour, [tell(one) for one in outcome.rounds], filled)
            for name, colour, tell in lines
        ]
        plot = plots.lines(where, about, series, say, most, height)
        title = element("h3", about) if where.size == "wide" else Markup("")
        return joined([title, plot])

    return draw


def a_tick(amount: Callable[[Round], int]) -> Amount:
    """The mean over the ticks of a round, None where there were none."""
    return lambda one: amount(one) / one.ticks if one.ticks else None
