"""`peer repair`: start afresh after a damaged or restored home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.repair import Repaired


@click.command(epilog=output.examples("peer repair --as core"))
@common
def command(where: Where) -> None:
    """Begin a new epoch after a damaged, lost or restored home.

    Run it whenever a home was restored from a backup: a peer notices that by itself only while
    signs of its later life lie on the share.

    Letters that nobody acknowledged go out again, what others still have comes again, and nothing
    is done twice. A damaged database is set aside, never deleted, and all that can be read of it
    is carried over.
    """
    from peer.clock import SystemClock, SystemEntropy
    from peer.repair import repair

    folder, identity = where.identity()
    done = repair(folder, identity, SystemClock(), SystemEntropy())
    value = {
        "peer": identity.name, "epoch": done.epoch, "queued_again": done.queued_again,
        "salvaged": done.salvaged, "set_aside": done.set_aside,
    }  # fmt: skip
    output.answer(where, value, lambda: _lines(done, identity.name))


def _lines(done: Repaired, name: str) -> Iterator[str]:
    yield f"{output.bold(name)} begins epoch {done.epoch[: output.ID_CHARS]}"
    if done.salvaged is not None:
        yield f"  {output.counted(done.salvaged, 'row')} saved from the damaged database"
    if done.set_aside is not None:
        yield f"  which is kept as {output.line(done.set_aside)}"
    yield f"  {output.counted(done.queued_again, 'item')} queued again"
    yield f"next: peer tick --as {name}"
