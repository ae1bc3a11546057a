"""`peer goal add`, `peer goal list`, `peer goal retire`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.desk import known_charters, open_desk, passphrase_option, scope_option
from peer.cli.options import common
from peer.cli.typed import one_line
from peer.cli.where import Where
from peer.given import goal_id
from protocol.errors import UsageError

if TYPE_CHECKING:
    from protocol.charter import Charter

Found = dict[str, Any]


@click.group(
    epilog=output.examples('peer goal add clean-stock "Know what we have."', "peer goal list")
)
@common
def command(where: Where) -> None:
    """Say what the network is for; agents name the goals that their work serves."""


@command.command(
    epilog=output.examples(
        'peer goal add clean-stock "Know what we have."',
        'peer goal add dry-store "Keep it dry." --scope store.eu',
    )
)
@click.argument("id")
@click.argument("text")
@scope_option
@passphrase_option
@common
def add(where: Where, id: str, text: str, scope: str | None, passphrase_file: str | None) -> None:
    """Set the goal ID, as TEXT says it; needs the home that holds a steward's key.

    An id stands for one goal for ever; a goal that was retired comes into force again.
    """
    from peer.stewards.charters import add_goal
    from peer.stewards.orders import scope_named

    id, said = goal_id(id), _text(text)
    desk = open_desk(where, passphrase_file)
    charter, changed = add_goal(desk, scope_named(desk, scope), id, said)
    done = "is a goal now" if changed else "was a goal already"
    _answer(where, charter, id, f"{output.bold(id)} {done}", changed=changed)


@command.command(
    epilog=output.examples(
        "peer goal retire clean-stock", 'peer goal retire clean-stock --because "We know it."'
    )
)
@click.argument("id")
@click.option("--because", default="", metavar="TEXT", help="Why; everybody can read it")
@scope_option
@passphrase_option
@common
def retire(
    where: Where, id: str, because: str, scope: str | None, passphrase_file: str | None
) -> None:
    """Say that the goal ID is over; needs the home that holds a steward's key."""
    from peer.stewards.charters import retire_goal
    from peer.stewards.orders import scope_named

    id, why = goal_id(id), one_line(because, "the reason")
    desk = open_desk(where, passphrase_file)
    charter, changed = retire_goal(desk, scope_named(desk, scope), id, why)
    done = "is retired" if changed else "was retired already"
    _answer(where, charter, id, f"{output.bold(id)} {done}", changed=changed)


@command.command(
    "list", epilog=output.examples("peer goal list", "peer goal list --all --as core --json")
)
@click.option("--all", "everything", is_flag=True, help="Retired ones, too")
@click.option("--scope", metavar="S", help="Only those of this charter")
@common
def list_(where: Where, everything: bool, scope: str | None) -> None:
    """Show the goals: on a peer's home those for it, as its last tick knew them.

    A steward's home looks at the share, and shows those of every scope.
    """
    from peer.stewards.aims import goal_rows

    charters, named = known_charters(where, scope, mine=True)
    if scope is not None:
        charters = [one for one in charters if one.scope == named]
    rows = goal_rows(charters, everything=everything)
    output.answer(where, rows, lambda: _lines(rows))


def _answer(where: Where, charter: Charter, id: str, said: str, *, changed: bool) -> None:
    goal = next(goal for goal in charter.goals if goal.id == id)
    value = {
        "goal": goal.id, "text": goal.text, "state": goal.state, "scope": charter.scope,
        "charter": charter.version, "changed": changed,
    }  # fmt: skip
    if goal.because:
        value["because"] = goal.because
    whom = "the network" if charter.scope == "*" else charter.scope
    lines = [f"{said}, by charter {charter.version} of {whom}"]
    if changed:
        lines.append("peers know it from their next tick on")
    output.answer(where, value, lambda: lines)


def _text(text: str) -> str:
    said = one_line(text, "the text of a goal")
    if not said.strip():
        raise UsageError("the text is empty; say what is wanted")
    return said


def _lines(rows: list[Found]) -> Iterator[str]:
    if not rows:
        yield "there are no goals; a steward sets one with `peer goal add ID TEXT`"
    for row in rows:
        whose = "" if row["scope"] == "*" else f"  ({row['scope']})"
        state = row.get("state", "active")
        why = f": {output.line(row['because'])}" if row.get("because") else ""
        over = "" if state == "active" else output.dim(f"  [{state}{why}]")
        yield f"{output.bold(row['id'])}{whose}{over}"
        yield f"  {output.line(row['text'])}"
