"""`peer simulate compare`: two scenarios, one seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.simulate.knobs import Knobs, knobbed
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.simulate.outcome import Outcome


@click.command(
    epilog=output.examples(
        "peer simulate compare five-at-home flaky-drive",
        "peer simulate compare mine.toml other.toml --seed 3 --report page.html",
    )
)
@click.argument("a")
@click.argument("b")
@common
@knobbed
def command(where: Where, knobs: Knobs, a: str, b: str) -> None:
    """Play the scenarios A and B with the same seed and options, and put them side by side."""
    from peer.cli.simulate.play import check_report, report, watched
    from peer.simulate.compare import table

    check_report(knobs)
    plans = knobs.plan(a), knobs.plan(b)
    first, second = (watched(plan) for plan in plans)
    rows = table(first, second)
    value = {
        "a": first.as_json(), "b": second.as_json(),
        "table": [dict(zip(("what", "a", "b", "ratio"), row, strict=True)) for row in rows],
    }  # fmt: skip
    output.answer(where, value, lambda: _lines(first, second, rows))
    report(knobs, [first, second], [plan.command() for plan in plans])
    raise click.exceptions.Exit(0 if first.ok and second.ok else 1)


def _lines(first: Outcome, second: Outcome, rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    from peer.cli.simulate.words import violation_line

    yield from output.table(
        ("", output.line(first.scenario), output.line(second.scenario), ""), rows
    )
    for outcome in (first, second):
        for violation in outcome.violations:
            yield output.bad(f"{output.line(outcome.scenario)}: {violation_line(violation)}")
