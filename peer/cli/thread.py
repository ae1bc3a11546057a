"""`peer thread ID`: a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.rows import Row

LEVELS_SHOWN_MAX = 8  # deeper ones stand below each other: a screen is not wider


@click.command(epilog=output.examples("peer thread k3vab2c7"))
@id_argument
@common
def command(where: Where, id: str) -> None:
    """Show the whole conversation that an item belongs to: each item, and below it its answers.

    It marks nothing as read.
    """
    rows = [letter.as_json() for letter in where.peer().thread(id)]
    output.answer(where, rows, lambda: _lines(rows))


def _lines(rows: list[Row]) -> Iterator[str]:
    for number, row in enumerate(rows):
        if number:
            yield ""
        indent = "  " * min(row["level"], LEVELS_SHOWN_MAX)
        yield from output.letter_lines(row, indent=indent)
