"""`peer resume`: a steward lifts halts."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer resume", "peer resume core"))
@click.argument("scope", required=False)
@passphrase_option
@common
def command(where: Where, scope: str | None, passphrase_file: str | None) -> None:
    """Lift every halt within SCOPE; without it, every halt there is."""
    from peer.stewards.orders import resume, scope_named

    desk = open_desk(where, passphrase_file)
    named = scope_named(desk, scope)
    orders = resume(desk, named)
    lifted = sum(len(getattr(order.body, "lifts", ())) for order in orders)
    digests = [order.digest for order in orders]
    value = {"order": "resume", "scope": named, "lifted": lifted, "digests": digests}
    said = f"{output.counted(lifted, 'halt')} lifted; peers go on at their next tick"
    output.answer(where, value, lambda: [said])
