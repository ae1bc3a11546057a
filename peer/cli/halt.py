"""`peer halt`: a steward stops a peer, a cluster or everybody."""

from __future__ import annotations

import shlex

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.options import common
from peer.cli.typed import duration, one_line
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        'peer halt --because "wrong data"', "peer halt core", "peer halt '*.eu' --for 2h"
    )
)
@click.argument("scope", required=False)
@click.option("--because", default="", metavar="TEXT", help="Why; everybody can read it")
@click.option(
    "--for", "span", metavar="TIME", help="Only to pause: they go on by themselves after 90m, 12h …"
)
@passphrase_option
@common
def command(
    where: Where, scope: str | None, because: str, span: str | None, passphrase_file: str | None
) -> None:
    """Order SCOPE to act and send no more: a peer, a cluster, a region; else the whole network.

    Halted peers go on reading, acknowledging and beating, until `peer resume`. A pause ends for
    each peer when it has lived so long since it heard of it.
    """
    from peer.stewards.orders import halt, scope_named

    why = one_line(because, "the reason")
    ms = None if span is None else duration(span, "the pause")
    desk = open_desk(where, passphrase_file)
    named = scope_named(desk, scope)
    order = halt(desk, named, why, ms)
    value = {
        "order": "halt" if ms is None else "pause",
        "scope": named,
        "because": why,
        "digest": order.digest,
    }
    whom = "the whole network is" if named == "*" else f"{named} is"
    lift = f"peer resume {shlex.quote(scope)}" if scope else "peer resume"
    how = "halted" if ms is None else f"paused for {span}"
    lines = [f"{whom} {how} from the next tick on", f"to lift it: {lift}"]
    output.answer(where, value, lambda: lines)
