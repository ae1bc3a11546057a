"""`peer escalations`: what waits for a human."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.status import concern_lines
from peer.cli.where import Where


@click.command(epilog=output.examples("peer escalations", "peer escalations --as core --json"))
@common
def command(where: Where) -> None:
    """Show what waits for a human, then what is only worth knowing, and how to mend each."""
    rows = [concern.as_json() for concern in where.peer().concerns()]
    output.answer(
        where, rows, lambda: concern_lines(rows) if rows else ["nothing waits for a human"]
    )
