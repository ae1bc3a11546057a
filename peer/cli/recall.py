"""`peer recall QUERY`: what is known, by its words and by what it means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.progress import Progress
from peer.cli.where import Where

Row = dict[str, Any]
RESTART_TOKENS, HITS = 2_000, 20


@click.command(
    epilog=output.examples(
        "peer recall which metal conducts best",
        "peer recall battery fire --topic power --from scout --since 30d",
        "peer recall copper --budget 2000 --json",
        "peer recall --since k3vab2c7.1532",
        "peer recall --for-restart --budget 500",
    )
)
@click.argument("query", nargs=-1)
@click.option("--topic", metavar="T", help="Only what is about T")
@click.option("--from", "author", metavar="NAME|ADDRESS", help="Only what this peer said")
@click.option(
    "--since", metavar="TIME|CURSOR",
    help="Only what its author dates in this time, such as 7d; or what came after a cursor",
)  # fmt: skip
@click.option("--until", metavar="TIME", help="Only what its author dates before this time, as 7d")
@click.option(
    "--kind", "kinds", multiple=True, metavar="K",
    help="Only insight, answer, question or announcement; repeat it for several",
)  # fmt: skip
@click.option("--cluster", metavar="C", help="Only what peers of this cluster said")
@click.option("--limit", type=click.IntRange(1, 1_000), help="At most so many  [default: 20]")
@click.option(
    "--budget", type=click.IntRange(400), metavar="TOKENS",
    help="The whole answer in so many tokens; a token is counted as 3 bytes",
)  # fmt: skip
@click.option("--words-only", is_flag=True, help="Do not compare meanings")
@click.option("--hybrid", is_flag=True, help="Compare meanings, too, or fail where that cannot be")
@click.option(
    "--for-restart", is_flag=True,
    help="What an agent needs that lost its context: what it was doing, what is open, what changed",
)  # fmt: skip
@click.option("--embed-all", is_flag=True, help="First make every vector that is missing")
@common
def command(
    where: Where,
    /,
    query: tuple[str, ...],
    words_only: bool,
    hybrid: bool,
    embed_all: bool,
    for_restart: bool,
    **asked: Any,
) -> None:
    """Find what is known here: plain words, of which not all need to match; the best first.

    Who said it, when, and how far that is believed stands beside every hit; what does not hold any
    more stands below what does. Nothing sealed is ever found. The answer names a cursor: with
    --since CURSOR and no QUERY comes what is new since then, in order. Meanings are compared where
    the extra `embed` is installed.
    """
    if for_restart:
        _restart(where, " ".join(query), asked, hybrid or words_only or embed_all)
        return
    if words_only and (hybrid or embed_all):
        raise click.UsageError("--words-only compares no meanings; leave out the other option")
    with Progress() as progress:
        found = where.peer().recall(
            " ".join(query),
            **asked | {"limit": asked["limit"] or HITS},
            hybrid=False if words_only else hybrid or None,
            embed_all=embed_all,
            progress=lambda done, of, what: progress.say(f"{done} of {of} {what}"),
            size=_json_bytes if where.json else _shown_bytes,
        )
    answer = found.as_json()
    output.answer(where, answer, lambda: _lines(answer))
    if found.unembedded:
        count = output.counted(found.unembedded, "item is", "items are")
        output.aside(f"{count} not yet embedded; `peer recall --embed-all` does it")


def _restart(where: Where, query: str, asked: dict[str, Any], meant: bool) -> None:
    """Who this peer is, what it was doing, what is open, what changed: the most urgent first."""
    narrowed = [asked[name] for name in ("topic", "author", "until", "kinds", "cluster", "limit")]
    if query or meant or any(narrowed):
        raise click.UsageError("--for-restart goes with --budget, --since CURSOR and --json alone")
    size: dict[str, Any] = {}
    if where.json:
        size["size"] = lambda found: _json_bytes(found.as_json())
    budget = asked["budget"] or RESTART_TOKENS
    found = where.peer().for_restart(budget, since=asked["since"], **size)
    output.answer(where, found.as_json(), lambda: map(output.harmless, found.lines()))


def _lines(answer: Row) -> Iterator[str]:
    if not answer["hits"] and not answer["left_out"]:
        yield "nothing is known of that"
    for row in answer["hits"]:
        yield from output.recalled_lines(row)
        yield ""
    more = f"{answer['left_out']} more; " if answer["left_out"] else ""
    yield output.dim(f"{more}what comes from now on: --since {answer['cursor']}")


def _json_bytes(answer: Row) -> int:
    return len(output.json_text(answer).encode()) + 1


def _shown_bytes(answer: Row) -> int:
    return sum(len(click.unstyle(text).encode()) + 1 for text in _lines(answer))
