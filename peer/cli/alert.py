"""`peer alert`: publish that you are in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import text_options, whole_text
from peer.cli.where import Where

if TYPE_CHECKING:
    from protocol.messages import Severity


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
    output.sent(where, where.peer().alert(said, severity=cast("Severity", severity)))
