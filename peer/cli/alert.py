"""`peer alert`: publish that you are in trouble."""

from __future__ import annotations

from typing import cast

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import text_options, whole_text
from peer.cli.where import Where


@click.command(epilog=output.examples('peer alert "my disk is full" --severity critical'))
@text_options
@click.option(
    "--severity", type=click.Choice(["info", "warn", "critical"]), default="warn",
    help="How bad it is  [default: warn]",
)  # fmt: skip
@common
def command(where: Where, text: str | None, file: str | None, severity: str) -> None:
    """Tell everybody about trouble of your own.

    It stands in the `peer status` of the others; a critical one waits for a human.
    """
    said = whole_text(text, file)

    from peer.send import send
    from protocol.messages import Alert, Severity

    body = Alert(text=said, severity=cast("Severity", severity))
    output.sent(where, send(where.peer(), ["all"], [body]))
