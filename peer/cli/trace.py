"""`peer trace ID`: where a letter is and how it got there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where


@click.command(epilog=output.examples("peer trace k3vab2c7", "peer trace k3va --json"))
@id_argument
@common
def command(where: Where, id: str) -> None:
    """Show what this home knows about the way of an item.

    Whether its reader has read it only the reader's own trace tells.
    """
    found = where.peer().trace(id).as_json()
    output.answer(where, found, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['id']}  {output.line(found['from'])} → {output.line(found['to'])}"
    for event in found["events"]:
        at = event["at"].replace("T", " ").removesuffix("Z")
        yield f"  {output.dim(at)}  {event['what']:<13} {output.line(event['where'])}"
