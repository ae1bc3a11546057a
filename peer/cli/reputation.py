"""`peer reputation [NAME]`: how far others are relied on, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

Found = dict[str, Any]


@click.command(epilog=output.examples("peer reputation", "peer reputation librarian --json"))
@click.argument("name", required=False)
@common
def command(where: Where, name: str | None) -> None:
    """Show how far you rely on the others, or on one, with every piece of evidence.

    What counts is what you said yourself of what they wrote (`endorse`, `dispute`), and proofs of
    double use. What others say is listed and counts nothing. Good fades by half in 30 days that
    this home lives, bad in 120; a stranger has 0.50.
    """
    rows = [one.as_json() for one in where.peer().reputation(name)]
    value = rows if name is None else rows[0]
    output.answer(where, value, lambda: _table(rows) if name is None else _one(rows[0]))


def _table(rows: list[Found]) -> Iterator[str]:
    if not rows:
        yield "no other members yet; a steward admits them with `peer admit NAME`"
        return
    cells = [
        (one["name"], f"{one['reputation']:.2f}", f"{one['at_least']:.2f}", f"{one['good']:.1f}",
         f"{one['bad']:.1f}", str(one["of_others"]))
        for one in rows
    ]  # fmt: skip
    yield from output.table(("NAME", "REPUTATION", "AT LEAST", "GOOD", "BAD", "BY OTHERS"), cells)


def _one(found: Found) -> Iterator[str]:
    name = output.bold(output.line(found["name"]))
    yield (
        f"{name}  reputation {found['reputation']:.2f}, at least {found['at_least']:.2f}"
        f" (good {found['good']:.1f}, bad {found['bad']:.1f})"
    )
    if not found["evidence"]:
        yield "  no evidence; `peer endorse ID` and `peer dispute ID` of what it wrote make some"
        return
    cells = [
        (one["kind"], one["by"], one["of"][: output.ID_CHARS], f"{one['age_days']} d",
         f"{'+' if one['good'] else '-'}{one['left']:.2f}" if one["counts"] else "0",
         one["why_not"])
        for one in found["evidence"]
    ]  # fmt: skip
    lines = output.table(("EVIDENCE", "BY", "OF", "AGE", "LEFT", ""), cells)
    yield from (f"  {line}" for line in lines)
    unlisted = found["of_others"] - sum(not one["counts"] for one in found["evidence"])
    if unlisted > 0:
        yield f"  and more by others, which count nothing: {found['of_others']} in all"
