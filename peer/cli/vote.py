"""`peer vote`: a ballot on a proposal."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import item_id
from peer.cli.where import Where


@click.command(epilog=output.examples("peer vote k3vab2c7 yes", "peer vote k3vab2c7 no"))
@click.argument("id", callback=item_id)
@click.argument("ballot", metavar="yes|no", type=click.Choice(("yes", "no")))
@common
def command(where: Where, id: str, ballot: str) -> None:
    """Vote on a proposal, for everybody to see; `peer proposals` lists them.

    A ballot is signed and stands: nobody can take it back. The same one again is harmless. Whoever
    signs yes to two values of one vote, or yes and no to one, counts for nothing in it, so this
    program refuses that.
    """
    output.sent(where, where.peer().vote(id, ballot == "yes"))
