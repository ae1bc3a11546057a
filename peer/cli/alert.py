"""`peer alert`: publish that you are in trouble, or that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import item_id, text_options, whole_text
from peer.cli.where import Where

if TYPE_CHECKING:
    from protocol.messages import Severity


@click.command(
    epilog=output.examples(
        'peer alert "my disk is full" --severity critical', "peer alert --over 3543pxfg"
    )
)
@text_options
@click.option(
    "--severity", type=click.Choice(["info", "warn", "critical"]), default="warn",
    help="How bad it is  [default: warn]",
)  # fmt: skip
@click.option(
    "--over", "over", metavar="ID", callback=item_id,
    help="The trouble that this alert of yours told of is over",
)  # fmt: skip
@common
def command(
    where: Where, text: str | None, file: str | None, severity: str, over: str | None
) -> None:
    """Tell everybody about trouble of your own, or (--over ID) that it is over.

    It stands in the `peer status` of the others until you say so; a critical one waits for a human.
    What your own checks find (`peer config show`) is told, and ends, by itself.
    """
    if over is not None:
        said = "it is over" if text is None and file is None else whole_text(text, file)
        output.sent(where, where.peer().alert_over(over, said))
        return
    said = whole_text(text, file)
    output.sent(where, where.peer().alert(said, severity=cast("Severity", severity)))
