"""`peer tick`: one heartbeat session."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from peer.cli import output
from peer.cli.options import common
from peer.cli.progress import Progress
from peer.cli.where import Where
from peer.clock import pause
from protocol.errors import HomeError, SomaError, UsageError

if TYPE_CHECKING:
    from peer.home.places import Identity
    from peer.tick.report import Report
    from peer.whereabouts import Found

PROBLEMS_SHOWN = 10
HUMAN_NEEDED = 6


@click.command(epilog=output.examples("peer tick", "peer tick --as core --json", "peer tick --all"))
@click.option("--all", "everybody", is_flag=True, help="Every identity of this home in turn")
@click.option("--spread", is_flag=True, help="First wait the peer's own part of schedule.spread_s")
@common
def command(where: Where, everybody: bool, spread: bool) -> None:
    """Wake up: receive, act, look after the neighbours, deliver, beat.

    Safe to repeat and to kill. With --all --json prints a list of reports, in which an identity
    that could not tick has its `error`; the exit code is the highest of them. Schedulers call it
    with --spread, so that the peers of one drive do not all come in the same second.
    """
    if everybody:
        _tick_all(where, spread)
        return
    folder, identity = where.identity()
    if spread:
        pause(_delay_ms(folder, identity))
    report = _tick(folder, identity)
    output.answer(where, report.as_json(), lambda: lines(report))
    raise click.exceptions.Exit(_exit(report))


def _tick_all(where: Where, spread: bool) -> None:
    done: list[dict[str, Any]] = []
    worst = waited = 0
    faults: list[HomeError] = []
    mine = where.identities(faults)
    called = labels(mine)
    for delay, folder, identity in _in_turn(mine, spread):
        pause(delay - waited)
        waited = delay
        who = {"peer": identity.name, "network": identity.network}
        try:
            report = _tick(folder, identity)
        except (SomaError, OSError) as error:
            code = getattr(error, "exit_code", 1)
            done.append(who | {"error": str(error)})
            output.aside(f"peer: {called[folder]}: {output.line(str(error))}")
        else:
            done.append(report.as_json() | who)
            if not where.json:
                click.echo("\n".join(lines(report, called[folder])))
            code = _exit(report, called[folder])
        worst = max(worst, code)
    for fault in faults:
        done.append({"peer": None, "error": str(fault)})
        output.aside(f"peer: {output.line(str(fault))}")
        worst = max(worst, fault.exit_code)
    if where.json:
        output.document(done)
    raise click.exceptions.Exit(worst)


def _in_turn(mine: Found, spread: bool) -> list[tuple[int, str, Identity]]:
    """(ms to wait from the beginning, directory, identity), the shortest wait first."""
    found = [
        (_delay_ms(folder, identity) if spread else 0, folder, identity)
        for folder, identity in mine
    ]
    return sorted(found, key=lambda one: one[0])


def _delay_ms(folder: str, identity: Identity) -> int:
    """What a scheduler's call waits for; its log is kept small by the way.

    Whose settings are damaged waits for nothing: its tick says what is wrong.
    """
    from peer.schedulers.log import keep_small
    from peer.settings import load
    from peer.timetable import Timetable

    keep_small(folder)
    try:
        said = load(folder, os.environ).schedule
    except UsageError:
        return 0
    table = Timetable(said.cron, said.zone, said.active_hours, said.spread_s, identity.address)
    return table.delay_ms()


def _tick(folder: str, identity: Identity) -> Report:
    from peer.api import Peer

    with Progress() as progress:
        return Peer(folder, identity, ends_when_frozen=True).tick(
            lambda done, of, what: progress.say(f"{identity.name}  {done:,} of {of:,} {what}")
        )


def _exit(report: Report, called: str | None = None) -> int:
    """The exit code of a tick that came to its end; what a human must do is said aloud."""
    if report.human is None:
        return 0
    output.aside(f"peer: {called or report.peer}: {output.line(report.human)}")
    return HUMAN_NEEDED


def labels(mine: Found) -> dict[str, str]:
    """What to call the identity of each directory; with its share where two have one name."""
    names = Counter(identity.name for _, identity in mine)
    return {
        folder: one.name if names[one.name] == 1 else f"{one.name} on {output.line(one.share)}"
        for folder, one in mine
    }


def lines(report: Report, called: str | None = None) -> Iterator[str]:
    """A tick in words: a line, and one for each problem."""
    name = output.bold(called or report.peer)
    if report.state == "busy":
        yield f"{name}  another tick is running; nothing to do"
    elif not report.seq:
        yield f"{name}  parked" + ("" if report.human else "; see `peer escalations`")
    else:
        parked = output.bad("  parked by a steward's order") if report.state == "parked" else ""
        yield f"{name}  beat {report.seq}: {_done(report)}; {_neighbours(report)}{parked}"
    for problem in report.problems[:PROBLEMS_SHOWN]:
        yield f"  ! {output.line(problem)}"
    if len(report.problems) > PROBLEMS_SHOWN:
        yield f"  ! and {len(report.problems) - PROBLEMS_SHOWN} more: peer tick --json"


def _done(report: Report) -> str:
    counts = (
        (report.received, "received"),
        (report.acted, "acted on"),
        (report.quarantined, "quarantined"),
        (report.delivered, "delivered"),
        (report.published, "published"),
    )
    return ", ".join(f"{number} {what}" for number, what in counts if number) or "nothing new"


def _neighbours(report: Report) -> str:
    states = Counter(row["state"] for row in report.peers)
    if not states:
        return "no neighbours yet"
    return ", ".join(f"{number} {state}" for state, number in states.most_common())
