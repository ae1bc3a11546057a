"""`peer endorse`: vouch for something published."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where


@click.command(epilog=output.examples("peer endorse k3vab2c7"))
@id_argument
@common
def command(where: Where, id: str) -> None:
    """Vouch, for everybody to see, for what somebody else published; `peer feed` lists it.

    An answer that came by letter is accepted so, before its author alone.
    """
    output.sent(where, where.peer().endorse(id))
