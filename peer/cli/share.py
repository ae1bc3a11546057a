"""`peer share`: publish what you learned."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, instant, permille, text_options, topic_option, whole_text
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        'peer share "copper conducts" --topic metal --confidence 0.9',
        'peer share "the lab is closed" --topic lab --valid-until 14d',
        'peer share "pure copper conducts" --topic metal --supersedes k3vab2c7',
    )
)
@text_options
@topic_option
@click.option(
    "--confidence", type=float, default=0.5, metavar="P",
    help="How sure you are, from 0 to 1  [default: 0.5]",
)  # fmt: skip
@click.option(
    "--evidence", multiple=True, metavar="LINE", help="What it rests on; repeat it for several"
)
@click.option(
    "--from-insight", "derived", multiple=True, metavar="ID",
    help="An insight that it was concluded from; repeat it for several",
)  # fmt: skip
@click.option(
    "--supersedes", multiple=True, metavar="ID",
    help="An insight in whose place it stands; repeat it for several",
)  # fmt: skip
@click.option("--valid-from", metavar="DATE", help="Since when it holds, such as 2026-11-30")
@click.option("--valid-until", metavar="DATE", help="Until when it holds, or for how long: 30d")
@common
def command(
    where: Where, text: str | None, file: str | None, *, topics: tuple[str, ...], confidence: float,
    evidence: tuple[str, ...], derived: tuple[str, ...], supersedes: tuple[str, ...],
    valid_from: str | None, valid_until: str | None,
) -> None:  # fmt: skip
    """Publish what you learned, for everybody; questions on its topics find it.

    What you publish in place of an insight of your own makes that one superseded; in place of
    somebody else's it counts as a dispute of it.
    """
    said, about = whole_text(text, file), checked_topics(topics)
    permille(confidence)  # before anything is opened
    begins = None if valid_from is None else instant(valid_from, "--valid-from")
    ends = None if valid_until is None else instant(valid_until, "--valid-until")
    what = where.peer().share(
        said, topics=about, confidence=confidence, evidence=evidence, valid_from_ms=begins,
        valid_until_ms=ends, supersedes=supersedes, derived_from=derived,
    )  # fmt: skip
    output.sent(where, what)
