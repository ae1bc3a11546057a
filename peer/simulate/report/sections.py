"""The sections of a page: what is shown of a run, and the sentence that stands above it.

A section draws every run on the same vertical scale, so that two runs can be compared by eye.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from peer.simulate import compare
from peer.simulate.outcome import Outcome, Round
from peer.simulate.report import plots
from peer.simulate.report.axes import NARROW_PX, Frame, frame
from peer.simulate.report.histogram import bins, histogram, in_bins
from peer.simulate.report.markup import Markup, element, joined
from peer.simulate.report.plots import Line, Mark, Row
from peer.simulate.report.words import counted, number, size, span

BANDS_PEERS_MAX = 8
WIDE_PX = {1: 960, 2: 540}

Draw = Callable[[Outcome, Frame], Markup]
Say = Callable[[float], str]


def sections(outcomes: Sequence[Outcome]) -> list[Markup]:
    """All sections, in the order in which one asks: what struck, what it did, what it cost."""
    return [
        _section("Faults", _faults_said, outcomes, _faults),
        _letters(outcomes),
        _health(outcomes),
        _work(outcomes),
        _storage(outcomes),
        _troubles(outcomes),
        _waits(outcomes),
        _section(
            "Answers", _answers_said, outcomes, lambda outcome, _: answers(outcome), once=True
        ),
    ]


def _section(
    title: str,
    said: Callable[[Outcome], str],
    outcomes: Sequence[Outcome],
    *draws: Draw,
    once: bool = False,
) -> Markup:
    """A heading, and for every run its sentence and its plots, each for wide and narrow screens."""
    columns = []
    for outcome in outcomes:
        widths = (WIDE_PX[len(outcomes)],) if once else (WIDE_PX[len(outcomes)], NARROW_PX)
        frames = [frame(outcome, width) for width in widths]
        drawn = [draw(outcome, one) for draw in draws for one in frames] if outcome.rounds else []
        columns.append(element("div", element("p", said(outcome)), *drawn, class_="run"))
    grid = element("div", *columns, class_="runs")
    return element("section", element("h2", title), grid)


def _most(outcomes: Sequence[Outcome], *amounts: Callable[[Round], float | None]) -> float:
    """The highest value of any round of any run: the top of a scale."""
    values = [tell(one) for outcome in outcomes for one in outcome.rounds for tell in amounts]
    return max((value for value in values if value is not None), default=0) or 1


def _over_rounds(
    outcomes: Sequence[Outcome],
    about: str,
    say: Say,
    *lines: tuple[str, str, Callable[[Round], float | None]],
    filled: bool = False,
    height: int = 130,
) -> Draw:
    """A plot of some amounts of each round: name, colour, amount."""
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


def _a_tick(amount: Callable[[Round], int]) -> Callable[[Round], float | None]:
    return lambda one: amount(one) / one.ticks if one.ticks else None


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

    on_way = _over_rounds(
        outcomes,
        "Letters on their way",
        number,
        ("on their way", "one", lambda one: one.under_way),
        filled=True,
    )
    so_far = _over_rounds(
        outcomes,
        "Letters so far",
        number,
        ("promised", "two", lambda one: one.promised),
        ("acted on", "one", lambda one: one.promised - one.under_way),
    )
    return _section("Letters", said, outcomes, on_way, so_far)


def _health(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        if len(outcome.names) < 2:
            return "Who is alone sees nobody."
        views = "".join("".join(one.health.values()) for one in outcome.rounds)
        bad = sum(views.count(letter) for letter in "lsd")
        seen = sum(views.count(letter) for letter in "alsduh")
        share = f"{100 * bad / seen:.1f} %" if bad else "none"
        return f"{_view_said(outcome)} Of all views, {share} were late, suspect or dead."

    section = _section("Health", said, outcomes, _health_grid)
    if not any(outcome.rounds and len(outcome.names) > 1 for outcome in outcomes):
        return section
    keys = [
        element("span", element("i", class_=name), name, class_="key")
        for name in ("live", "halted", "unknown", "late", "suspect", "dead")
    ]
    legend = element("p", *keys, class_="keys")
    return Markup(section.replace("</h2>", f"</h2>{legend}", 1))


def _view_said(outcome: Outcome) -> str:
    if len(outcome.names) > BANDS_PEERS_MAX:
        return "Each row is a peer in the worst state in which anybody sees it."
    return "Each row is a peer as one other sees it; blank where that one does not look."


def _health_grid(outcome: Outcome, where: Frame) -> Markup:
    if len(outcome.names) < 2:
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
    return [
        Row(name, f"{name} as {observer} sees it", _seen(outcome, (observer,), place))
        for place, name in enumerate(outcome.names)
        if name != observer
    ]


def worst_rows(outcome: Outcome) -> list[Row]:
    """What anybody sees of each peer, at worst."""
    return [
        Row(name, f"{name}, at worst", _seen(outcome, outcome.names, place))
        for place, name in enumerate(outcome.names)
    ]


def _seen(outcome: Outcome, observers: Sequence[str], place: int) -> str:
    """The worst state of a peer in the eyes of some, a letter a round."""
    worst = "".join(plots.STATES)
    states = []
    for one in outcome.rounds:
        seen = [one.health.get(observer, "")[place : place + 1] for observer in observers]
        known = [state for state in seen if state and state in worst]
        states.append(min(known, key=worst.index, default="-"))
    return "".join(states)


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

    calls = _over_rounds(
        outcomes,
        "Calls to the share a tick",
        number,
        ("calls", "one", _a_tick(lambda one: one.calls)),
    )
    moved = _over_rounds(
        outcomes,
        "Bytes a tick",
        size,
        ("read", "one", _a_tick(lambda one: one.read_bytes)),
        ("written", "two", _a_tick(lambda one: one.written_bytes)),
    )
    return _section("Work", said, outcomes, calls, moved)


def _storage(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        if not outcome.rounds:
            return "Nothing was stored."
        last = outcome.rounds[-1]
        return (
            f"At the end {counted(last.files, 'file')} with {size(last.share_bytes)} on the share, "
            f"and {size(last.home_bytes)} in the homes of all peers."
        )

    files = _over_rounds(
        outcomes, "Files on the share", number, ("files", "one", lambda one: one.files)
    )
    stored = _over_rounds(
        outcomes,
        "Bytes stored",
        size,
        ("share", "one", lambda one: one.share_bytes),
        ("homes", "two", lambda one: one.home_bytes),
    )
    return _section("Storage", said, outcomes, files, stored)


def _troubles(outcomes: Sequence[Outcome]) -> Markup:
    def said(outcome: Outcome) -> str:
        problems = compare.whole(outcome, lambda one: one.problems)
        quarantined = compare.whole(outcome, lambda one: one.quarantined)
        parked = compare.whole(outcome, lambda one: one.parked)
        return (
            f"{counted(problems, 'problem')} reported by ticks, {number(quarantined)} times "
            f"something was quarantined, and {counted(parked, 'tick')} of parked peers."
        )

    reported = _over_rounds(
        outcomes,
        "In a round",
        number,
        ("quarantined", "one", lambda one: one.quarantined),
        ("problems", "two", lambda one: one.problems),
        ("parked", "three", lambda one: one.parked),
    )
    return _section("Trouble seen", said, outcomes, reported)


def _waits(outcomes: Sequence[Outcome]) -> Markup:
    longest = max((outcome.waits[-1] for outcome in outcomes if outcome.waits), default=0)
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

    return _section("Waits", said, outcomes, draw)


# ---------------------------------------------------------------------------------- what answered


def _answers_said(outcome: Outcome) -> str:
    if not outcome.strikes and not outcome.answers:
        return "Nothing to answer."
    return (
        "How often something was seen at peers in the round of a strike and the next one. "
        "Where faults strike together, each is credited with what was seen."
    )


def answers(outcome: Outcome) -> Markup:
    """Fault × what answered it, the frequent ones first."""
    struck = Counter(strike.fault for strike in outcome.strikes)
    faults = sorted(struck.keys() | outcome.answers.keys(), key=lambda f: (-struck[f], f))
    if not faults:
        return Markup("")
    seen: Counter[str] = Counter()
    for counts in outcome.answers.values():
        seen.update(counts)
    columns = [name for name, _ in sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))]
    head = element(
        "tr",
        element("th", "fault", scope="col"),
        element("th", "strikes", scope="col", class_="n"),
        *(element("th", element("span", name), scope="col", class_="up") for name in columns),
    )
    body = [
        element(
            "tr",
            element("th", fault, scope="row"),
            element("td", number(struck[fault]), class_="n"),
            *(_count(outcome.answers.get(fault, {}).get(name, 0)) for name in columns),
        )
        for fault in faults
    ]
    table = element("table", element("thead", head), element("tbody", *body), class_="answers")
    return element("div", table, class_="scroll", tabindex="0")


def _count(count: int) -> Markup:
    return element("td", number(count) if count else "·", class_="n" if count else "n none")


def lasted(outcome: Outcome) -> str:
    """How long a run was, in words: `52 rounds of 6 h (13 d), the last 12 without faults`."""
    rounds = outcome.ticks + outcome.quiet
    whole = span(rounds * outcome.every_ms)
    quiet = f", the last {number(outcome.quiet)} without faults" if outcome.quiet else ""
    ended = ""
    if 0 < len(outcome.rounds) < rounds:
        ended = f"; ended early, in round {outcome.rounds[-1].number}"
    return f"{counted(rounds, 'round')} of {span(outcome.every_ms)} ({whole}){quiet}{ended}"
