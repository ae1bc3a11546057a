"""`peer why ID`: where a belief comes from."""

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

_WORDS = {
    "claims": "claims it",
    "supports": "vouches for it",
    "refutes": "disputes it",
    "supersedes": "put something else in its place",
}
_LINKS = {"derived-from": "concluded from", "answers": "answers", "supersedes": "in place of"}
_SAID_CHARS = 200


@click.command(epilog=output.examples("peer why k3vab2c7", "peer why k3vab2c7 --json"))
@id_argument
@common
def command(where: Where, id: str) -> None:
    """Explain how certain a claim is: each word for and against it, and what it rests on.

    A word counts by how far its author is trusted here (`peer reputation`): wholly for what this
    peer says itself, and by half for somebody of whom nothing is known.
    """
    row = where.peer().why(id).as_json()
    output.answer(where, row, lambda: _lines(row))


def _lines(row: Row) -> Iterator[str]:
    yield from output.claim_lines(row)
    yield ""
    yield (
        f"certain by {row['certainty']:.2f}: {row['belief']:.2f} speaks for it,"
        f" {row['disbelief']:.2f} against it, {row['uncertainty']:.2f} is open"
    )
    for word in row["words"]:
        sign = "+" if word["support"] >= word["dispute"] else "-"
        worth = max(word["support"], word["dispute"])
        said = f"{sign} {worth:.2f}" if word["counts"] else "nothing"
        text = output.line(word["text"])[:_SAID_CHARS] if word["link"] != "claims" else ""
        note = f": {text}" if text else ""
        trust = output.dim(f"(trusted {word['trust']:.2f})")
        yield f"  {said:<8} {output.line(word['from'])} {_WORDS[word['link']]}{note}  {trust}"
    yield from _more(row, "words")
    yield from _sources(row["rests_on"], 1)
    for one in row["replaced_by"]:
        yield f"  replaced by {_named(one)}"
    yield from _more(row, "replaced_by")
    for one in row["led_to"]:
        yield f"  led to {_named(one)}"
    yield from _more(row, "led_to")


def _more(row: Row, what: str) -> Iterator[str]:
    if more := row["more"][what]:
        yield output.dim(f"  and {more:,} more")


def _sources(rows: list[Row], level: int) -> Iterator[str]:
    for row in rows:
        yield f"{'  ' * level}{_LINKS[row['link']]} {_named(row)}"
        yield from _sources(row["rests_on"], level + 1)


def _named(row: Row) -> str:
    short = row["id"][: output.ID_CHARS]
    if row["from"] is None:
        return f"{short}, which is not known here"
    return f"{short} of {output.line(row['from'])}: {output.line(row['text'])[:_SAID_CHARS]}"
