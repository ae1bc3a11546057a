"""`peer schedule install / show / remove / print`: the heartbeat in this machine's scheduler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from peer import settings
from peer.cli import output
from peer.cli.options import common
from peer.cli.where import Where
from protocol.errors import HomeError

if TYPE_CHECKING:
    from peer.home.places import Identity
    from peer.schedulers.machine import Machine
    from peer.schedulers.plan import Plan, Scheduler, Step

SCHEDULERS = click.Choice(["systemd", "cron", "launchd", "windows"])
EVERYBODY = click.option("--all", "everybody", is_flag=True, help="Every identity of this home")
CRON = click.option("--cron", metavar="EXPR", help='When to beat, such as "0 */6 * * *"')
RESIDENT = click.option("--resident", is_flag=True, help="Keep `peer run` running instead")
WITH = click.option("--with", "scheduler", type=SCHEDULERS, help="Which scheduler; else what works")
DRY = click.option("--dry-run", "dry", is_flag=True, help="Only show what would be done")


@click.group(epilog=output.examples("peer schedule install", "peer schedule show"))
@common
def command(where: Where) -> None:
    """Let this machine's scheduler call `peer tick`, so that the heartbeat keeps itself."""


@command.command(
    epilog=output.examples(
        "peer schedule install",
        'peer schedule install --cron "0 */2 * * *" --as core',
        "peer schedule install --with cron --dry-run",
        "peer schedule install --resident --all",
    )
)
@CRON
@WITH
@RESIDENT
@EVERYBODY
@DRY
@common
def install(
    where: Where, cron: str | None, scheduler: str | None, resident: bool, everybody: bool,
    dry: bool,
) -> None:  # fmt: skip
    """Install the heartbeat, one unit for each identity; where it is installed, change nothing.

    systemd's user timers where they work, else cron; launchd on macOS, Task Scheduler on Windows.
    --cron, and what the environment says of schedule.*, is kept in settings.toml: a scheduler's
    call has no such environment, and heartbeats announce what the settings say.
    """

    def one(folder: str, identity: Identity) -> dict[str, Any]:
        said = choice.with_cron(settings.load(folder, os.environ).schedule, cron)
        said.timetable(identity.address)  # refused before anything is changed
        plan, candidates, machine = _plan(where, folder, identity, cron, resident)
        chosen, troubles = _chosen(scheduler, candidates, machine, folder, dry)
        steps = choice.installing(plan, chosen, candidates)
        if not dry:
            machine.do(steps)
            _keep(folder, cron)
        for trouble in troubles:  # only now: what is wrong with the rest of it says more
            why, _, mend = output.line(trouble).rpartition("; ")
            output.aside(f"peer: {chosen.name} is taken, because {why}; to use that one, {mend}")
        return _about(plan, chosen) | {
            "changed": bool(steps),
            "dry_run": dry,
            "steps": _said(steps),
        }

    from peer.schedulers import choice

    _each(where, everybody, one, _install_lines)


@command.command(epilog=output.examples("peer schedule show", "peer schedule show --all --json"))
@EVERYBODY
@common
def show(where: Where, everybody: bool) -> None:
    """Show what is installed, when it beats next where that is told, its log, how to try it now."""

    def one(folder: str, identity: Identity) -> dict[str, Any]:
        from peer.schedulers import choice

        plan, candidates, _ = _plan(where, folder, identity, None, resident=False)
        found = choice.present(candidates, plan.label)
        value = {"peer": plan.name, "label": plan.label, "installed": bool(found)}
        if not found:
            return value
        chosen, state = found[0]
        stays, _, _ = _plan(where, folder, identity, None, resident=True)
        fitting = [made for made in (plan, stays) if choice.is_installed(made, chosen)]
        return value | _about(fitting[0] if fitting else plan, chosen) | {
            "files": list(state.files), "running": state.running, "next_run": state.next_run,
            "current": bool(fitting),
        }  # fmt: skip

    _each(where, everybody, one, _show_lines)


@command.command(epilog=output.examples("peer schedule remove", "peer schedule remove --dry-run"))
@EVERYBODY
@DRY
@common
def remove(where: Where, everybody: bool, dry: bool) -> None:
    """Take away what `install` made, and nothing else; the peer itself stays as it is."""

    def one(folder: str, identity: Identity) -> dict[str, Any]:
        from peer.schedulers import choice

        plan, candidates, machine = _plan(where, folder, identity, None, resident=False)
        steps = choice.removing(plan.label, candidates)
        if not dry:
            machine.do(steps)
        return {
            "peer": identity.name, "label": plan.label, "changed": bool(steps), "dry_run": dry,
            "steps": _said(steps),
        }  # fmt: skip

    _each(where, everybody, one, _remove_lines)


@command.command(
    "print", epilog=output.examples("peer schedule print", "peer schedule print --with launchd")
)
@CRON
@WITH
@RESIDENT
@EVERYBODY
@common
def print_(
    where: Where, cron: str | None, scheduler: str | None, resident: bool, everybody: bool
) -> None:
    """Print the units that `install` would give to the scheduler; nothing is changed."""

    def one(folder: str, identity: Identity) -> dict[str, Any]:
        plan, candidates, machine = _plan(where, folder, identity, cron, resident)
        chosen, _ = _chosen(scheduler, candidates, machine, folder, dry=True)
        return _about(plan, chosen) | {"units": chosen.units(plan)}

    _each(where, everybody, one, _unit_lines)


def keeper(where: Where) -> str | None:
    """What lets the identity beat here by itself, as far as can be seen; None: nothing does."""
    from peer import lock

    folder, identity = where.identity()
    return "run" if lock.is_held(folder, lock.RUN) else installed_with(folder, identity)


def installed_with(folder: str, identity: Identity) -> str | None:
    """The scheduler that has a unit of an identity; None where none has."""
    from peer.schedulers import choice
    from peer.schedulers.machine import Machine
    from peer.schedulers.plan import label

    candidates = choice.usual(Machine(os.environ), folder)
    found = choice.present(candidates, label(identity.name, identity.network))
    return found[0][0].name if found else None


def reminder(where: Where, folder: str, identity: Identity) -> Iterator[str]:
    """What to do about a schedule of somebody who beats no more here; nothing if there is none."""
    from peer.schedulers import choice

    plan, candidates, _ = _plan(where, folder, identity, None, resident=False)
    for chosen, _ in choice.present(candidates, plan.label):
        command = f"peer schedule remove --as {identity.name}"
        yield f"{chosen.name} still calls it here; to end that: {command}"


def _each(
    where: Where,
    everybody: bool,
    one: Callable[[str, Identity], dict[str, Any]],
    lines: Callable[[dict[str, Any]], Iterator[str]],
) -> None:
    """The same for the one identity that fits, or for all; a damaged one stops no other."""
    if not everybody:
        value = one(*where.identity())
        output.answer(where, value, lambda: lines(value))
        return
    faults: list[HomeError] = []
    values = [one(folder, identity) for folder, identity in where.identities(faults)]
    output.answer(where, values, lambda: (line for value in values for line in lines(value)))
    if faults:
        raise faults[0]


def _keep(folder: str, cron: str | None) -> None:
    """What was installed by an option or the environment is what settings.toml says from now on."""
    kept = {
        one.name: one.value
        for one in settings.explain(folder, os.environ)
        if one.origin == "environment" and one.name.startswith("schedule.")
    }
    if cron is not None:
        kept["schedule.cron"] = settings.parse("schedule.cron", cron)
    if kept:
        settings.change(folder, kept)


def _plan(
    where: Where, folder: str, identity: Identity, cron: str | None, resident: bool
) -> tuple[Plan, list[Scheduler], Machine]:
    from peer.schedulers import choice
    from peer.schedulers.machine import Machine

    machine = Machine(os.environ)
    schedule = choice.with_cron(settings.load(folder, os.environ).schedule, cron)
    plan = choice.plan_of(
        folder, identity, schedule, home=where.home, resident=resident,
        environment=choice.way_here(machine),
    )  # fmt: skip
    return plan, choice.usual(machine, folder), machine


def _chosen(
    name: str | None, candidates: list[Scheduler], machine: Machine, folder: str, dry: bool
) -> tuple[Scheduler, list[str]]:
    """The scheduler that was named, or the best; it must work unless this is only for show."""
    from peer.schedulers import choice
    from peer.schedulers.plan import SchedulerError

    asked = candidates
    if name is not None:
        asked = [choice.scheduler(name, machine, folder)]
        if all(one.name != name for one in candidates):
            candidates += asked
    try:
        return choice.choose(asked)
    except SchedulerError as error:
        if dry:
            return asked[0], []
        others = [one.name for one in candidates if one.name != name and one.trouble() is None]
        if name is None or not others:
            raise
        raise SchedulerError(f"{error}, or take another one: --with {others[0]}") from error


def _about(plan: Plan, chosen: Scheduler) -> dict[str, Any]:
    advice = chosen.advice(plan)
    return {
        "peer": plan.name, "label": plan.label, "scheduler": chosen.name,
        "cron": None if plan.resident else plan.cron, "resident": plan.resident,
        "command": list(plan.command), "log": advice.log, "test": advice.test,
        "notes": list(advice.notes),
    }  # fmt: skip


def _said(steps: list[Step]) -> list[dict[str, str]]:
    from peer.schedulers.plan import Remove, Run

    found = []
    for step in steps:
        if isinstance(step, Run):
            row = {"run": " ".join(step.argv)} | ({"text": step.stdin} if step.stdin else {})
        elif isinstance(step, Remove):
            row = {"remove": step.path}
        else:
            row = {"write": step.path, "text": step.text}
        found.append(row)
    return found


def _install_lines(value: dict[str, Any]) -> Iterator[str]:
    name = output.bold(value["peer"])
    when = "stays resident" if value["resident"] else f"beats at {value['cron']}"
    if not value["changed"]:
        yield f"{name}  is installed with {value['scheduler']} already and {when}; nothing to do"
    elif value["dry_run"]:
        yield f"{name}  would be installed with {value['scheduler']}:"
        yield from _step_lines(value["steps"])
        return
    else:
        yield f"{name}  is installed with {value['scheduler']} and {when}"
    yield from _advice_lines(value)


def _show_lines(value: dict[str, Any]) -> Iterator[str]:
    name = output.bold(value["peer"])
    if not value["installed"]:
        yield f"{name}  is not installed with any scheduler; `peer schedule install` does it"
        return
    state = "" if value["running"] else output.bad("  but does not run")
    yield f"{name}  is installed with {value['scheduler']} as {value['label']}{state}"
    if not value["current"]:
        yield "  ! not as the settings say now; `peer schedule install` mends it"
    what = "times  " if value["current"] else "wanted "
    yield f"  {what}  {output.line(value['cron'] or 'it stays, and beats by its settings')}"
    if value["next_run"]:
        yield f"  next     {output.line(value['next_run'])}"
    for file in value["files"]:
        yield f"  unit     {output.line(file)}"
    yield from _advice_lines(value)


def _advice_lines(value: dict[str, Any]) -> Iterator[str]:
    yield f"  log      {output.line(value['log'])}"
    yield f"  try now  {output.line(value['test'])}"
    for note in value["notes"]:
        yield f"  ! {output.line(note)}"


def _remove_lines(value: dict[str, Any]) -> Iterator[str]:
    name = output.bold(value["peer"])
    if not value["changed"]:
        yield f"{name}  is not installed with any scheduler; nothing to do"
    elif value["dry_run"]:
        yield f"{name}  would be removed:"
        yield from _step_lines(value["steps"])
    else:
        yield f"{name}  is removed; it beats no more by itself"


def _step_lines(steps: list[dict[str, str]]) -> Iterator[str]:
    for step in steps:
        what = next(iter(step))
        yield f"  {what} {output.line(step[what])}"
        for text in step.get("text", "").splitlines():
            yield f"    | {output.harmless(text)}"


def _unit_lines(value: dict[str, Any]) -> Iterator[str]:
    for path, text in value["units"].items():
        yield f"# {output.line(path)}"
        yield output.harmless(text)
