"""`peer outbox` and `peer outbox cancel`: letters that are not acknowledged yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where, now
from peer.mailbox import ALL, Mailbox
from protocol.errors import SomaError, UsageError

if TYPE_CHECKING:
    from peer.home.mail import Letter
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

    Once it is in a page it cannot be taken back: the page is signed and may have been read. One
    that has expired is put away.
    """
    home, _ = where.mailbox()
    with home.transaction():
        letter = home.mail.get(id)
        short = letter.id[: output.ID_CHARS]
        if not letter.mine:
            raise UsageError(f"{short} is not yours; only its author can take it back")
        if not home.past.put_away(letter.id):
            raise SomaError(f"{short} cannot be taken back, it {_still_possible(letter, short)}")
        if letter.state == "expired" and not home.terms.expired(letter.audience):
            home.concerns.resolve(f"expired:{letter.audience}", now())
    value = {"id": letter.id, "state": "cancelled"}
    output.answer(where, value, lambda: [f"{letter.id} is taken back; nobody will see it"])


def _still_possible(letter: Letter, short: str) -> str:
    """Why a letter that is in a page stays there, and what its author can do instead."""
    if letter.audience == ALL:
        return f"is published; `peer erase {short}` takes its content away again"
    if letter.covered_at is not None or letter.acted_at is not None:
        done = "was received"
    else:
        done = "is signed and on its way"
    return (
        f"{done}; write another one (`--reply-to {short}`), and next time say `--expires` where it"
        " need not come late"
    )
