"""`peer share`: publish what you learned."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, permille, text_options, topic_option, whole_text
from peer.cli.where import Where


@click.command(
    epilog=output.examples('peer share "copper conducts" --topic metal --confidence 0.9')
)
@text_options
@topic_option
@click.option(
    "--confidence", type=float, default=0.5, metavar="P",
    help="How sure you are, from 0 to 1  [default: 0.5]",
)  # fmt: skip
@common
def command(
    where: Where, text: str | None, file: str | None, topics: tuple[str, ...], confidence: float
) -> None:
    """Publish what you learned, for everybody; questions on its topics find it."""
    said, about = whole_text(text, file), checked_topics(topics)
    permille(confidence)  # before anything is opened
    output.sent(where, where.peer().share(said, topics=about, confidence=confidence))
