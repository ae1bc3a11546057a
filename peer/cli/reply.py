"""`peer reply ID TEXT`: answer a letter."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument, text_options, whole_text
from peer.cli.where import Where


@click.command(
    epilog=output.examples('peer reply k3vab2c7 "thank you"', "peer reply k3va --file answer.txt")
)
@id_argument
@text_options
@click.option("--only", is_flag=True, help="To the author alone, whoever he says it is for")
@common
def command(where: Where, id: str, text: str | None, file: str | None, only: bool) -> None:
    """Answer the author of an item, in its thread, and mark it as read.

    The answer to a question is an answer, to anything else a note. Of a question that was passed on
    to you it goes to who asked, as its author says, and to who passed it on; --only leaves out the
    former. It is said to whom it went.
    """
    output.sent(where, where.peer().reply(id, whole_text(text, file), only=only))
