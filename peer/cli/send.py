"""`peer send`: write to peers, or to all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_topics, item_id, seconds, text_options, topic_option, whole_text
from peer.cli.where import Where
from protocol.errors import UsageError

if TYPE_CHECKING:
    from protocol.messages import Alert, Note, Question


@click.command(
    epilog=output.examples(
        'peer send librarian "hello"',
        'peer send --as core librarian,scout "hello" --priority 3',
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
    "--priority", type=click.IntRange(0, 4), default=2, metavar="N", help="0 to 4  [default: 2]"
)
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
    topics: tuple[str, ...], reply_to: str | None, priority: int, paths: tuple[str, ...],
    seal: bool, stage: str | None, timeout: float,
) -> None:  # fmt: skip
    """Send TEXT to the peers TO, separated by commas, or to `all`.

    It is safe in this home before the command returns, is delivered at once where the share can
    be reached, and by the next tick where not. Prints the id of each letter.
    """
    recipients = _recipients(to, waiting=stage is not None)
    patience = seconds(timeout)
    body = _body(kind, whole_text(text, file), checked_topics(topics))

    from peer.enclosing import file_source
    from peer.send import send

    peer = where.peer()
    before = peer.home.mail.get(reply_to) if reply_to else None
    sent = send(
        peer, recipients, [body], priority=priority,
        re=before.id if before else None, thread=before.thread if before else None,
        files=[file_source(path) for path in paths], seal=seal,
    )  # fmt: skip
    output.sent(where, sent)
    if stage is not None:
        from peer.letters import wait

        output.seen()
        wait(peer, sent.ids, "acted" if stage == "acted" else "received", patience, time.sleep)
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


def _body(kind: str, text: str, topics: tuple[str, ...]) -> Note | Question | Alert:
    from protocol.messages import Alert, Note, Question

    if topics and kind != "question":
        raise UsageError("--topic belongs to a question; publish what you know with `peer share`")
    if kind == "question":
        return Question(text=text, topics=topics)
    return Alert(text=text) if kind == "alert" else Note(text=text)
