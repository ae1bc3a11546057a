"""`peer search WORDS`: full text over one's own mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.progress import Progress
from peer.cli.typed import checked_name, duration
from peer.cli.where import Where, now
from peer.mailbox import Mailbox

if TYPE_CHECKING:
    from peer.rows import Row


@click.command(
    epilog=output.examples(
        "peer search copper",
        "peer search battery fire --from scout --since 7d",
        "peer search tin --json",
    )
)
@click.argument("words", nargs=-1, required=True)
@click.option("--from", "author", metavar="NAME", help="Only what NAME wrote")
@click.option("--since", metavar="TIME", help="Only what came in this time, such as 7d or 12h")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, help="At most so many  [default: 20]"
)
@common
def command(
    where: Where, words: tuple[str, ...], author: str | None, since: str | None, limit: int
) -> None:
    """Find what was received, sent or published here by its words, the most fitting first.

    Every word must begin a word of the text. It marks nothing as read. Sealed letters are not
    searched, not even one's own: their words stand in no index.
    """
    name = None if author is None else checked_name(author)
    after = 0 if since is None else now() - duration(since, "--since")
    mailbox = Mailbox(*where.mailbox())
    with Progress() as progress:
        rows = mailbox.search(
            " ".join(words), name, after, limit,
            lambda done, of, what: progress.say(f"{done} of {of} {what}"),
        )  # fmt: skip
    output.answer(where, rows, lambda: _lines(rows, mailbox.unsearched(name, after)))


def _lines(rows: list[Row], unsearched: int) -> Iterator[str]:
    if not rows:
        yield "nothing here has all these words"
        if unsearched:
            be = "is" if unsearched == 1 else "are"
            yield output.dim(f"{output.counted(unsearched, 'sealed letter')} {be} not searched")
    for number, row in enumerate(rows):
        if number:
            yield ""
        yield from output.letter_lines(row | {"text": row["snippet"]})
