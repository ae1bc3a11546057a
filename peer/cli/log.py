"""`peer log`: what ticks noted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.typed import ago_ms
from peer.cli.where import Where, now

_HEAD = ("time", "level", "event", "peer", "text")


@click.command(epilog=output.examples("peer log", "peer log -n 5 --level warning --since 1h"))
@click.option("-n", "lines", type=click.IntRange(1, 100_000), default=20, help="How many lines")
@click.option(
    "--level", type=click.Choice(["debug", "info", "warning", "error"]), default="debug",
    help="Only this level and what is worse",
)  # fmt: skip
@click.option("--since", metavar="TIME", help="Only what is younger: 30min, 1h, 2d")
@common
def command(where: Where, lines: int, level: str, since: str | None) -> None:
    """Show the newest lines of the log, oldest first.

    The files are in `log/` of the identity's directory, one JSON object a line.
    """
    from peer.logbook import newest

    folder, _ = where.identity()
    since_ms = 0 if since is None else now() - ago_ms(since)
    entries = newest(folder, lines, level, since_ms)
    output.answer(where, entries, lambda: _lines(entries))


def _lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    if not entries:
        yield "nothing to show; every `peer tick` notes a line"
    for entry in entries:
        level = str(entry.get("level", ""))
        mark = output.bad(f"{level:<7}") if level in ("warning", "error") else f"{level:<7}"
        at = output.dim(output.line(entry["time"])[:19].replace("T", " "))
        yield f"{at}  {mark}  {output.line(said(entry))}"


def said(entry: dict[str, Any]) -> str:
    """The event, what it counted (not what was 0), and its text."""
    rest = [
        f"{key}={entry[key]}" for key in entry if key not in _HEAD and entry[key] not in (0, "")
    ]
    text = [str(entry["text"])] if entry.get("text") else []
    return " ".join([str(entry.get("event", "")), *rest, *text])
