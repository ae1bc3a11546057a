"""`peer doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from protocol.errors import HomeError, NotFoundError

if TYPE_CHECKING:
    from peer.doctor import Finding

MARKS = {"ok": "ok  ", "warn": "look", "bad": "BAD "}


@click.command(epilog=output.examples("peer doctor", "peer doctor --as core --json"))
@common
def command(where: Where) -> None:
    """Check share, marker, permissions, keys, database, clock, packages and Python.

    Mends nothing, and says how to. Exits with 0 where nothing is bad, 5 where the share is, else 1.
    """
    from peer.clock import SystemClock
    from peer.doctor import examine, worst_exit

    faults: list[HomeError] = []
    try:
        mine = where.identities(faults)
    except NotFoundError:
        if where.name_typed:
            raise
        mine = []  # a machine that nobody has set up yet can be looked at too
    found = examine(where.home, mine, SystemClock(), faults)
    code = worst_exit(found)
    value = {"ok": code == 0, "checks": [_row(finding) for finding in found]}
    output.answer(where, value, lambda: _lines(found))
    raise click.exceptions.Exit(code)


def _row(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check, "level": finding.level, "text": finding.text, "mend": finding.mend,
    }  # fmt: skip


def _lines(found: list[Finding]) -> Iterator[str]:
    widest = max(len(finding.check) for finding in found)
    colours = {"ok": output.good, "warn": output.bold, "bad": output.bad}
    for check, level, text, mend, _ in found:
        yield f"{colours[level](MARKS[level])}  {check.ljust(widest)}  {output.line(text)}"
        if mend:
            yield f"{' ' * (widest + 8)}→ {output.line(mend)}"
    wrong = sum(finding.level == "bad" for finding in found)
    yield f"{output.counted(wrong, 'thing')} to mend" if wrong else "all is well"
