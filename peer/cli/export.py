"""`peer export`: put a peer into a file, to move it to another machine."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer export core.peer --as core"))
@click.argument("file")
@common
def command(where: Where, file: str) -> None:
    """Put a peer into FILE, with its key and all that it knows, and stop here.

    Whoever has FILE is the peer: carry it like a key, import it on one machine, then remove it.
    Should it get lost, export again; `peer repair` lets the peer stay here after all.
    """
    from peer.cli import schedule
    from peer.clock import SystemClock
    from peer.moving import export_peer

    folder, identity = where.identity()
    export_peer(folder, identity, file, SystemClock())
    lines = [
        f"{output.bold(identity.name)} has moved into {output.line(file)}; nothing happens here"
        " any more",
        f"next, on the other machine: peer import {file} --network DIR",
    ]
    output.answer(
        where,
        {"peer": identity.name, "file": file},
        lambda: [*lines, *schedule.reminder(where, folder, identity)],
    )
