"""`peer audit`: the history of what stewards signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from peer.clock import SystemClock
from peer.wiring import open_share

if TYPE_CHECKING:
    from peer.auditing import History


@click.command(epilog=output.examples("peer audit", "peer audit --details", "peer audit --json"))
@click.option("--details", is_flag=True, help="Everything that each document says")
@common
def command(where: Where, details: bool) -> None:
    """Show everything that stewards ever signed, from the share alone, each document verified.

    What an approval or a no was about is told where this home, or the share, still has the request
    or the proposal; else its hash. Ends with 1 where a file verifies under no root of the network,
    or where a document is missing that another one follows. Times are those of the clocks of who
    signed.
    """
    from peer.auditing import history
    from peer.subjects import homes_in

    _, _, identity = where.anybody()
    clock = SystemClock()
    share = open_share(identity.share, identity.name)
    with homes_in(where.home, identity.network) as homes:
        found = history(share, identity.network, clock.wall_ms(), homes)
    value = {"history": found.rows, "problems": found.problems}
    output.answer(where, value, lambda: _lines(found, details))
    if found.problems:
        raise click.exceptions.Exit(1)


def _lines(found: History, details: bool) -> Iterator[str]:
    for row in found.rows:
        state = row["state"]
        shown = output.dim(state) if state != "void" else output.bad(state)
        by, at = ", ".join(row["signed_by"]), row["at"][:16].replace("T", " ")
        signed = output.dim(f"{by}, {row['hash'][:8]}")
        yield f"{at}  {output.line(row['says'])}  {shown}  {signed}"
        if details:
            yield from (f"    {output.line(text)}" for text in row["details"])
    yield from (output.bad(f"! {output.line(problem)}") for problem in found.problems)
    much, wrong = output.counted(len(found.rows), "document"), len(found.problems)
    yield (
        f"{much} verified; {output.counted(wrong, 'problem')}"
        if wrong
        else (f"{much}, all of them verified")
    )
