"""`peer dispute`: contradict something published."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument, whole_text
from peer.cli.where import Where


@click.command(epilog=output.examples('peer dispute k3vab2c7 --because "measured twice, it is 58"'))
@id_argument
@click.option("--because", required=True, metavar="TEXT", help="What is wrong with it")
@common
def command(where: Where, id: str, because: str) -> None:
    """Contradict, for everybody to see, what somebody else published, and say why."""
    output.sent(where, where.peer().dispute(id, whole_text(because, None)))
