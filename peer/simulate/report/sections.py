"""The sections of a page: what is shown of a run, and the sentence that stands above it.

A section draws every run on the same vertical scale, so that two runs can be compared by eye.
"""

from __future__ import annotations

from collections.abc import Sequence

from peer.simulate import compare
from peer.simulate.outcome import Outcome
from peer.simulate.report import plots
from peer.simulate.report.answers import answers
from peer.simulate.report.axes import Frame
from peer.simulate.report.health import health
from peer.simulate.report.histogram import bins, histogram, in_bins
from peer.simulate.report.layout import a_tick, over_rounds, section
from peer.simulate.report.markup import Markup
from peer.simulate.report.plots import Mark
from peer.simulate.report.words import counted, number, size

LOW_PX = 80  # plots of one line that only has to be seen rising, falling or staying
WAIT_ROUNDS_MIN = 12  # the histogram is at least so wide


def sections(outcomes: Sequence[Outcome]) -> list[Markup]:
    """All sections, in the order in which one asks: what struck, what it did, what it cost."""
    return [
        section("Faults", _faults_said, outcomes, _faults),
        _letters(outcomes),
        health(outcomes),
        _work(outcomes),
        _storage(outcomes),
        _troubles(outcomes),
        _waits(outcomes),
        answers(outcomes),
    ]


# ------------------------------------------------------------------------------------ what struck


def _faults_said(outcome: Outcome) -> str:
    if not outcome.strikes:
        return "No fault struck."
    kinds = len({strike.fault for strike in outcome.strikes})
    return (
        f"{counted(len(outcome.strikes), 'strike')} of {counted(kinds, 'fault')}. "
        "A mark is a strike, a bar lasts as long as the fault did; the number counts the strikes."
    )


def _faults(outcome: Outcome, where: Frame) -> Markup:
    if not outcome.strikes:
        return Markup("")
    rows: dict[str, list[Mark]] = {}
    for strike in outcome.strikes:
        lasted = 0 if strike.until_ms is None else max(strike.until_ms - strike.at_ms, 0)
        at = min(max(strike.round - where.first, 0), where.rounds - 1)
        mark = Mark(at, lasted / where.every_ms, f"{strike.who}: {strike.text}")
        rows.setdefault(strike.fault, []).append(mark)
    ordered = sorted(rows.items(), key=lambda row: (-len(row[1]), row[0]))
    return plots.timeline(where, "strikes of each fault", ordered)


# ---------------------------------------------------------------------------------- what it did


def _letters(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        if not outcome.rounds:
            return "No round was played."
        most = max(outcome.rounds, key=lambda one: one.under_way)
        left = outcome.rounds[-1].under_way
        return (
            f"{counted(compare.promised(outcome), 'letter')} promised, "
            f"{number(compare.acted(outcome))} acted on, {number(left)} on their way at the end. "
            f"Most at once: {number(most.under_way)}, in round {most.number}."
        )

    on_way = over_rounds(
        outcomes,
        "Letters on their way",
        number,
        ("on their way", "one", lambda one: one.under_way),
        filled=True,
    )
    so_far = over_rounds(
        outcomes,
        "Letters so far",
        number,
        ("promised", "two", lambda one: one.promised),
        ("acted on", "one", lambda one: one.promised - one.under_way),
    )
    return section("Letters", said, outcomes, on_way, so_far)


# ---------------------------------------------------------------------------------- what it cost


def _work(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        if (calls := compare.per_tick(outcome, lambda one: one.calls)) is None:
            return "Nobody ticked."
        read = compare.per_tick(outcome, lambda one: one.read_bytes) or 0
        written = compare.per_tick(outcome, lambda one: one.written_bytes) or 0
        ticks = compare.whole(outcome, lambda one: one.ticks)
        return (
            f"A tick took {number(calls)} calls to the share, read {size(read)} and wrote "
            f"{size(written)}, in the mean of {counted(ticks, 'tick')}."
        )

    return section(
        "Work",
        said,
        outcomes,
        *(
            over_rounds(outcomes, about, say, (about, "one", a_tick(amount)), height=LOW_PX)
            for about, say, amount in (
                ("Calls to the share a tick", number, lambda one: one.calls),
                ("Read a tick", size, lambda one: one.read_bytes),
                ("Written a tick", size, lambda one: one.written_bytes),
            )
        ),
    )


def _storage(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        if not outcome.rounds:
            return "Nothing was stored."
        last = outcome.rounds[-1]
        return (
            f"At the end {counted(last.files, 'file')} with {size(last.share_bytes)} on the share, "
            f"and {size(last.home_bytes)} in the homes of all peers."
        )

    return section(
        "Storage",
        said,
        outcomes,
        *(
            over_rounds(outcomes, about, say, (about, "one", amount), height=LOW_PX)
            for about, say, amount in (
                ("Files on the share", number, lambda one: one.files),
                ("Bytes on the share", size, lambda one: one.share_bytes),
                ("Bytes in all homes", size, lambda one: one.home_bytes),
            )
        ),
    )


def _troubles(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        problems = compare.whole(outcome, lambda one: one.problems)
        quarantined = compare.whole(outcome, lambda one: one.quarantined)
        parked = compare.whole(outcome, lambda one: one.parked)
        if not (problems or quarantined or parked):
            return "No tick reported any."
        return (
            f"{counted(problems, 'problem')} reported by ticks, {number(quarantined)} times "
            f"something was quarantined, and {counted(parked, 'tick')} of parked peers."
        )

    reported = over_rounds(
        outcomes,
        "In a round",
        number,
        ("quarantined", "one", lambda one: one.quarantined),
        ("problems", "two", lambda one: one.problems),
        ("parked", "three", lambda one: one.parked),
    )
    quiet = all(
        one.problems == one.quarantined == one.parked == 0 for o in outcomes for one in o.rounds
    )
    return section("Trouble seen", said, outcomes, *(() if quiet else (reported,)))


def _waits(outcomes: Sequence[Outcome]) -> Markup:
    longest = max(WAIT_ROUNDS_MIN, *(max(outcome.waits, default=0) for outcome in outcomes))
    each = bins(longest)
    most = max(
        (max(in_bins(o.waits, each).values()) for o in outcomes if o.waits),
        default=1,
    )

    def said(outcome: Outcome) -> str:
        if not outcome.waits:
            return "No letter was acted on."
        bar = f" A bar is {counted(each, 'round')} wide." if each > 1 else ""
        return (
            "From the round in which a letter was promised to the one in which its reader acted: "
            f"{counted(len(outcome.waits), 'letter')}.{bar}"
        )

    def draw(outcome: Outcome, where: Frame) -> Markup:
        if not outcome.waits:
            return Markup("")
        marks = [
            (name, value)
            for name, percent in (("median", 50), ("95 of 100 within", 95), ("worst", 100))
            if (value := compare.rank(outcome.waits, percent)) is not None
        ]
        about = "letters by how long they waited"
        return histogram(where, about, outcome.waits, marks, longest=longest, most=most)

    return section("Waits", said, outcomes, draw)
