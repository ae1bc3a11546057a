"""`peer doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from protocol.errors import HomeError, NotFoundError, UsageError

if TYPE_CHECKING:
    from peer.findings import Finding, Mended

ROUNDS_MAX = 3
MARKS = {"ok": "ok  ", "warn": "look", "bad": "BAD "}


@click.command(
    epilog=output.examples(
        "peer doctor", "peer doctor --as core --json", "peer doctor --fix --dry-run"
    )
)
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, and look again")
@click.option("--dry-run", is_flag=True, help="With --fix: only say what it would mend")
@common
def command(where: Where, fix: bool, dry_run: bool) -> None:
    """Check share, marker, permissions, keys, database, clock, packages and Python.

    Says how to mend what is wrong. --fix does that where it can do no harm and decides nothing:
    rights of the home, own folders and card on the share, what a dead process left over. Exits with
    0 where nothing is bad, 5 where the share is, else 1.
    """
    from peer.findings import mend

    if dry_run and not fix:
        raise UsageError("--dry-run belongs to --fix; without it nothing is mended anyway")
    found = _examine(where)
    mended: list[Mended] = []
    for _ in range(ROUNDS_MAX if fix and not dry_run else 0):
        # Where one thing is mended, others can be looked at.
        done = [one for one in mend(found) if one not in mended]
        mended += done
        found = _examine(where) if done else found
    from peer.doctor import worst_exit

    code = worst_exit(found)
    value: dict[str, Any] = {"ok": code == 0, "checks": [_row(finding) for finding in found]}
    if fix:
        value["mended"] = [one._asdict() for one in mended]
    output.answer(where, value, lambda: _lines(found, mended, fix))
    raise click.exceptions.Exit(code)


def _examine(where: Where) -> list[Finding]:
    from peer.clock import SystemClock
    from peer.doctor import examine

    faults: list[HomeError] = []
    try:
        mine = where.identities(faults)
    except NotFoundError:
        if where.name_typed:
            raise
        mine = []  # a machine that nobody has set up yet can be looked at too
    return examine(where.home, mine, SystemClock(), faults)


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check, "level": finding.level, "text": finding.text, "mend": finding.mend,
        "safe": finding.fix is not None,
    }  # fmt: skip


def _lines(found: list[Finding], mended: list[Mended], fix: bool) -> Iterator[str]:
    widest = max(len(finding.check) for finding in found)
    colours = {"ok": output.good, "warn": output.bold, "bad": output.bad}
    for check, text, error in mended:
        said = f"could not be mended: {error}" if error else "mended"
        mark = (output.bad if error else output.good)("fix ")
        yield f"{mark}  {check.ljust(widest)}  {output.line(f'{text}: {said}')}"
    for check, level, text, mend, _, safe in found:
        yield f"{colours[level](MARKS[level])}  {check.ljust(widest)}  {output.line(text)}"
        if mend:
            yield f"{' ' * (widest + 8)}→ {output.line(mend)}"
        if safe and not mended:
            would = "--fix would do that" if fix else "`peer doctor --fix` does that"
            yield f"{' ' * (widest + 8)}→ {would}"
    wrong = sum(finding.level == "bad" for finding in found)
    yield f"{output.counted(wrong, 'thing')} to mend" if wrong else "all is well"
