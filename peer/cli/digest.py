"""`peer digest`: what was learned lately."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, duration, topic_option
from peer.cli.where import Where

_DAY_MS = 86_400_000


@click.command(
    epilog=output.examples(
        "peer digest", "peer digest --topic metal --since 30d", "peer digest --json"
    )
)
@topic_option
@click.option(
    "--since", metavar="TIME", default="7d", help="Of this time, in whole days  [default: 7d]"
)
@common
def command(where: Where, topics: tuple[str, ...], since: str) -> None:
    """Show what was learned on each topic: new insights, what is contested or holds no more.

    Also which questions are open, and who contributed. Time is what this home has lived; without
    --topic it shows the topics on which most came.
    """
    about, days = checked_topics(topics), -(-duration(since, "--since") // _DAY_MS)
    found = where.peer().digest(about, days=days)
    output.answer(where, found.as_json(), lambda: map(output.harmless, found.lines()))
