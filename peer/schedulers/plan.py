"""What is to be installed, the same for every scheduler, and what installing one is made of.

Pure values. A plan holds no secret: the command finds the key in the home. Everything that is not
its own business (the peer's name, its home) goes into the command line: Task Scheduler knows no
environment, options weigh most, and the line can be typed as it stands.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Protocol

from peer.schedulers.calendar import Slots, nearest, read
from protocol.errors import SomaError, UsageError


def label(name: str, network: str) -> str:
    """The name of the unit of an identity."""
    return f"soma-peer-{name}-{network[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One identity's heartbeat. `log`: where output goes; a service manager has its own.

    `trial` is one tick at once, whatever `command` is.
    """

    name: str
    address: str
    network: str
    command: tuple[str, ...]
    trial: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    cron: str
    zone: str
    active_hours: str
    resident: bool
    folder: str
    log: str

    @property
    def label(self) -> str:
        """The name of the unit: this identity's and no other's."""
        return label(self.name, self.network)

    @property
    def words(self) -> str:
        """What a person reads beside it."""
        return f"Heartbeat of {self.address} (soma-network)"

    @property
    def typed(self) -> str:
        """The trial as a line for a shell, with the environment that the unit has."""
        said = [f"{name}={value}" for name, value in self.environment]
        return shlex.join([*(["env", *said] if said else []), *self.trial])

    def slots(self) -> tuple[Slots, ...]:
        """The minutes of its cron that lie in its active hours."""
        return read(self.cron, self.active_hours)

    def nearest(self, scheduler: Scheduler) -> str:
        """The nearest expression that a scheduler can be told."""
        return nearest(self.cron, scheduler.can)


@dataclass(frozen=True, slots=True)
class Write:
    """Write a file, with its folder; `encoding` as Python names it."""

    path: str
    text: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run a tool, which reads `stdin`; `may_fail`: what it undoes may not be there."""

    argv: tuple[str, ...]
    stdin: str | None = None
    may_fail: bool = False


Step = Write | Remove | Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What a scheduler says about a unit. `next_run` where it tells."""

    files: tuple[str, ...]
    running: bool = True
    next_run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a person wants to know of an installed heartbeat."""

    log: str
    test: str
    notes: tuple[str, ...] = field(default=())


class SchedulerError(SomaError):
    """A scheduler of this machine cannot be used, or failed; says what to do."""


class Scheduler(Protocol):
    """One scheduler of this machine. Nothing but `Machine` runs what the steps say."""

    name: str

    def trouble(self) -> str | None:
        """Why it cannot be used here, with the next step; None where it can."""

    def can(self, slots: tuple[Slots, ...]) -> bool:
        """Whether these times can be told to it exactly."""

    def units(self, plan: Plan) -> dict[str, str]:
        """The texts it is given, by path or by the name of where they go.

        UsageError for what it cannot express, with the nearest that it can.
        """

    def installing(self, plan: Plan) -> list[Step]:
        """What is left to do until the plan is installed; nothing where it is."""

    def removing(self, label: str) -> list[Step]:
        """What takes a unit of ours away; nothing where there is none."""

    def installed(self, label: str) -> Installed | None:
        """What there is of a unit."""

    def advice(self, plan: Plan) -> Advice:
        """Where its log is and how to try it now."""


def refuse_zone(plan: Plan, tool: str) -> None:
    """UsageError for a time zone of its own where a scheduler knows this machine's only."""
    if plan.zone and not plan.resident:
        raise UsageError(
            f"{tool} counts in this machine's time zone, not in {plan.zone}; empty schedule.zone"
            " (`peer config set schedule.zone --default`), or take a scheduler that knows zones:"
            " --with systemd, or `peer run`"
        )


def refuse_times(plan: Plan, scheduler: Scheduler, why: str) -> None:
    """UsageError where a scheduler cannot be told the times of a plan."""
    if not scheduler.can(plan.slots()):
        raise UsageError(
            f"{why}, so {plan.cron} cannot be told exactly;"
            f' the nearest that can: --cron "{plan.nearest(scheduler)}"'
        )
