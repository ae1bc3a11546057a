"""`peer send`: write to peers, or to all."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import (
    checked_topics,
    duration,
    item_id,
    seconds,
    text_options,
    topic_option,
    whole_text,
)
from peer.cli.where import Where
from protocol.errors import UsageError

if TYPE_CHECKING:
    from peer.bodies import Kind


@click.command(
    epilog=output.examples(
        'peer send librarian "hello"',
        'peer send --as core librarian,scout "hello" --priority 3',
        'peer send scout "the build of tonight is broken" --expires 12h --priority 0',
        "peer send all --file news.txt",
        'peer send librarian "what conducts?" --kind question --topic metal --wait acted',
        'peer send librarian "the figures" --attach figures.csv --seal',
    )
)
@click.argument("to")
@text_options
@click.option(
    "--kind", type=click.Choice(["note", "question", "alert"]), default="note",
    help="What it is  [default: note]",
)  # fmt: skip
@topic_option
@click.option(
    "--reply-to", metavar="ID", callback=item_id,
    help="The item it refers to, in whose thread it goes",
)  # fmt: skip
@click.option(
    "--priority", type=click.IntRange(0, 4), default=2, metavar="N",
    help="0, most urgent, to 4  [default: 2]",
)  # fmt: skip
@click.option(
    "--expires", metavar="TIME",
    help="For how long it is offered, such as 30d, 12h or 90m  [default: by the settings, 30d]",
)  # fmt: skip
@click.option(
    "--attach",
    "paths",
    multiple=True,
    metavar="FILE",
    help="Send a file along; repeat it for several",
)
@click.option("--seal", is_flag=True, help="Only the recipient can read it, files included")
@click.option(
    "--wait", "stage", type=click.Choice(["received", "acted"]),
    help="Return only when the receipts of all recipients say so",
)  # fmt: skip
@click.option(
    "--timeout", type=float, default=60.0, metavar="SECONDS",
    help="How long --wait waits  [default: 60]",
)  # fmt: skip
@common
def command(
    where: Where, *, to: str, text: str | None, file: str | None, kind: str,
    topics: tuple[str, ...], reply_to: str | None, priority: int, expires: str | None,
    paths: tuple[str, ...], seal: bool, stage: str | None, timeout: float,
) -> None:  # fmt: skip
    """Send TEXT to the peers TO, separated by commas, or to `all`.

    It is safe in this home before the command returns, is delivered at once where the share can
    be reached, and by the next tick where not. Prints the id of each letter. One that is not
    received before it expires is offered no more; you are told of that, and after a week.
    """
    recipients = _recipients(to, waiting=stage is not None)
    patience = seconds(timeout)
    expires_ms = None if expires is None else duration(expires, "--expires")
    said, about = whole_text(text, file), checked_topics(topics)
    if about and kind != "question":
        raise UsageError("--topic belongs to a question; publish what you know with `peer share`")
    peer = where.peer()
    sent = peer.send(
        recipients, said, kind=cast("Kind", kind), topics=about, attach=paths, seal=seal,
        priority=priority, reply_to=reply_to, expires_ms=expires_ms,
    )  # fmt: skip
    output.sent(where, sent)
    if stage is not None:
        output.seen()  # the ids first: who waits may be killed
        peer.wait(sent.ids, "acted" if stage == "acted" else "received", patience)
        if not where.json:
            output.aside(f"{stage} by {', '.join(sent.to)}")


def _recipients(to: str, *, waiting: bool) -> list[str]:
    names = [name.strip() for name in to.split(",")]
    if not all(names):
        raise UsageError(f"{to[:80]!r} names nobody between two commas; write `core,librarian`")
    if "all" in names and len(names) > 1:
        raise UsageError("`all` are all; name no others beside it")
    if waiting and names == ["all"]:
        raise UsageError("nobody acknowledges what goes to all, so --wait would wait for ever")
    return names
