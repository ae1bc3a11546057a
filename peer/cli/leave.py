"""`peer leave`: say goodbye."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer leave --as core"))
@common
def command(where: Where) -> None:
    """Say goodbye in a last signed heartbeat, so that nobody takes you for dead.

    The home keeps everything; `peer join` brings you back.
    """
    from peer.cli import schedule
    from peer.membership import leave

    folder, identity = where.identity()
    peer = where.running()
    seq = leave(peer)
    value = {"peer": peer.name, "seq": seq, "state": "left"}
    back = f"peer join {peer.identity.share} --name {peer.name}"
    output.answer(
        where,
        value,
        lambda: [
            f"{output.bold(peer.name)} has left with beat {seq}",
            *schedule.reminder(where, folder, identity),
            f"to come back: {back}",
        ],
    )
