"""`peer mentor`, `peer mentor ask`, `peer mentor decline`, `peer mentor end`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import checked_name
from peer.cli.where import Where

Found = dict[str, Any]


@click.group(
    invoke_without_command=True,
    epilog=output.examples("peer mentor", "peer mentor --json", "peer mentor ask librarian"),
)
@click.pass_context
@common
def command(where: Where, ctx: click.Context) -> None:
    """Show who guides you, what you were told to know first, and whom you guide.

    While your home is new a mentor is asked for by itself (setting `mentor.wanted`); whoever has
    room (`mentor.mentees_max`) answers by itself. Both may say no.
    """
    if ctx.invoked_subcommand is None:
        found = where.peer().mentor().as_json()
        output.answer(where, found, lambda: _lines(found))


@command.command(epilog=output.examples("peer mentor ask", "peer mentor ask librarian"))
@click.argument("name", required=False)
@common
def ask(where: Where, name: str | None) -> None:
    """Ask NAME to be your mentor, or whoever knows most and is alive."""
    output.sent(where, where.peer().ask_mentor(name and checked_name(name)))


@command.command(epilog=output.examples("peer mentor decline", "peer mentor decline librarian"))
@click.argument("name", required=False)
@common
def decline(where: Where, name: str | None) -> None:
    """Want no mentor; with NAME neither be guided by NAME nor guide it."""
    sent = where.peer().decline_mentor(name and checked_name(name))
    if sent is not None:
        output.sent(where, sent)
        return
    output.answer(where, {"ids": [], "to": [], "state": "delivered"}, list)
    output.aside("noted; nobody had to be told")


@command.command(epilog=output.examples("peer mentor end librarian"))
@click.argument("name")
@common
def end(where: Where, name: str) -> None:
    """End it with your mentor, or with somebody whom you guide; they are told."""
    output.sent(where, where.peer().end_mentoring(checked_name(name)))


def _lines(found: Found) -> Iterator[str]:
    yield f"mentor   {_mentor(found)}"
    mentees = ", ".join(f"{output.line(one['name'])}, {_days(one)}" for one in found["mentees"])
    room = f"room for {found['room']} more" if found["room"] else "no room for more"
    yield f"mentees  {mentees or 'none'} ({room})"
    for one in found["past"]:
        yield output.dim(f"         {output.line(one['name'])} as {one['role']}: {one['state']}")
    if found["digest"] is not None:
        said = found["digest"]
        yield ""
        yield f"{output.line(said['from'])} says to know first ({said['at'][:10]}):"
        for line in said["text"].split("\n"):
            yield output.MARGIN + output.harmless(line)
        if said["cut"]:
            yield output.dim("    and more, which is too much to know first")


def _mentor(found: Found) -> str:
    if found["mentor"] is not None:
        return f"{output.bold(output.line(found['mentor']['name']))}, {_days(found['mentor'])}"
    if found["asked"] is not None:
        return f"{output.line(found['asked']['name'])} was asked, {_days(found['asked'])}"
    return "none (`peer mentor ask` asks for one)" if found["wanted"] else "none, and none wanted"


def _days(one: Found) -> str:
    return f"for {output.counted(one['days'], 'day')}"
