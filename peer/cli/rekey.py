"""`peer rekey`: ask for a new key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.membership import Rekeyed


@click.command(epilog=output.examples("peer rekey --as core", "peer rekey --as core --compromised"))
@click.option(
    "--compromised", is_flag=True, help="Others may have the old key: the steward must hear that"
)
@common
def command(where: Where, compromised: bool) -> None:
    """Make a new key for a peer, and ask the stewards to admit it.

    Until they do, it goes on under the old key. At its next tick after that it changes: nothing is
    lost or done twice. The old key is kept, to open what was sealed for it.
    """
    from peer.membership import rekey

    done = rekey(where.running())
    how = "--compromised" if compromised else "--rekey"
    command = f"peer admit {done.name} {how} --fingerprint {done.fingerprint}"
    value = {
        "name": done.name, "former": done.former, "fingerprint": done.fingerprint,
        "again": done.again, "admit": command,
    }  # fmt: skip
    output.answer(where, value, lambda: _lines(done, command))


def _lines(done: Rekeyed, command: str) -> Iterator[str]:
    asks = "still asks" if done.again else "asks"
    yield f"{output.bold(done.name)} {asks} for a new key  {done.fingerprint}"
    yield f"  until it is admitted it goes on under the old one, {done.former}"
    yield f"next, a steward: {command}"
    yield f"then: peer tick --as {done.name}"
