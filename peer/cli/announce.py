"""`peer announce`: publish what you are working on."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, text_options, topic_option, whole_text
from peer.cli.where import Where


@click.command(epilog=output.examples('peer announce "I sort the alloys" --topic metal'))
@text_options
@topic_option
@common
def command(where: Where, text: str | None, file: str | None, topics: tuple[str, ...]) -> None:
    """Publish what you are working on, so that nobody does it twice."""
    said, about = whole_text(text, file), checked_topics(topics)
    output.sent(where, where.peer().announce(said, topics=about))
