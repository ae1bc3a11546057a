"""`peer inbox`: what has not been read yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.rows import Row

PREVIEW_LINES = 6


@click.command(
    epilog=output.examples("peer inbox", "peer inbox --as librarian --json", "peer inbox --all")
)
@click.option("--all", "everything", is_flag=True, help="Also what was read already")
@click.option("--mark-read", is_flag=True, help="Mark what is shown as read")
@common
def command(where: Where, everything: bool, mark_read: bool) -> None:
    """Show letters to you, and what was sent to all, that you have not read.

    Urgent ones come first, then the oldest; --json has them all by age. A listing changes nothing
    unless you say --mark-read; shared knowledge is in `peer feed`.
    """
    peer = where.peer()
    letters = peer.inbox(unread=not everything)
    if peer.warning is not None:
        output.aside(f"peer: {output.line(peer.warning)}")
    rows = [letter.as_json() for letter in letters]
    output.answer(where, rows, lambda: _lines(rows, peer.name, everything))
    if mark_read:
        output.seen()
        peer.mark_read(letters)


def _lines(rows: list[Row], name: str, everything: bool) -> Iterator[str]:
    what = "letter" if everything else "unread letter"
    yield f"{output.counted(len(rows), what)} for {name}" if rows else f"nothing new for {name}"
    for row in sorted(rows, key=lambda row: not output.is_urgent(row)):
        yield ""
        yield from output.letter_lines(row, PREVIEW_LINES)
    if rows:
        first = rows[0]["id"][: output.ID_CHARS]
        yield ""
        yield output.dim(f"peer read {first} · peer reply {first} TEXT · peer inbox --mark-read")
