"""What was seen at peers after each fault, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from peer.simulate.outcome import Outcome
from peer.simulate.report.layout import section
from peer.simulate.report.markup import Markup, element
from peer.simulate.report.words import number


def answers(outcomes: Sequence[Outcome]) -> Markup:
    """The section of all runs."""
    return section("Answers", _said, outcomes, lambda outcome, _: table(outcome), once=True)


def _said(outcome: Outcome) -> str:
    if not outcome.strikes and not outcome.answers:
        return "There was nothing to answer."
    return (
        "How often something was seen at peers in the round of a strike and the next one. "
        "Where faults strike together, each is credited with what was seen."
    )


def table(outcome: Outcome) -> Markup:
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
    whole = element("table", element("thead", head), element("tbody", *body), class_="answers")
    return element("div", whole, class_="scroll", tabindex="0")


def _count(count: int) -> Markup:
    return element("td", number(count) if count else "·", class_="n" if count else "n none")
