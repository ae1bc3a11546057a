"""`peer import`: let an exported peer go on here."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer import core.peer --network /mnt/team"))
@click.argument("file")
@common
def command(where: Where, file: str) -> None:
    """Let the peer in FILE go on here; --network says where the share is on this machine."""
    from peer.moving import import_peer

    _, identity = import_peer(where.home, file, where.network)
    lines = [
        f"{output.bold(identity.name)} goes on here, with the share {output.line(identity.share)}",
        f"next: remove {output.line(file)}, which holds its key; peer tick --as {identity.name}",
    ]
    value = {"peer": identity.name, "share": identity.share}
    output.answer(where, value, lambda: lines)
