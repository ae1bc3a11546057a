"""`peer read ID`: one letter in full."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where


@click.command(epilog=output.examples("peer read k3vab2c7", "peer read k3va --json"))
@id_argument
@common
def command(where: Where, id: str) -> None:
    """Show one item in full, and mark it as read.

    Four characters of its ID are enough where only one begins so.
    """
    peer = where.peer()
    letter = peer.letter(id)
    row = letter.as_json()
    output.answer(where, row, lambda: output.letter_lines(row))
    output.seen()
    peer.mark_read([letter])
