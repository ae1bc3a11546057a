"""`peer config show / set / path`: the settings of an identity."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click

from peer import settings
from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from peer.settings import Setting
from protocol.errors import UsageError


@click.group(
    epilog=output.examples(
        "peer config show", 'peer config set schedule.cron "0 */2 * * *"', "peer config path"
    )
)
@common
def command(where: Where) -> None:
    """The settings of a peer: what they are, where each value comes from, and how to change one.

    An option of a command wins over the environment, that over settings.toml, that over defaults.
    """


@command.command(epilog=output.examples("peer config show", "peer config show --as core --json"))
@common
def show(where: Where) -> None:
    """Show every setting: its value, where that comes from, its default and what it means."""
    folder, _ = where.identity()
    rows = [_row(setting) for setting in settings.explain(folder, os.environ)]
    output.answer(where, rows, lambda: _lines(folder, rows))


@command.command(
    "set",
    epilog=output.examples(
        'peer config set schedule.cron "0 */2 * * *"',
        "peer config set run.poll_s 5 --as core",
        "peer config set run.poll_s --default",
    ),
)
@click.argument("name")
@click.argument("value", required=False)
@click.option("--default", "default", is_flag=True, help="Take the line out of settings.toml")
@common
def set_(where: Where, name: str, value: str | None, default: bool) -> None:
    """Write VALUE for the setting NAME into settings.toml; every other line stays as it is."""
    if (value is None) != default:
        raise UsageError(
            f"say what {name} is to be: `peer config set {name} VALUE`, or --default for none"
        )
    from peer.cli.schedule import installed_with

    folder, identity = where.identity()
    if value is None:
        path = settings.unset(folder, name)
    else:
        path = settings.save(folder, name, settings.parse(name, value))
    row = next(_row(s) for s in settings.explain(folder, os.environ) if s.name == name)
    output.answer(where, row, lambda: [f"{name} is {_shown(row['value'])} now, in {path}"])
    if where.json:
        return
    if row["origin"] == "environment":
        output.aside(f"but {row['environment']} is set here, and wins")
    timed = name in ("schedule.cron", "schedule.zone", "schedule.active_hours")
    if timed and installed_with(folder, identity) is not None:
        output.aside("what is installed does not change by itself: `peer schedule install` does it")


@command.command(epilog=output.examples("peer config path", "peer config path --as core"))
@common
def path(where: Where) -> None:
    """Print where settings.toml of this identity is, or would be."""
    folder, _ = where.identity()
    file = os.path.join(folder, settings.FILE)
    value = {"path": file, "exists": os.path.exists(file)}
    output.answer(where, value, lambda: [file])


def _row(setting: Setting) -> dict[str, Any]:
    return setting._asdict() | {"environment": settings.environment_name(setting.name)}


def _lines(folder: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    header = ("NAME", "VALUE", "FROM", "DEFAULT", "MEANS")
    cells = [
        (r["name"], _shown(r["value"]), r["origin"], _shown(r["default"]), r["means"]) for r in rows
    ]
    yield from output.table(header, cells)
    yield f"peer config set NAME VALUE · {os.path.join(folder, settings.FILE)}"


def _shown(value: object) -> str:
    return str(value) if value != "" else "-"
