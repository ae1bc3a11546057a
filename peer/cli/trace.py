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
@click.option("--offline", is_flag=True, help="Do not look at the share")
@common
def command(where: Where, id: str, offline: bool) -> None:
    """Show the way of an item: what this home knows, the other side, and the share.

    The other side is asked where it is an identity of this home, too. Whether its reader has read
    it only the reader's own trace tells.
    """
    found = where.peer().trace(id, look=not offline).as_json()
    output.answer(where, found, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    way = f"{output.line(found['from'])} → {output.line(found['to'])}"
    yield f"{found['id']}  {way}  {found['state']}"
    yield from _events(found["events"])
    for side in found["other_sides"]:
        yield f"{output.bold(side['peer'])} says" + ("" if side["events"] else ": not here yet")
        yield from _events(side["events"])
    share = found["share"]
    if share and share["fault"]:
        yield output.dim(f"the share cannot be looked at: {output.line(share['fault'])}")
    elif share and share["facts"]:
        yield output.bold("the share") + " now"
        for fact in share["facts"]:
            yield f"  {fact['what']:<13} {output.line(fact['text'])}"


def _events(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        at = event["at"].replace("T", " ").removesuffix("Z")
        yield f"  {output.dim(at)}  {event['what']:<13} {output.line(event['where'])}"
