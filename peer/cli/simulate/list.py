"""`peer simulate list`: what there is to play."""

from __future__ import annotations

from collections.abc import Iterator

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer simulate list", "peer simulate list --json"))
@common
def command(where: Where) -> None:
    """List scenarios, the faults they are made of, and the checkers that watch."""
    from peer.simulate import checkers, faults, scenario

    found = {
        "scenarios": {name: scenario.load(name).about for name in scenario.names()},
        "faults": {name: faults.about(name) for name in faults.names()},
        "checkers": {name: checkers.about(name) for name in checkers.names()},
    }
    value = {
        part: [{"name": name, "about": about} for name, about in rows.items()]
        for part, rows in found.items()
    }
    output.answer(where, value, lambda: _lines(found))


def _lines(found: dict[str, dict[str, str]]) -> Iterator[str]:
    widest = max(len(name) for rows in found.values() for name in rows)
    for part, rows in found.items():
        yield output.bold(part)
        for name, about in rows.items():
            yield f"  {name.ljust(widest)}  {output.line(about)}"
    yield output.dim("peer simulate run SCENARIO · peer simulate --faults FAULT=RATE,…")
