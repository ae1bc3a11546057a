"""Which scheduler this machine has, and what installing, showing and removing means across them.

Rules: an identity is installed with one scheduler; the others' units of ours go first, or it would
beat twice. What is installed is judged by what the schedulers say now, never by a note of ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from peer.home.places import Identity
from peer.schedulers import log
from peer.schedulers.crontab import Crontab
from peer.schedulers.launchd import Launchd
from peer.schedulers.machine import Machine
from peer.schedulers.plan import Installed, Plan, Scheduler, SchedulerError, Step
from peer.schedulers.systemd import Systemd
from peer.schedulers.windows import TaskScheduler
from peer.settings import Schedule
from protocol.errors import UsageError

NAMES = ("systemd", "cron", "launchd", "windows")
_USUAL = {"darwin": ("launchd", "cron"), "win32": ("windows",)}


def scheduler(name: str, machine: Machine, folder: str) -> Scheduler:
    """The adapter of a name, for the identity of a directory."""
    found: dict[str, Scheduler] = {
        "systemd": Systemd(machine),
        "cron": Crontab(machine),
        "launchd": Launchd(machine),
        "windows": TaskScheduler(machine, folder),
    }
    return found[name]


def usual(machine: Machine, folder: str, platform: str = sys.platform) -> list[Scheduler]:
    """The schedulers of a platform, the best first."""
    names = _USUAL.get(platform, ("systemd", "cron"))
    return [scheduler(name, machine, folder) for name in names]


def choose(candidates: Sequence[Scheduler]) -> tuple[Scheduler, list[str]]:
    """The first that can be used, and why those before it cannot; SchedulerError where none can."""
    troubles: list[str] = []
    for candidate in candidates:
        trouble = candidate.trouble()
        if trouble is None:
            return candidate, troubles
        troubles.append(trouble)
    raise SchedulerError(f"no scheduler can be used: {'; '.join(troubles)}")


def present(candidates: Sequence[Scheduler], label: str) -> list[tuple[Scheduler, Installed]]:
    """Where a unit is installed now; a scheduler that cannot be asked has none."""
    found = []
    for candidate in candidates:
        try:
            state = candidate.installed(label)
        except SchedulerError:
            continue
        if state is not None:
            found.append((candidate, state))
    return found


def installing(plan: Plan, chosen: Scheduler, candidates: Sequence[Scheduler]) -> list[Step]:
    """All that is left to do until a plan is installed with one scheduler and with no other."""
    steps = chosen.installing(plan)
    others = [one for one, _ in present(candidates, plan.label) if one.name != chosen.name]
    return [step for other in others for step in other.removing(plan.label)] + steps


def is_installed(plan: Plan, chosen: Scheduler) -> bool:
    """Whether nothing is left to do; a plan that the scheduler refuses is not installed."""
    try:
        return not chosen.installing(plan)
    except UsageError:
        return False


def removing(label: str, candidates: Sequence[Scheduler]) -> list[Step]:
    """All that takes away what is installed of a unit; nothing where nothing is."""
    return [step for one, _ in present(candidates, label) for step in one.removing(label)]


def plan_of(
    folder: str,
    identity: Identity,
    schedule: Schedule,
    *,
    home: str,
    environment: Mapping[str, str],
    resident: bool = False,
) -> Plan:
    """What is to be installed for an identity; its share is named: its name may come twice."""
    program = (sys.executable, "-P", "-m", "peer")
    who = ("--home", os.path.abspath(home), "--as", identity.name, "--network", identity.share)
    words = ("run",) if resident else ("tick", "--spread")
    return Plan(
        name=identity.name,
        address=identity.address,
        network=identity.network,
        command=(*program, *words, *who),
        trial=(*program, "tick", *who),
        environment=tuple(sorted(environment.items())),
        cron=schedule.cron,
        zone=schedule.zone,
        active_hours=schedule.active_hours,
        resident=resident,
        folder=folder,
        log=os.path.join(folder, log.NAME),
    )


def with_cron(schedule: Schedule, cron: str | None) -> Schedule:
    """The same settings with another cron expression, where one was typed."""
    return schedule if cron is None else replace(schedule, cron=cron)


def way_here(machine: Machine) -> dict[str, str]:
    """What a process of a scheduler needs so that `python -m peer` is this very program.

    Nothing where the package is installed; its place where it runs from a checkout.
    """
    mine = str(Path(__file__).resolve().parents[2])
    where = "import pathlib, peer; print(pathlib.Path(peer.__file__).resolve().parents[1])"
    found = Machine({**machine.environment, "PYTHONPATH": ""}).ask(
        [sys.executable, "-P", "-c", where]
    )
    return {} if found.out.strip() == mine else {"PYTHONPATH": mine}
