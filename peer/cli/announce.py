"""`peer announce`: publish what you are working on."""

from __future__ import annotations

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, text_options, topic_option, whole_text
from peer.cli.where import Where


@click.command(
    epilog=output.examples(
        'peer announce "I sort the alloys" --topic metal',
        'peer announce "I sort the alloys" --goal clean-stock',
    )
)
@text_options
@topic_option
@click.option(
    "--goal", "goals", multiple=True, metavar="ID",
    help="Which goal of `peer goal list` it serves; repeat it for several",
)  # fmt: skip
@common
def command(
    where: Where, text: str | None, file: str | None, topics: tuple[str, ...],
    goals: tuple[str, ...],
) -> None:  # fmt: skip
    """Publish what you are working on, so that nobody does it twice.

    Where the stewards have set goals, what serves none of them is published all the same, and
    flagged for everybody to see.
    """
    from peer.given import checked_goals

    said, about, serves = whole_text(text, file), checked_topics(topics), checked_goals(goals)
    peer = where.peer()
    what = peer.announce(said, topics=about, goals=serves)
    output.sent(where, what, flag=what.flag)
    if what.flag is not None:
        known = ", ".join(goal.id for goal in peer.goals())
        odd = "it serves no goal" if what.flag == "no-goal" else "it names an unknown goal"
        output.aside(
            f"hint: {odd}, and everybody sees it so; the goals are {output.line(known)}"
            " (`peer announce TEXT --goal ID`)"
        )
