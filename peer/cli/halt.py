"""`peer halt`: a steward stops a peer, a cluster or everybody."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.options import common
from peer.cli.typed import one_line
from peer.cli.where import Where


@click.command(
    epilog=output.examples('peer halt --because "wrong data"', "peer halt core", "peer halt lab.eu")
)
@click.argument("scope", required=False)
@click.option("--because", default="", metavar="TEXT", help="Why; everybody can read it")
@passphrase_option
@common
def command(where: Where, scope: str | None, because: str, passphrase_file: str | None) -> None:
    """Order SCOPE (a peer, a cluster; without it the whole network) to act and send no more.

    Halted peers go on reading, acknowledging and beating, until `peer resume`.
    """
    from peer.stewards.orders import halt, scope_named

    why = one_line(because, "the reason")
    desk = open_desk(where, passphrase_file)
    named = scope_named(desk, scope)
    order = halt(desk, named, why)
    value = {"order": "halt", "scope": named, "because": why, "digest": order.digest}
    whom = "the whole network is" if named == "*" else f"{named} is"
    lift = f"peer resume {scope or ''}".rstrip()
    lines = [f"{whom} halted from the next tick on", f"to lift it: {lift}"]
    output.answer(where, value, lambda: lines)
