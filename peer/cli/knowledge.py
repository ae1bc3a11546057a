"""`peer knowledge TOPIC`: what is claimed about a topic, and how certain it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.rows import Row

PREVIEW_LINES = 4


@click.command(
    epilog=output.examples("peer knowledge", "peer knowledge metal", "peer knowledge metal --json")
)
@click.argument("topics", nargs=-1)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, help="At most so many  [default: 20]"
)
@common
def command(where: Where, topics: tuple[str, ...], limit: int) -> None:
    """Show what is known on TOPIC, what holds and stands best first; without one, the topics.

    The number is how certain a claim is, from 0 to 1: from how sure its author is, who vouches for
    it, who disputes it, and how far each of them is trusted here.
    """
    peer, about = where.peer(), checked_topics(topics)
    if not about:
        counts = peer.topics()
        shown = dict(islice(counts.items(), limit))
        rows = [{"topic": topic, "insights": many} for topic, many in shown.items()]
        output.answer(where, rows, lambda: _topics(shown, len(counts) - len(shown)))
        return
    claims = [one.as_json() for one in peer.knowledge(about, limit=limit)]
    more = 0
    if len(about) == 1 and not where.json:
        more = peer.topics().get(about[0], 0) - len(claims)
    output.answer(where, claims, lambda: _claims(claims, about, more))


def _topics(counts: dict[str, int], more: int) -> Iterator[str]:
    if not counts:
        yield "nothing is known here yet; what peers `share` comes with the ticks"
    for topic, many in counts.items():
        yield f"{topic}  {output.dim(output.counted(many, 'insight'))}"
    if more:
        yield output.dim(f"and {more:,} more; `--limit` shows them")


def _claims(claims: list[Row], about: tuple[str, ...], more: int) -> Iterator[str]:
    if not claims:
        yield f"nothing is known here on {', '.join(about)}; `peer ask TEXT --topic` asks everybody"
    for number, row in enumerate(claims):
        if number:
            yield ""
        yield from output.claim_lines(row, PREVIEW_LINES)
    if more > 0:
        narrower = f"`peer recall WORDS --topic {about[0]}` finds them"
        yield output.dim(f"and {output.counted(more, 'insight')} more; {narrower}")
