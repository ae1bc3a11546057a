"""`peer proposals`: what is proposed, and how the votes stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

Row = dict[str, Any]


@click.command(epilog=output.examples("peer proposals", "peer proposals --all --json"))
@click.option("--all", "everything", is_flag=True, help="Also what is vetoed, void or outdated")
@common
def command(where: Where, everything: bool) -> None:
    """Show what is open for a vote and what was agreed on, as far as ticks have brought it.

    open: `peer vote ID yes|no`. agreed: it holds. vetoed: a steward denied it. void: its vote was
    closed by a steward, or decided twice. outdated: the vote went another way or is long over, or
    the charter names other voters. early: a vote before it is not over here.
    """
    rows = [one.as_json() for one in where.peer().proposals(everything=everything)]
    output.answer(where, rows, lambda: _lines(rows, everything))


def _lines(rows: Sequence[Row], everything: bool) -> Iterator[str]:
    if not rows:
        yield "nothing is proposed" if everything else "nothing is open for a vote or agreed on"
    for number, row in enumerate(rows):
        if number:
            yield ""
        yield from _proposal(row)


def _proposal(row: Row) -> Iterator[str]:
    state = output.good(row["state"]) if row["state"] == "agreed" else row["state"]
    head = f"{output.bold(row['id'][: output.ID_CHARS])}  {output.line(row['key'])} = "
    yield f"{head}{output.line(row['value'])}  {state}"
    by = f"by {output.line(row['from'])}, {row['at'][:16].replace('T', ' ')}"
    yield output.dim(f"    {by}, version {row['version']}, decided by roster {row['roster']}")
    if row["because"]:
        yield f"    | {output.line(row['because'])}"
    if row["needed"] is None:
        yield "    the roster that decides is not here yet; run `peer tick`"
        return
    yes = f"{len(row['yes'])} of {row['voters']} voted yes, {row['needed']} are needed"
    yield f"    {yes}{_names(row['yes'])}"
    if row["no"]:
        yield f"    {len(row['no'])} voted no{_names(row['no'])}"
    if row["missing"] and row["state"] == "open":
        yield f"    {len(row['missing'])} did not vote yet{_names(row['missing'])}"
    if row["void"]:
        names = _names([one["name"] for one in row["void"]])
        yield output.bad(f"    {len(row['void'])} voted both ways and are void{names}")
    yield from _compromised(row)


def _compromised(row: Row) -> Iterator[str]:
    """Whose ballots do not count because somebody else may have signed them; what can be done."""
    lost = row["compromised"]
    if not lost:
        return
    yield output.bad(f"    {len(lost)} voted with a key that is compromised since, or may have:"
                     f" no ballot of it counts{_names(lost)}")  # fmt: skip
    if row["state"] == "agreed" and len(row["yes"]) < row["needed"]:
        undo = f"`peer deny {row['id'][: output.ID_CHARS]}`"
        yield f"    it was agreed on with such a ballot, and holds; a steward can undo it: {undo}"
    elif row["state"] == "open":
        yield "    a steward lets new keys vote: the charter names a newer roster"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f": {output.line(shown)}{more}" if names else ""
