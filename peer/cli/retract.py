"""`peer retract`: take back a claim, an opinion or an announcement of one's own."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where


@click.command(epilog=output.examples('peer retract k3vab2c7 --because "I measured wrongly"'))
@id_argument
@click.option("--because", metavar="TEXT", default="", help="Why you take it back")
@common
def command(where: Where, id: str, because: str) -> None:
    """Say, for everybody to see, that what you published holds no more.

    It stays readable and is marked as retracted; an endorsement or a dispute that you take back
    counts no more. `peer erase` makes its text go away.
    """
    output.sent(where, where.peer().retract(id, because=because))
