"""`peer simulate replay`: a story once more."""

from __future__ import annotations

import os

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.simulate.knobs import Knobs, knobbed, seed_max
from peer.cli.simulate.smaller import smaller_options
from peer.cli.where import Where
from protocol.errors import UsageError


@click.command(
    epilog=output.examples(
        "peer simulate replay 42",
        "peer simulate replay 42 --minimise",
        "peer simulate replay failing-seeds/any-weather-42.json --report page.html",
    )
)
@click.argument("what", metavar="SEED|FILE.json")
@smaller_options
@common
@knobbed
def command(where: Where, knobs: Knobs, what: str, minimise: bool, keep: str) -> None:
    """Play the run of a seed in any weather again, or a case that `soak` kept.

    With --minimise a failing run is played over and over with less time, fewer faults, letters and
    peers, until nothing can be left out; the result is kept as a case of its own.
    """
    from peer.cli.simulate.play import play, play_smaller
    from peer.simulate import cases
    from peer.simulate.plan import ANY_WEATHER

    if knobs.seed is not None:
        raise UsageError("--seed: what is replayed has a seed; name that one only")
    file = None
    if what.isascii() and what.isdigit() and int(what) <= seed_max:
        plan = knobs.plan(ANY_WEATHER, int(what))
    elif what.endswith(".json") or os.path.exists(what):
        case, file = cases.load(what), what
        plan = knobs.changed(case)
        file = what if plan == case else None
    else:
        raise UsageError(f"{what[:80]!r} is neither a seed nor a file that `soak` kept")
    if minimise:
        play_smaller(where, knobs, plan, keep)
    play(where, knobs, plan, file)
