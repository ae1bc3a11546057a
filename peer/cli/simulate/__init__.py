"""`peer simulate`: networks of simulated peers, with faults; a group that plays one by itself.

One file a subcommand, as in `peer.cli`; `knobs` are the options they share, `play` is a run with
its progress, `words` what it says to a person. Needs no home, no network and no extras.
"""

from __future__ import annotations

from typing import Any

import click

from peer.cli import output
from peer.cli.lazy import LazyGroup
from peer.cli.options import common
from peer.cli.simulate.knobs import Knobs, knobbed
from peer.cli.where import Where

COMMANDS = {
    "Commands": {
        "list": "Scenarios, faults and checkers there are",
        "run": "Play a scenario, also one of your own",
        "compare": "Two scenarios side by side, with one seed",
        "replay": "Play a seed or a kept case again, or make it smaller",
        "soak": "Many seeds on all cores; keeps those that fail",
    }
}
DEFAULT = "five-at-home"


class SimulateGroup(LazyGroup):
    """Also knows what is meant by `peer simulate SCENARIO`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As any group, but a scenario is no unknown command."""
        from peer.simulate import scenario

        if args[0] in scenario.names() or args[0].endswith(".toml"):
            raise click.UsageError(f"{args[0]!r} is a scenario: `peer simulate run {args[0]}`", ctx)
        return super().resolve_command(ctx, args)


def _group(function: Any) -> click.Command:
    return click.group(
        cls=SimulateGroup,
        package="peer.cli.simulate",
        sections=COMMANDS,
        invoke_without_command=True,
        epilog=output.examples(
            "peer simulate",
            "peer simulate --peers 7 --ticks 100 --seed 42 --faults kill=20,deleted,torn",
            "peer simulate --faults all --report page.html",
            "peer simulate run office-of-fifty",
            "peer simulate soak --hours 1",
            "peer simulate replay 42 --minimise",
        ),
    )(function)


@_group
@common
@knobbed
@click.pass_context
def command(ctx: click.Context, where: Where, knobs: Knobs) -> None:
    """Play a network of peers under a time, a drive and a chance of its own, with faults.

    The peers run the very code that runs on machines. Watchers from outside check every promise:
    nothing lost, nothing twice, nobody impersonated. Equal seeds give equal runs, to the last byte.

    Without a command the scenario five-at-home is played. Exits with 0 where every promise was
    kept, 1 where one was broken.
    """
    if ctx.invoked_subcommand is not None:
        return
    from peer.cli.simulate.play import play

    play(where, knobs, knobs.plan(DEFAULT))
