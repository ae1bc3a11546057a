"""`peer who-knows TOPIC...`: who knows most about something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics
from peer.cli.where import Where


@click.command(epilog=output.examples("peer who-knows metal", "peer who-knows metal tin --json"))
@click.argument("topics", metavar="TOPIC...", nargs=-1, required=True)
@common
def command(where: Where, topics: tuple[str, ...]) -> None:
    """Show who knows most about topics: by what others vouched for and accepted, and lately.

    The score is a lower bound: one lucky hit is little, a long record much. It fades.
    """
    rows = [one.as_json() for one in where.peer().who_knows(checked_topics(topics))]
    output.answer(where, rows, lambda: _lines(rows, topics))


def _lines(rows: list[dict[str, Any]], topics: tuple[str, ...]) -> Iterator[str]:
    if not rows:
        yield f"nobody shared anything on {' '.join(topics)}; ask everybody: `peer ask TEXT`"
        return
    cells = [
        (one["name"], f"{one['score']:.2f}", str(one["contributions"]), str(one["endorsed"]),
         str(one["accepted"]), str(one["disputed"]), str(one["asked"]), one["state"])
        for one in rows
    ]  # fmt: skip
    header = ("NAME", "SCORE", "SHARED", "ENDORSED", "ACCEPTED", "DISPUTED", "ASKED", "STATE")
    yield from output.table(header, cells)
