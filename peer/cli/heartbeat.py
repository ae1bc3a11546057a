"""`peer heartbeat`: what a heartbeat says, and when the last and the next one are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where


@click.command(epilog=output.examples("peer heartbeat", "peer heartbeat librarian --json"))
@click.argument("name", required=False)
@common
def command(where: Where, name: str | None) -> None:
    """Show what a heartbeat says, yours or that of another member.

    Another one's is read from the share now; where that cannot be, what your last tick heard.
    """
    from peer.heartbeats import heartbeat

    found = heartbeat(where.running(), name)
    if found["fault"]:
        output.aside(f"peer: {output.line(found['fault'])}")
    output.answer(where, found, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    name = output.bold(found["name"])
    if found["seq"] is None:
        yield f"{name}  has never beaten, as far as this home knows"
        yield f"  next beat  {coming(found)}"
        return
    state = f", seems {found['state']} (φ {found['phi']:.1f})" if "state" in found else ""
    lifecycle = output.line(found["lifecycle"])
    yield f"{name}  beat {found['seq']}, tick {found['tick']}: {lifecycle}{state}"
    yield f"  last beat  {shown(found['last_beat'])}, {output.age(found['last_beat_s'])}"
    yield f"  next beat  {coming(found)}"
    yield f"  epoch      {found['epoch']}"
    if found["source"] == "remembered":
        yield "  (as it was heard at the last tick; the share shows none to believe now)"
        return
    if found["halted"]:
        yield "  halted     by a steward"
    feed = found["feed"]
    yield f"  feed       {'page ' + str(feed['seq']) if feed else 'nothing published'}"
    yield f"  mail for   {output.line(' '.join(found['mail'])) or 'nobody to fetch here'}"
    heads = ", ".join(f"{_kind(head)} {head['number']}" for head in found["heads"])
    yield f"  heads      {output.line(heads) or 'none'}"
    yield f"  software   {output.line(found['software'])}"


def _kind(head: dict[str, Any]) -> str:
    """`roster` of `soma/roster/1`."""
    return str(head["of"]).removeprefix("soma/").partition("/")[0]


def coming(found: dict[str, Any]) -> str:
    """When the next beat is, as a person says it."""
    seconds = found["next_beat_s"]
    if seconds is None:
        return "not announced yet"
    if seconds < 0:
        return f"was due {shown(found['next_beat'])}, {output.age(-seconds)}"
    return f"by {shown(found['next_beat'])}, in {output.span(seconds)}"


def shown(at: str | None) -> str:
    """An instant of JSON, to the minute."""
    return "never" if at is None else f"{at[:16].replace('T', ' ')} UTC"
