"""`peer top`: a peer on one screen, for as long as somebody looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.status import concern_lines, facts, neighbour_cells, worst_first
from peer.cli.where import Where
from protocol.errors import SomaError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from peer.instance import RunningPeer

ROWS_SHOWN = 8
CONCERNS_SHOWN = 4
COLUMNS_PIPED = 10_000  # nothing is cut there
Found = dict[str, Any]


@click.command(
    epilog=output.examples("peer top", "peer top --as core --every 5", "peer top --once")
)
@click.option(
    "--every", "seconds", type=click.FloatRange(0.2, 3600), default=2.0,
    help="Seconds between two looks",
)  # fmt: skip
@click.option("--once", is_flag=True, help="Print it once and end")
@common
def command(where: Where, seconds: float, once: bool) -> None:
    """Show a peer on one screen and keep it fresh, from its home alone; q ends it."""
    peer = where.running()
    if where.json:
        output.document(_look(peer))
        return
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError as error:
        raise SomaError(
            "`peer top` needs rich; run `pip install 'soma-network[rich]'`, or use `peer status`"
        ) from error
    endless = None if output.screen() else COLUMNS_PIPED
    console = Console(highlight=False, color_system=_colours(), width=endless)
    if once or not console.is_terminal:
        for part in _parts(_look(peer), output.screen()):
            # What is copied from it must be whole: a line may be longer than the terminal.
            console.print(part, soft_wrap=not isinstance(part, Table))
        return
    with suppress(KeyboardInterrupt):
        _watch(peer, console, seconds)


def _colours() -> Any:
    """None where `NO_COLOR` or the terminal wants none, as click was told."""
    return None if click.get_current_context().color is False else "auto"


def _watch(peer: RunningPeer, console: Console, seconds: float) -> None:
    from rich.console import Group
    from rich.live import Live

    from peer.cli.keyboard import Keys

    with Keys() as keys, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(Group(*_parts(_look(peer), console.width)), refresh=True)
            if keys.pressed(seconds) in ("q", "Q"):
                return


def _look(peer: RunningPeer) -> Found:
    from peer.approvals import status
    from peer.logbook import newest
    from peer.waits import outbox

    found = status(peer)
    found["waits"] = outbox(peer)
    found["log"] = newest(str(peer.folder), ROWS_SHOWN)
    return found


def _parts(found: Found, columns: int | None) -> list[Text | Table]:
    from rich.text import Text

    head = f"{output.bold(found['address'])}  {found['fingerprint']}"
    parts: list[Text | Table] = [Text.from_ansi(line) for line in (head, *facts(found, columns))]
    parts += [Text(), _neighbours(found["neighbours"])]
    if found["waits"]:
        parts += [Text(), _waits(found["waits"])]
    lines = [*concern_lines(found["concerns"][:CONCERNS_SHOWN], columns)]
    parts += [Text(), *map(Text.from_ansi, lines or ["  nothing waits for a human"])]
    if found["log"]:
        parts += [Text(), _log(found["log"])]
    return parts


def _neighbours(rows: Sequence[Found]) -> Table:
    cells = neighbour_cells(worst_first(rows)[:ROWS_SHOWN])
    more = len(rows) - ROWS_SHOWN
    return _table(("NAME", "STATE", "φ", "LAST SEEN", "LIFECYCLE"), cells, more)


def _waits(rows: Sequence[Found]) -> Table:
    cells = [(row["to"], row["id"][: output.ID_CHARS], row["why"]) for row in rows[:ROWS_SHOWN]]
    return _table(("WAITS FOR", "ID", "WHY"), cells, len(rows) - ROWS_SHOWN)


def _log(entries: Sequence[Found]) -> Table:
    from peer.cli.log import said

    cells = [(entry["time"][11:19], str(entry.get("level", "")), said(entry)) for entry in entries]
    return _table(("LOG", "LEVEL", "WHAT"), cells, 0)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], more: int) -> Table:
    """A row is one line; its last cell is cut where the terminal ends."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    cells = [[output.line(cell) for cell in row] for row in rows]
    for number, column in enumerate(table.columns):
        column.no_wrap, column.overflow = True, "ellipsis"
        if number + 1 < len(header):  # only the last one gives way
            column.min_width = max(len(row[number]) for row in [header, *cells])
    for row in cells:
        table.add_row(*map(Text, row))
    if more > 0:
        table.add_row(Text(f"and {more} more"))
    return table
