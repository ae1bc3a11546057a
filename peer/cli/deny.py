"""`peer deny ID`: a steward says no."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.approve import decide
from peer.cli.desk import passphrase_option
from peer.cli.options import common
from peer.cli.typed import id_argument, one_line
from peer.cli.where import Where


@click.command(epilog=output.examples('peer deny k3vab2c7 --because "not before the review"'))
@id_argument
@click.option("--because", default="", metavar="TEXT", help="Why; everybody can read it")
@passphrase_option
@common
def command(where: Where, id: str, because: str, passphrase_file: str | None) -> None:
    """Say no to what `peer approvals` shows as ID, also where it was approved and has not gone.

    The peer drops it and is told why. A no holds: to have it all the same the peer asks anew.
    """
    decide(where, id, passphrase_file, yes=False, because=one_line(because, "the reason"))
