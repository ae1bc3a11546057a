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
    """Vouch, for everybody to see, for what somebody else published; `peer feed` lists it."""
    from peer.letters import published_by_another
    from peer.send import send
    from protocol.messages import Endorsement

    peer = where.peer()
    letter = published_by_another(peer, id)
    output.sent(where, send(peer, ["all"], [Endorsement()], re=letter.id, thread=letter.thread))
