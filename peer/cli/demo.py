"""`peer demo`: watch five peers work."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer demo", "peer demo /tmp/try-it"))
@click.argument("dir", required=False)
@common
def command(where: Where, dir: str | None) -> None:
    """Play several rounds of five peers on a fresh share in DIR, and show what happened.

    Without DIR a temporary folder is used, which stays to be looked at. Nothing is asked, and your
    own home is not touched.
    """
    from peer.cli.typed import folder
    from peer.demo.play import run

    code = run(None if dir is None else folder(dir), output.aside if where.json else click.echo)
    if where.json:
        output.document({"ok": code == 0})
    raise click.exceptions.Exit(code)
