"""`peer status`: everything about a peer on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from peer.cli import output
from peer.cli.heartbeat import coming, shown
from peer.cli.options import common
from peer.cli.where import Where

LINES = 23  # of a small terminal, with a line left for the prompt
FACT_INDENT = 13  # the name of a fact
NEIGHBOURS_SHOWN = 6
_WORST_FIRST = ("dead", "suspect", "late", "halted", "unknown", "alive")
Found = dict[str, Any]


@click.command(epilog=output.examples("peer status", "peer status --as core --json"))
@common
def command(where: Where) -> None:
    """Show who you are, how the last tick went, what waits, and what needs a human."""
    from peer.cli.schedule import keeper

    found = where.peer().status().as_json()
    if not where.json:
        found["keeper"] = keeper(where)
    output.answer(where, found, lambda: _lines(found))


def _lines(found: Found) -> Iterator[str]:
    yield f"{output.bold(found['address'])}  {found['fingerprint']}"
    columns = output.screen()
    lines = [*facts(found, columns), "", *_neighbours(found["neighbours"]), ""]
    yield from lines
    yield from _needs(found["concerns"], columns, LINES - len(lines) - 1)


def facts(found: Found, columns: int | None) -> Iterator[str]:
    """One line for each thing to know about a peer, for a screen that wide; None: for a pipe."""
    room = None if columns is None else columns - FACT_INDENT
    yield f"  network    {found['network'][:8]}, root {found['root']}"
    yield f"  share      {output.line(found['share'])}"
    if found["away_since"]:
        why = f"away since {shown(found['away_since'])}: {found['away_fault']}"
        yield f"             {output.bad(_cut(why, room))}"
    yield f"  standing   {_standing(found, room)}"
    if found["goals"]:
        yield f"  goals      {_goals(found['goals'], room)}"
    yield f"  last tick  {_last(found)}"
    if found["last_tick_fault"]:
        yield " " * FACT_INDENT + _cut(found["last_tick_fault"], room)
    overdue = found["next_beat_s"] is not None and found["next_beat_s"] < -300
    unkept = "; no scheduler: `peer schedule`" if found.get("keeper", "") is None else ""
    hint = "; does anything run `peer tick`?" if overdue else unkept
    yield f"  next beat  {coming(found)}{hint}"
    yield f"  letters    {_letters(found)}"
    if found.get("agreed"):
        values = ", ".join(f"{one['key']} = {one['value']}" for one in found["agreed"])
        yield f"  agreed     {_cut(values, room)}"
    if found["asked"]:
        count = output.counted(found["asked"], "item waits", "items wait")
        yield f"  approvals  {count} for a steward's yes: `peer approvals`"
    if found["questions"]:
        count = output.counted(found["questions"], "request waits", "requests wait")
        yield f"  approvals  {count} for your yes or no: `peer approvals --as {found['peer']}`"
    if found["votes"]:
        count = output.counted(found["votes"], "proposal is open", "proposals are open")
        yield f"  votes      {count}: `peer proposals --as {found['peer']}`"
    if found.get("mentoring") and (said := _mentoring(found["mentoring"])):
        yield f"  mentoring  {_cut(said, room)}"
    if found["notices"]:
        yield f"  notices    {_cut('; '.join(found['notices']), room)}"
    if found["quarantined"]:
        yield f"  refused    {found['quarantined']} in quarantine: `peer quarantine list`"


def _mentoring(found: Found) -> str:
    """Who guides and is guided; what the mentor said to know first stands in `peer mentor`."""
    mentor, asked = found["mentor"], found["asked"]
    parts = [f"guided by {mentor['name']}"] if mentor else []
    parts += [f"{asked['name']} was asked to guide"] if asked else []
    mentees = ", ".join(one["name"] for one in found["mentees"])
    parts += [f"guides {mentees}"] if mentees else []
    return f"{'; '.join(parts)} (`peer mentor`)" if parts else ""


def _goals(goals: Sequence[Found], room: int | None) -> str:
    """As many ids as there is room for; the texts stand in `peer goal list`."""
    return _cut(f"{', '.join(goal['id'] for goal in goals)} (`peer goal list`)", room)


def _last(found: Found) -> str:
    if found["last_tick"] is None and found["last_tick_result"] is None:
        return "never; `peer tick` makes the first"
    result = found["last_tick_result"] or "ok"
    word = result if result in ("ok", "halted") else output.bad(result)
    count = output.counted(found["ticks"], "tick")
    return (
        f"{shown(found['last_tick'])}, {output.age(found['last_tick_s'])}: {word}; {count} in all"
    )


def _letters(found: Found) -> str:
    unread = f"{found['unread']} unread" + (" (`peer inbox`)" if found["unread"] else "")
    states = ", ".join(f"{count} {state}" for state, count in found["waiting"].items() if count)
    mine = f"{found['outbox']} not acknowledged" + (f" ({states}: `peer outbox`)" if states else "")
    return f"{unread}, {mine}"


def _neighbours(rows: Sequence[Found]) -> list[str]:
    """The worst first; others only as a number."""
    if not rows:
        return ["  no other members yet"]
    cells = neighbour_cells(worst_first(rows))
    lines = output.table(("NAME", "STATE", "φ", "LAST SEEN", "LIFECYCLE"), cells)
    shown_rows = [f"  {line}" for line in lines[: NEIGHBOURS_SHOWN + 1]]
    more = len(rows) - NEIGHBOURS_SHOWN
    return [*shown_rows, f"  and {more} more: `peer peers`"] if more > 0 else shown_rows


def worst_first(rows: Sequence[Found]) -> list[Found]:
    """Rows of the health table, those to worry about first."""
    return sorted(rows, key=lambda row: _WORST_FIRST.index(row["state"]))


def neighbour_cells(rows: Sequence[Found]) -> list[tuple[str, str, str, str, str]]:
    """A row for each other member, as `peer peers` shows it."""
    return [
        (row["name"], row["state"], f"{row['phi']:.1f}", output.age(row["last_seen_s"]),
         "left" if row["left"] else row["lifecycle"])
        for row in rows
    ]  # fmt: skip


def _standing(found: Found, room: int | None) -> str:
    if found["moved"]:
        return "moved: it goes on where its export was imported"
    if found["parked"]:
        return output.bad(_cut(f"parked: {found['parked']}", room))
    if found["left"]:
        return "left the network"
    if not found["admitted"]:
        return output.bad("not admitted, as far as this home knows")
    if found["halts"]:
        why = "; ".join(f"{h['scope']} {h['because']}".strip() for h in found["halts"])
        return output.bad(_cut(f"halted: {why}", room))
    if found["hidden_orders"]:
        return output.bad("waiting: an order is hidden on the share")
    return output.good("admitted")


def _needs(concerns: Sequence[Found], columns: int | None, lines_max: int) -> Iterator[str]:
    """As many concerns as there are lines for, those for a human first; how many more there are."""
    if not concerns:
        yield "  nothing waits for a human"
        return
    left = lines_max - 1
    for number, concern in enumerate(concerns):
        lines = _concern(concern, columns)
        if number and len(lines) > left:
            yield f"  and {len(concerns) - number} more: `peer escalations`"
            return
        left -= len(lines)
        mark, text, *mend = lines
        yield f"  {output.bad(mark) if concern['level'] == 'human' else mark} {text}"
        yield from map(output.dim, mend)


def _concern(concern: Found, columns: int | None) -> list[str]:
    """Its mark, its text, and in further lines how to mend it."""
    from peer.cli.shown import fold_advice

    mark = "!" if concern["level"] == "human" else "-"
    room = None if columns is None else columns - 4
    mend = fold_advice(f"→ {output.line(concern['mend'])}", room)
    return [mark, _cut(concern["text"], room), *(f"    {line}" for line in mend)]


def _cut(text: str, columns: int | None) -> str:
    """One harmless line; what is longer stands in full in `peer escalations`."""
    from peer.cli.shown import shortened

    return shortened(output.line(text), columns)


def concern_lines(concerns: Sequence[Found], columns: int | None = None) -> Iterator[str]:
    """What is wrong, and what to do about each, in full; folded where a screen is that wide."""
    from peer.cli.shown import fold_advice

    room = None if columns is None else columns - 4
    for concern in concerns:
        mark = output.bad("!") if concern["level"] == "human" else "-"
        text, *more = fold_advice(output.line(concern["text"]), room)
        yield f"  {mark} {text}"
        yield from (f"    {line}" for line in more)
        mend = f"→ {output.line(concern['mend'])} (since {concern['since']})"
        yield from (output.dim(f"    {line}") for line in fold_advice(mend, room))
