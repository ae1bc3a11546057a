"""`peer propose`: a value that the members may agree on."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        "peer propose pace slow",
        'peer propose pace slow --because "the drive cannot keep up"',
    )
)
@click.argument("key")
@click.argument("value")
@click.option("--because", default="", metavar="TEXT", help="Why the others should agree")
@common
def command(where: Where, key: str, value: str, because: str) -> None:
    """Propose VALUE for KEY, for everybody to see; it holds once two thirds have voted yes.

    The charter says which keys may be voted on, and the members of which roster decide. To propose
    is no vote: `peer vote ID yes` is.
    """
    sent = where.peer().propose(key, value, because=because)
    output.sent(where, sent)
    if not where.json:
        output.aside(f"vote for it yourself with `peer vote {sent.ids[0][: output.ID_CHARS]} yes`")
