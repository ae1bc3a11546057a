"""`peer status`: everything about a peer on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where

CONCERNS_SHOWN = 8


@click.command(epilog=output.examples("peer status", "peer status --as core --json"))
@common
def command(where: Where) -> None:
    """Show who you are, how the last tick went, what waits, and what is wrong."""
    found = where.peer().status().as_json()
    output.answer(where, found, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{output.bold(found['address'])}  {found['fingerprint']}"
    yield f"  share      {output.line(found['share'])}"
    yield f"  root       {found['root']}"
    yield f"  standing   {_standing(found)}"
    ticks = output.counted(found["ticks"], "tick")
    yield f"  last tick  {output.age(found['last_tick_s'])}, {ticks} in all"
    yield f"  letters    {found['unread']} unread, {found['outbox']} not acknowledged"
    yield f"  refused    {found['quarantined']} in quarantine"
    states = ", ".join(f"{number} {state}" for state, number in found["peers"].items())
    yield f"  others     {states or 'none yet'}"
    yield from concern_lines(found["concerns"][:CONCERNS_SHOWN])
    if len(found["concerns"]) > CONCERNS_SHOWN:
        yield f"  and {len(found['concerns']) - CONCERNS_SHOWN} more: peer escalations"


def _standing(found: dict[str, Any]) -> str:
    if found["moved"]:
        return "moved: it goes on where its export was imported"
    if found["parked"]:
        return output.bad(f"parked: {output.line(found['parked'])}")
    if found["left"]:
        return "left the network"
    if not found["admitted"]:
        return output.bad("not admitted, as far as this home knows")
    if found["halts"]:
        why = "; ".join(output.line(f"{h['scope']} {h['because']}".strip()) for h in found["halts"])
        return output.bad(f"halted: {why}")
    if found["hidden_orders"]:
        return output.bad("waiting: an order is hidden on the share")
    return output.good("admitted")


def concern_lines(concerns: list[dict[str, Any]]) -> Iterator[str]:
    """What is wrong, and what to do about each."""
    for concern in concerns:
        mark = output.bad("!") if concern["level"] == "human" else "-"
        yield f"  {mark} {output.line(concern['text'])}"
        yield output.dim(f"    → {output.line(concern['mend'])}  (since {concern['since']})")
