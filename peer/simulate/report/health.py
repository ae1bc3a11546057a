"""The health of peers as other peers see it, a colour a state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from peer.simulate.outcome import Outcome
from peer.simulate.report import plots
from peer.simulate.report.axes import Frame
from peer.simulate.report.layout import section
from peer.simulate.report.markup import Markup, element, joined
from peer.simulate.report.plots import Row
from peer.simulate.report.words import counted

BANDS_PEERS_MAX = 8  # more than these, and one row a peer has to do
_WORST_FIRST = {letter: place for place, letter in enumerate(plots.STATES)}


def health(outcomes: Sequence[Outcome]) -> Markup:
    """The section of all runs."""
    keys = [
        element("span", element("i", class_=name), name, class_="key")
        for name in ("live", "halted", "unknown", "late", "suspect", "dead")
    ]
    above = [element("p", *keys, class_="keys")] if any(map(_company, outcomes)) else []
    return section("Health", _said, outcomes, _grid, above=above)


def _company(outcome: Outcome) -> bool:
    return len(outcome.names) > 1 and bool(outcome.rounds)


def _said(outcome: Outcome) -> str:
    if not _company(outcome):
        return "Who is alone sees nobody."
    views = "".join("".join(one.health.values()) for one in outcome.rounds)
    bad = sum(views.count(letter) for letter in "lsd")
    seen = sum(views.count(letter) for letter in "alsduh")
    percent = 100 * bad / max(seen, 1)
    share = "none" if not bad else "less than 0.1 %" if percent < 0.1 else f"{percent:.1f} %"
    rows = "as one other sees it; blank where that one does not look."
    if len(outcome.names) > BANDS_PEERS_MAX:
        rows = "in the worst state in which anybody sees it."
    return f"Each row is a peer {rows} Of all views, {share} were late, suspect or dead."


def _grid(outcome: Outcome, where: Frame) -> Markup:
    if not _company(outcome):
        return Markup("")
    if len(outcome.names) > BANDS_PEERS_MAX:
        bands = [("", worst_rows(outcome))]
    else:
        bands = [(f"{name} sees", band_rows(outcome, name)) for name in outcome.names]
    grid = plots.grid(where, "health as peers see each other", bands)
    if (each := plots.rounds_a_column(where)) == 1:
        return grid
    said = f"A column is {counted(each, 'round')}, in the worst of their states."
    return joined([grid, element("p", said, class_=f"note {where.size}")])


def band_rows(outcome: Outcome, observer: str) -> list[Row]:
    """What one peer sees of each other."""
    rounds = [_worst([one.health.get(observer, "")], len(outcome.names)) for one in outcome.rounds]
    return [
        Row(name, f"{name} as {observer} sees it", "".join(row[place] for row in rounds))
        for place, name in enumerate(outcome.names)
        if name != observer
    ]


def worst_rows(outcome: Outcome) -> list[Row]:
    """What anybody sees of each peer, at worst."""
    rounds = [_worst(one.health.values(), len(outcome.names)) for one in outcome.rounds]
    return [
        Row(name, f"{name}, at worst", "".join(row[place] for row in rounds))
        for place, name in enumerate(outcome.names)
    ]


def _worst(views: Iterable[str], peers: int) -> str:
    """Of several views of one round the worst state of each peer; what is no state is nothing."""
    columns = zip_longest("-" * peers, *views, fillvalue="-")
    return "".join(
        min((s for s in set(column) if s in _WORST_FIRST), key=_WORST_FIRST.__getitem__)
        for column in columns
    )
