"""`peer ask`: publish a question."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, text_options, topic_option, whole_text
from peer.cli.where import Where


@click.command(epilog=output.examples('peer ask "what conducts?" --topic metal'))
@text_options
@topic_option
@common
def command(where: Where, text: str | None, file: str | None, topics: tuple[str, ...]) -> None:
    """Publish a question; answers come as letters to your inbox.

    Peers that know something on its topics answer by themselves.
    """
    said, about = whole_text(text, file), checked_topics(topics)
    output.sent(where, where.peer().ask(said, topics=about))
