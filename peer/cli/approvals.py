"""`peer approvals`: what waits for a steward's yes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

TEXT_LINES = 6
Row = dict[str, Any]


@click.command(
    epilog=output.examples(
        "peer approvals", "peer approvals --as core --json", "peer approvals --all"
    )
)
@click.option("--all", "everything", is_flag=True, help="Also what was answered, or ended")
@common
def command(where: Where, everything: bool) -> None:
    """Show what waits for a steward's yes, oldest first.

    In a steward's home: what peers ask, as his mailbox knows it since its last tick. Of another
    peer (--as core): what it asked for, and what is noted for the next digest.
    """
    from peer.api import Peer

    peer = Peer(*where.asker(), ends_when_frozen=True)
    rows = [one.as_json() for one in peer.approvals()]
    rows = [row for row in rows if everything or row["state"] in ("open", "invalid")]
    notices = peer.status().as_json()["notices"]
    output.answer(where, rows, lambda: _lines(rows, peer.name, notices))


def _lines(rows: list[Row], name: str, notices: list[str]) -> Iterator[str]:
    if not rows:
        yield f"nothing of {name} waits for a yes"
    for row in rows:
        yield from _one(row)
    if any(row["state"] == "open" and row["request"] for row in rows):
        yield output.dim("peer approve ID · peer deny ID --because TEXT · peer read REQUEST")
    for notice in notices:
        yield f"to be told to stewards: {output.line(notice)}"


def _one(row: Row) -> Iterator[str]:
    who = f"{output.line(row['from'])} asks to {row['effect']} {output.line(row['kind'])}"
    state = output.bold(row["state"]) if row["state"] == "open" else row["state"]
    yield f"{output.bold(row['id'][: output.ID_CHARS])}  {state}  {who} → {output.line(row['to'])}"
    text = row["text"].split("\n") if row["text"] else []
    for line in text[:TEXT_LINES]:
        yield f"{output.MARGIN}{output.harmless(line)}"
    if len(text) > TEXT_LINES:
        yield output.dim(f"    … {len(text) - TEXT_LINES} more lines")
    for file in row["attachments"]:
        yield f"  + {output.line(file['name']) or 'attachment'}  {output.bytes_(file['size'])}"
    if row["sealed"]:
        yield "    sealed for its reader: what it says cannot be seen"
    if row["because"]:
        yield f"    because: {output.line(row['because'])}"
    request = f", request {row['request'][: output.ID_CHARS]}" if row["request"] else ""
    rule = f"{output.line(row['rule'])}; " if row["rule"] else ""
    yield output.dim(f"    {rule}until {row['until']}{request}")
