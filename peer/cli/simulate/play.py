"""A run as a command: progress while it lasts, then its outcome, a page, and the exit code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.progress import Progress
from peer.cli.simulate import words
from peer.cli.simulate.knobs import Knobs
from peer.cli.where import Where
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.simulate.outcome import Outcome, Round
    from peer.simulate.plan import Plan


def play(where: Where, knobs: Knobs, plan: Plan, file: str | None = None) -> None:
    """Play a plan, which stands in `file` if it is a kept case; exits with 1 unless all is well."""
    check_report(knobs)
    outcome = watched(plan)
    again = plan.command(file)
    output.answer(where, said(outcome, again), lambda: words.outcome_lines(outcome, again))
    report(knobs, [outcome], [again])
    raise click.exceptions.Exit(0 if outcome.ok else 1)


def play_smaller(where: Where, knobs: Knobs, plan: Plan, folder: str) -> None:
    """Make a failing plan smaller, keep what is left in `folder`, and say it; exits as above."""
    from peer.simulate import cases
    from peer.simulate.minimise import RUNS_MAX, minimise
    from peer.simulate.run import run

    check_report(knobs)
    with Progress() as progress:

        def watch(runs: int, best: Outcome) -> None:
            progress.say(
                f"run {runs} of at most {RUNS_MAX}: {words.size(best)},"
                f" {output.counted(len(best.strikes), 'strike')}"
            )

        progress.say("does it fail?")
        small = minimise(plan, run, watch=watch)
    outcome = watched(small)
    if outcome.ok:
        output.aside("nothing to make smaller: every promise was kept")
        again, file = plan.command(), None
    else:
        file = cases.keep(folder, small, outcome.violations, mark="-small")
        again = small.command(file)
    value = said(outcome, again) | {"file": file, "plan": small.as_json()}
    output.answer(where, value, lambda: words.smaller_lines(outcome, small, again))
    report(knobs, [outcome], [again])
    raise click.exceptions.Exit(0 if outcome.ok else 1)


def watched(plan: Plan) -> Outcome:
    """Play a plan, with progress on a terminal."""
    from peer.simulate.run import run

    with Progress() as progress:

        def watch(now: Round, rounds: int) -> None:
            quiet = ", no faults any more" if now.quiet else ""
            progress.say(
                f"{plan.scenario.name}, seed {plan.seed}: round {now.number + 1} of {rounds},"
                f" {output.counted(now.under_way, 'letter')} on the way{quiet}"
            )

        return run(plan, watch if progress.live else None)


def said(outcome: Outcome, again: str | None) -> dict[str, Any]:
    """The document of a run: its outcome, and what to type to see it again."""
    return {**outcome.as_json(), "replay": again}


def check_report(knobs: Knobs) -> None:
    """The page can be written, as far as that can be known before the run."""
    path = knobs.report
    if path is not None and (
        os.path.isdir(path) or not os.path.isdir(os.path.dirname(path) or ".")
    ):
        raise UsageError(f"--report {path}: that is a folder, or its folder does not exist")


def report(knobs: Knobs, outcomes: Sequence[Outcome], again: Sequence[str | None]) -> None:
    """Write the page that was asked for, if one was; `again` replay the outcomes, one each."""
    if knobs.report is None:
        return
    from peer.simulate.report.html import page

    try:
        with open(knobs.report, "w", encoding="utf-8") as file:
            file.write(page(outcomes, again))
    except OSError as error:
        raise UsageError(f"--report {knobs.report}: {error.strerror}; choose another") from error
    output.aside(f"wrote {knobs.report}")
