"""`page`: one or two outcomes as one HTML file: no network, no script."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib.resources import files

from peer.simulate import compare
from peer.simulate.outcome import Outcome, Violation
from peer.simulate.report.markup import Markup, element
from peer.simulate.report.sections import sections
from peer.simulate.report.words import counted, number, size, span

VIOLATIONS_SHOWN_MAX = 100


def page(outcomes: Sequence[Outcome], commands: Sequence[str | None] = ()) -> str:
    """A whole page: of one outcome, or of two side by side.

    `commands` replay the outcomes, one each, empty where there is none; without them the page says
    what follows from the outcome, which knows no options of faults. Raises ValueError for no
    outcome and for more than two.
    """
    if len(outcomes) not in (1, 2):
        raise ValueError(f"a page shows one or two outcomes, not {len(outcomes)}")
    replays = list(commands) or [replay(outcome) for outcome in outcomes]
    names = " and ".join(outcome.scenario for outcome in outcomes)
    style = files("peer.simulate.report").joinpath("style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{names} – simulated"),
        element("style", Markup(style)),
    )
    heads = [
        _header(outcome, command, letter)
        for outcome, command, letter in zip(
            outcomes, replays, ("A", "B") if len(outcomes) == 2 else ("",), strict=False
        )
    ]
    body = element(
        "main",
        element("header", element("div", *heads, class_="runs")),
        _figures(outcomes[0]) if len(outcomes) == 1 else _table(outcomes[0], outcomes[1]),
        *(sections(outcomes) if any(outcome.rounds for outcome in outcomes) else ()),
        _footer(outcomes),
        class_="one" if len(outcomes) == 1 else "two",
    )
    whole = element("html", head, element("body", body), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def replay(outcome: Outcome) -> str:
    """The command that plays this run again, as far as the outcome knows it."""
    return (
        f"peer simulate run {shlex.quote(outcome.scenario)} --seed {outcome.seed} "
        f"--peers {len(outcome.names)} --ticks {outcome.ticks}"
    )


def _lasted(outcome: Outcome) -> str:
    """How long a run was, in words: `52 rounds of 6 h (13 d), the last 12 without faults`."""
    rounds = outcome.ticks + outcome.quiet
    whole = span(rounds * outcome.every_ms)
    quiet = f", the last {number(outcome.quiet)} without faults" if outcome.quiet else ""
    ended = ""
    if 0 < len(outcome.rounds) < rounds:
        ended = f"; ended early, in round {outcome.rounds[-1].number}"
    return f"{counted(rounds, 'round')} of {span(outcome.every_ms)} ({whole}){quiet}{ended}"


def _header(outcome: Outcome, command: str | None, letter: str) -> Markup:
    title = f"{letter}: {outcome.scenario}" if letter else outcome.scenario
    facts = (
        ("seed", str(outcome.seed)),
        ("peers", number(len(outcome.names))),
        ("length", _lasted(outcome)),
    )
    told = [element("div", element("dt", name), element("dd", said)) for name, said in facts]
    return element(
        "div",
        element("h1", title),
        element("p", outcome.about, class_="about"),
        _verdict(outcome),
        element("dl", *told, class_="facts"),
        _replay(command),
        *_violations(outcome.violations),
        class_="run",
    )


def _verdict(outcome: Outcome) -> Markup:
    """In words, never by colour alone."""
    if not outcome.ok:
        checkers = ", ".join(sorted({violation.checker for violation in outcome.violations}))
        said = f"✕ {counted(len(outcome.violations), 'violation')}, found by {checkers}"
        return element("p", said, class_="verdict broken")
    if not outcome.rounds:
        return element("p", "Nothing was played.", class_="verdict")
    struck = f"after {counted(len(outcome.strikes), 'strike')}" if outcome.strikes else "no faults"
    said = f"✓ No promise was broken: {counted(len(outcome.names), 'peer')}, {struck}"
    return element("p", said, class_="verdict ok")


def _replay(command: str | None) -> Markup:
    """Words stay whole where the line breaks: `--seed` is no `-` and `-seed`."""
    if not command:
        return Markup("")
    words = [part for word in command.split(" ") for part in (" ", element("span", word))]
    return element("p", "Play it again: ", element("code", *words[1:]), class_="replay")


def _violations(violations: Sequence[Violation]) -> list[Markup]:
    if not violations:
        return []
    items = [
        element(
            "li",
            element("strong", violation.checker),
            f" – {violation.who}, round {violation.round}: {violation.text}",
        )
        for violation in violations[:VIOLATIONS_SHOWN_MAX]
    ]
    if (more := len(violations) - VIOLATIONS_SHOWN_MAX) > 0:
        items.append(element("li", f"and {number(more)} more"))
    return [element("ol", *items, class_="violations")]


def _figures(outcome: Outcome) -> Markup:
    """The handful of numbers that one asks for first."""
    calls = compare.per_tick(outcome, lambda one: one.calls)
    last = outcome.rounds[-1] if outcome.rounds else None
    middle, slow = compare.rank(outcome.waits, 50), compare.rank(outcome.waits, 95)
    settled = compare.settled_after(outcome)
    rows = (
        (
            "letters acted on",
            number(compare.acted(outcome)),
            f"of {number(compare.promised(outcome))}",
        ),
        ("median wait", _rounds(middle), _time(middle, outcome)),
        ("95 of 100 within", _rounds(slow), _time(slow, outcome)),
        ("settled after faults", _rounds(settled), _time(settled, outcome)),
        ("calls a tick", "–" if calls is None else number(calls), "to the share"),
        (
            "files at the end",
            number(last.files) if last else "–",
            size(last.share_bytes) if last else "",
        ),
    )
    tiles = [
        element("div", element("dt", name), element("dd", value, " ", element("small", beside)))
        for name, value, beside in rows
    ]
    return element("dl", *tiles, class_="figures")


def _rounds(rounds: int | None) -> str:
    return "–" if rounds is None else counted(rounds, "round")


def _time(rounds: int | None, outcome: Outcome) -> str:
    return span(rounds * outcome.every_ms) if rounds else ""


def _table(a: Outcome, b: Outcome) -> Markup:
    """A and B in figures, as `peer simulate compare` prints them."""
    names = ("", f"A: {a.scenario}", f"B: {b.scenario}", "")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    rows = [
        element("tr", element("th", what, scope="row"), *(element("td", cell) for cell in cells))
        for what, *cells in compare.table(a, b)
    ]
    table = element("table", element("thead", head), element("tbody", *rows), class_="figures")
    return element("section", element("h2", "In figures"), element("div", table, class_="scroll"))


def _footer(outcomes: Sequence[Outcome]) -> Markup:
    digests = [
        element("span", f"Digest of {o.scenario}: ", element("code", o.digest), " ")
        for o in outcomes
    ]
    return element(
        "footer",
        element("p", *digests),
        element(
            "p",
            "Times are simulated. Nothing is smoothed: every value is that of one round. "
            "Hover over a plot to read it.",
        ),
    )
