"""`peer outbox` and `peer outbox cancel`: letters that are not acknowledged yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.cancelling import Cancelled
    from peer.rows import Row

TEXT_CHARS = 36


@click.group(
    invoke_without_command=True,
    epilog=output.examples("peer outbox", "peer outbox --json", "peer outbox cancel k3va"),
)
@common
def command(where: Where) -> None:
    """List letters that no receipt of their reader covers yet, oldest first, and why each waits.

    "staged" ones wait in this home; "delivered" ones lie on the share and are put there again
    until a receipt comes.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    peer = where.peer()
    rows = [letter.as_json() for letter in peer.outbox()]
    output.answer(where, rows, lambda: _lines(rows, peer.name))


def _lines(rows: list[Row], name: str) -> Iterator[str]:
    if not rows:
        yield f"every letter of {name} is acknowledged"
        return
    for reader in dict.fromkeys(row["to"] for row in rows):
        mine = [row for row in rows if row["to"] == reader]
        yield f"{output.bold(reader)}  {output.counted(len(mine), 'letter')}"
        yield from _of_one(mine)


def _of_one(rows: list[Row]) -> Iterator[str]:
    """The letters for one reader; a cause is told once for those that follow one another."""
    last = None
    for row in rows:
        if (cause := (row["why"], row["next"])) != last:
            last = cause
            yield f"  {output.line(row['why'])}"
            yield output.dim(f"    → {output.line(row['next'])}")
        at = row["at"][:16].replace("T", " ")
        text = output.line(row["text"][:200])[:TEXT_CHARS]
        yield f"  {row['id'][: output.ID_CHARS]}  {row['state']:<9}  {at}  {row['kind']}  {text}"


@command.command(epilog=output.examples("peer outbox cancel k3vab2c7"))
@id_argument
@common
def cancel(where: Where, id: str) -> None:
    """Take back a letter that is still in this home.

    Once it is in a page it cannot be taken back: the page is signed and may have been read. One
    that has expired is put away.
    """
    done = where.peer().cancel(id)
    output.answer(where, done.as_json(), lambda: [_said(done)])


def _said(done: Cancelled) -> str:
    if done.was == "expired":
        return f"{done.id} had expired, unread, and is put away"
    return f"{done.id} is taken back; nobody will see it"
