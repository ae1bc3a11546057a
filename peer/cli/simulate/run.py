"""`peer simulate run`: a scenario, ours or somebody's own."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.simulate.knobs import Knobs, knobbed
from peer.cli.simulate.smaller import smaller_options
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        "peer simulate run flaky-drive --seed 7",
        "peer simulate run split-brain --peers 9 --report page.html",
        "peer simulate run my-office.toml --faults none",
    )
)
@click.argument("scenario")
@smaller_options
@common
@knobbed
def command(where: Where, knobs: Knobs, scenario: str, minimise: bool, keep: str) -> None:
    """Play SCENARIO: a name from `peer simulate list`, or a file that ends in .toml.

    To write one of your own, begin with a copy of one of ours: they explain themselves
    (peer/simulate/scenarios/).
    """
    from peer.cli.simulate.play import play, play_smaller

    plan = knobs.plan(scenario)
    if minimise:
        play_smaller(where, knobs, plan, keep)
    play(where, knobs, plan)
