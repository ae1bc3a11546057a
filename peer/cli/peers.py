"""`peer peers`: who is alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.status import neighbour_cells
from peer.cli.where import Where


@click.command(epilog=output.examples("peer peers", "peer peers --as core --json"))
@common
def command(where: Where) -> None:
    """Show the other members and how they seemed at your last tick.

    φ grows with silence: from 1 on late, from 3 suspect, from 8 dead. Reputation is what you saw of
    them yourself (`peer reputation`); `peer mentor` says more of mentors and mentees.
    """
    rows = [neighbour.as_json() for neighbour in where.peer().peers()]
    output.answer(where, rows, lambda: _lines(rows))


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "no other members yet; a steward admits them with `peer admit NAME`"
        return
    header = ("NAME", "STATE", "φ", "LAST SEEN", "LIFECYCLE", "REPUTATION", "MENTORING")
    relied = [(f"{row['reputation']:.2f}", row["mentoring"] or "") for row in rows]
    cells = [(*one, *more) for one, more in zip(neighbour_cells(rows), relied, strict=True)]
    yield from output.table(header, cells)
