"""`peer graph`: what is known, as a graph."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        "peer graph metal --format svg > metal.svg",
        "peer graph --format dot | dot -Tpdf > known.pdf",
        "peer graph metal --json",
    )
)
@click.argument("topics", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(["dot", "json", "svg"]), default="dot",
    help="In which language  [default: dot]",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200,
    help="At most so many claims  [default: 200]",
)  # fmt: skip
@common
def command(where: Where, topics: tuple[str, ...], form: str, limit: int) -> None:
    """Print what is known on TOPIC, or at all, as a graph of claims, peers and topics.

    Its edges say who claims, supports and refutes what, what a claim is about, what it was
    concluded from, and in whose place it stands.
    """
    graph = where.peer().graph(checked_topics(topics), limit=limit)
    if where.json or form == "json":
        output.document(graph)
    elif form == "svg":
        from peer.graphing.svg import svg

        click.echo(svg(graph))
    else:
        from peer.graphing.dot import dot

        click.echo(dot(graph))
