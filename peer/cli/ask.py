"""`peer ask`: publish a question."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_name, checked_topics, text_options, topic_option, whole_text
from peer.cli.where import Where


@click.command(epilog=output.examples('peer ask "what conducts?" --topic metal'))
@text_options
@topic_option
@click.option(
    "--first", multiple=True, metavar="NAME",
    help="Who shall answer before others; by default those who most likely know",
)  # fmt: skip
@common
def command(
    where: Where,
    text: str | None,
    file: str | None,
    topics: tuple[str, ...],
    first: tuple[str, ...],
) -> None:
    """Publish a question; answers come as letters to your inbox.

    Who knows something on its topics answers by himself: whoever is asked first, and the authors of
    what is known. `peer who-knows TOPIC` says who would be asked first.
    """
    said, about = whole_text(text, file), checked_topics(topics)
    names = [checked_name(name) for name in first] or None
    sent = where.peer().ask(said, topics=about, first=names)
    output.sent(where, sent, first=list(sent.first))
    if sent.first and not where.json:
        output.aside(f"asked first: {', '.join(map(output.line, sent.first))}")
