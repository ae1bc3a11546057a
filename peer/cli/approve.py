"""`peer approve ID`: a steward says yes to exactly one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.desk import open_desk, passphrase_option
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where
from protocol.errors import NotFoundError

if TYPE_CHECKING:
    from peer.approvals import Answerable


@click.command(
    epilog=output.examples("peer approve k3vab2c7", "peer approve k3va --passphrase-file F")
)
@id_argument
@passphrase_option
@common
def command(where: Where, id: str, passphrase_file: str | None) -> None:
    """Say yes to what `peer approvals` shows as ID; needs the home of a steward and his mailbox.

    What you sign is shown first. The yes is for exactly these bytes, of this peer, to these
    readers, and ends after 7 days; the peer's next tick sends them.
    """
    decide(where, id, passphrase_file, yes=True, because="")


def decide(where: Where, id: str, passphrase_file: str | None, *, yes: bool, because: str) -> None:
    """Find what the id means, show it, sign the answer and place it."""
    from peer.api import Peer
    from peer.approvals import answer, find

    desk = open_desk(where, passphrase_file)
    there = where.steward_mailbox()
    if there is None:
        steward = desk.identity.name
        raise NotFoundError(
            f"this home holds no mailbox of {steward}, who peers could ask; run `peer join"
            f" {desk.identity.share} --name {steward}`, then `peer admit {steward} --steward`"
        )
    mailbox = Peer(*there, ends_when_frozen=True).running
    what = find(mailbox, id)
    _show(what, yes=yes)
    done = answer(desk, mailbox, what, yes=yes, because=because)
    value = {
        "id": what.id, "decision": done.decision, "scope": what.scope, "of": what.hash,
        "because": because, "digest": done.digest, "changed": not done.again,
    }  # fmt: skip
    said = "was" if done.again else "is"
    word = "approved" if yes else "denied"
    late = "" if yes or what.votes else ", and drops it unless it has gone out already"
    output.answer(
        where,
        value,
        lambda: [f"{what.id} {said} {word}; {what.scope} hears of it at its next tick{late}"],
    )


def _show(what: Answerable, *, yes: bool) -> None:
    output.aside("you say yes to this:" if yes else "you say no to this:")
    for line in what.words:
        output.aside(f"  {output.line(line)}")
    if what.quoted:
        output.aside(f"  {output.line(what.scope)} wrote:")
    for line in what.quoted:
        output.aside(f"{output.MARGIN}{output.harmless(line)}")
