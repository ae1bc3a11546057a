"""`peer feed`: what was published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_name
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.rows import Row

PREVIEW_LINES = 6


@click.command(
    epilog=output.examples("peer feed", "peer feed librarian --limit 5", "peer feed --json")
)
@click.argument("name", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many  [default: 50]"
)
@common
def command(where: Where, name: str | None, limit: int) -> None:
    """Show what everybody, or NAME, published, newest first, as far as ticks have brought it."""
    author = None if name is None else checked_name(name)
    rows = [letter.as_json() for letter in where.peer().feed(author, limit=limit)]
    output.answer(where, rows, lambda: _lines(rows, author))


def _lines(rows: list[Row], author: str | None) -> Iterator[str]:
    if not rows:
        yield f"{author or 'nobody'} published nothing that has come here"
    erased = {row["id"] for row in rows if row["erased"]}
    # What was taken back says so itself; that somebody said so need not stand beside it.
    said = [r for r in rows if not (r.get("erases") and erased.issuperset(r["erases"]))]
    for number, row in enumerate(said):
        if number:
            yield ""
        yield from output.letter_lines(row, PREVIEW_LINES)
