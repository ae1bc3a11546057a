"""A peer, its neighbours, the way of a letter, what somebody should know: as programs see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that a command shows."""

    details: Row = field(repr=False, compare=False)

    def as_json(self) -> Row:
        """What the command line prints of it with `--json`."""
        return self.details


@dataclass(frozen=True, slots=True)
class Neighbour(Shown):
    """Another member, and how it seemed at the last tick.

    `state` is alive, late, suspect, dead, halted or unknown; `phi` grows with silence;
    `last_seen_s` is None where it was never heard. `reputation` is from 0 to 1, 0.5 of a stranger,
    and None in what a tick reports. `mentoring`: it is my mentor, my mentee, asked, or None.
    """

    name: str
    state: str
    phi: float
    last_seen_s: int | None
    lifecycle: str
    left: bool
    reputation: float | None
    mentoring: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a letter: `what`, `where`, and when (UTC)."""

    at: str
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Trace(Shown):
    """The way of a letter, as far as this home knows it, the oldest event first."""

    id: str
    sender: str
    to: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Proposed(Shown):
    """A proposal. `state` is open, agreed, vetoed, void, outdated or early.

    Names say who voted `yes` and `no`, who is `missing`, who is `void` because he voted both ways,
    and whose keys are all `compromised`, so that no ballot of his counts; `needed` YES decide,
    None while the roster that decides is not known.
    """

    id: str
    key: str
    value: str
    because: str
    sender: str
    state: str
    version: int
    yes: tuple[str, ...]
    no: tuple[str, ...]
    missing: tuple[str, ...]
    void: tuple[str, ...]
    compromised: tuple[str, ...]
    needed: int | None


@dataclass(frozen=True, slots=True)
class Concern(Shown):
    """What somebody should know; at level `human` only a person can mend it, by doing `mend`."""

    key: str
    level: str
    text: str
    mend: str
    since: str


@dataclass(frozen=True, slots=True)
class Goal(Shown):
    """Something the stewards want of everybody within `scope`; letters name it by its `id`."""

    id: str
    text: str
    scope: str


@dataclass(frozen=True, slots=True)
class Approval(Shown):
    """Something that needs a steward's yes: `sender` asks to `effect` an item to `to`.

    `state` is open, approved, denied or, where nobody answered, lapsed (at the asker's) or expired
    (in the mailbox); forbidden by a charter meanwhile, withdrawn by its author, or invalid where
    the request asks nothing valid. `text` was written by the asker: it is data.
    """

    id: str
    sender: str
    to: str
    effect: str
    kind: str
    text: str
    state: str
    because: str
    until: str


@dataclass(frozen=True, slots=True)
class Status(Shown):
    """How a peer is. `parked` says why it signs nothing, `halted` that a steward stopped it.

    `last_tick` is None before the first one; `away_since` is None while the share can be used;
    `outbox` counts letters that no receipt covers.
    """

    name: str
    address: str
    fingerprint: str
    admitted: bool
    parked: str | None
    halted: bool
    last_tick: str | None
    away_since: str | None
    unread: int
    outbox: int
    quarantined: int
    concerns: tuple[Concern, ...]
    goals: tuple[Goal, ...]


def neighbour(row: Row) -> Neighbour:
    """A neighbour of a row of `peer peers --json`."""
    return Neighbour(
        details=row, name=row["name"], state=row["state"], phi=row["phi"],
        last_seen_s=row["last_seen_s"], lifecycle=row["lifecycle"], left=row["left"],
        reputation=row["reputation"], mentoring=row["mentoring"],
    )  # fmt: skip


def trace(row: Row) -> Trace:
    """The way of a letter of what `peer trace --json` prints."""
    events = tuple(Event(one["at"], one["what"], one["where"]) for one in row["events"])
    return Trace(details=row, id=row["id"], sender=row["from"], to=row["to"], events=events)


def proposed(row: Row) -> Proposed:
    """A proposal of a row of `peer proposals --json`."""
    return Proposed(
        details=row, id=row["id"], key=row["key"], value=row["value"], because=row["because"],
        sender=row["from"], state=row["state"], version=row["version"], yes=tuple(row["yes"]),
        no=tuple(row["no"]), missing=tuple(row["missing"]),
        void=tuple(one["name"] for one in row["void"]), compromised=tuple(row["compromised"]),
        needed=row["needed"],
    )  # fmt: skip


def concern(row: Row) -> Concern:
    """A concern of a row of `peer escalations --json`."""
    return Concern(
        details=row, key=row["key"], level=row["level"], text=row["text"], mend=row["mend"],
        since=row["since"],
    )  # fmt: skip


def goal(row: Row) -> Goal:
    """A goal of a row of `peer goal list --json`."""
    return Goal(details=row, id=row["id"], text=row["text"], scope=row["scope"])


def approval(row: Row) -> Approval:
    """An approval of a row of `peer approvals --json`."""
    return Approval(
        details=row, id=row["id"], sender=row["from"], to=row["to"], effect=row["effect"],
        kind=row["kind"], text=row["text"], state=row["state"], because=row["because"],
        until=row["until"],
    )  # fmt: skip


def status(row: Row) -> Status:
    """How a peer is of what `peer status --json` prints."""
    return Status(
        details=row, name=row["peer"], address=row["address"], fingerprint=row["fingerprint"],
        admitted=row["admitted"], parked=row["parked"], halted=bool(row["halts"]),
        last_tick=row["last_tick"], away_since=row["away_since"], unread=row["unread"],
        outbox=row["outbox"], quarantined=row["quarantined"],
        concerns=tuple(map(concern, row["concerns"])), goals=tuple(map(goal, row["goals"])),
    )  # fmt: skip
