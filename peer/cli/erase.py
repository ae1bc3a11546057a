"""`peer erase ID`: take back what was published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import id_argument
from peer.cli.where import Where

if TYPE_CHECKING:
    from peer.erasing import Erased


@click.command(epilog=output.examples("peer erase k3vab2c7", "peer erase k3va --json"))
@id_argument
@common
def command(where: Where, id: str) -> None:
    """Take back something that you published: its content leaves the share and every home.

    The others forget it at the tick in which they hear of it, and see "erased by its author".
    That it was there, and who vouched for it, stays. What somebody has read or copied nobody can
    take back, and no letter either: `peer outbox cancel` does while it waits.
    """
    done = where.peer().erase(id)
    output.answer(where, done.as_json(), lambda: _lines(done))


def _lines(done: Erased) -> Iterator[str]:
    if done.by is None:
        yield f"{done.id} was erased before"
    elif done.state == "staged":
        yield f"{done.id} is erased here; the share is out of reach, the next tick goes on there"
    else:
        yield f"{done.id} is erased here and on the share; the others forget it at their next tick"
