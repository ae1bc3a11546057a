"""`peer save ID`: the attachments of a letter as files."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        "peer save k3vab2c7", "peer save k3va --to ~/Downloads", "peer save k3va --name report.pdf"
    )
)
@id_argument
@click.option("--to", "folder", metavar="DIR", default=".", help="Where to  [default: here]")
@click.option("--name", metavar="N", help="Only the attachment of this name")
@common
def command(where: Where, id: str, folder: str, name: str | None) -> None:
    """Write the attachments of an item into files, and print where they are.

    Nothing that exists is replaced: a number is added to the name. What was published is fetched
    from the share now; letters have brought their attachments with them.
    """
    peer = where.peer()
    saved = peer.save(id, folder, name=name)
    value = {"id": peer.letter(id).id, "saved": [one.as_json() for one in saved]}
    output.answer(
        where,
        value,
        lambda: [f"{output.line(one.path)}  {output.bytes_(one.size)}" for one in saved],
    )
