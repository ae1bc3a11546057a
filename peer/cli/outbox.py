"""`peer outbox` and `peer outbox cancel`: letters that are not acknowledged yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where
from peer.mailbox import Mailbox
from protocol.errors import SomaError

if TYPE_CHECKING:
    from peer.mailbox import Row


@click.group(
    invoke_without_command=True,
    epilog=output.examples("peer outbox", "peer outbox --json", "peer outbox cancel k3va"),
)
@common
def command(where: Where) -> None:
    """List letters that no receipt of their reader covers yet.

    "staged" ones wait in this home; "delivered" ones lie on the share and are put there again
    until a receipt comes.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    home, identity = where.mailbox()
    rows = Mailbox(home, identity).outbox()
    output.answer(where, rows, lambda: _lines(rows, identity.name))


def _lines(rows: list[Row], name: str) -> Iterator[str]:
    if not rows:
        yield f"every letter of {name} is acknowledged"
        return
    cells = [
        (
            row["id"][: output.ID_CHARS],
            row["to"],
            row["kind"],
            row["state"],
            row["at"][:16],
            row["text"][:50],
        )
        for row in rows
    ]
    yield from output.table(("ID", "TO", "KIND", "STATE", "WRITTEN", "TEXT"), cells)


@command.command(epilog=output.examples("peer outbox cancel k3vab2c7"))
@id_argument
@common
def cancel(where: Where, id: str) -> None:
    """Take back a letter that is still in this home.

    Once it is in a page it cannot be taken back: the page is signed and may have been read.
    """
    home, _ = where.mailbox()
    with home.transaction():
        letter = home.mail.get(id)
        if not home.past.put_away(letter.id):
            raise SomaError(
                f"{letter.id[: output.ID_CHARS]} cannot be taken back, it is not waiting in this"
                " home; `peer trace` shows where it is"
            )
    value = {"id": letter.id, "state": "cancelled"}
    output.answer(where, value, lambda: [f"{letter.id} is taken back; nobody will see it"])
