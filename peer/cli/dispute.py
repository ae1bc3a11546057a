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
    why = whole_text(because, None)

    from peer.letters import published_by_another
    from peer.send import send
    from protocol.messages import Dispute

    peer = where.peer()
    letter = published_by_another(peer, id)
    body = Dispute(because=why)
    output.sent(where, send(peer, ["all"], [body], re=letter.id, thread=letter.thread))
