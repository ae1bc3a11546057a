"""What a run says when it is over: plain values, and the same as JSON.

Everything in it follows from the plan, nothing from the machine: no elapsed time, no path, and
orders that do not change. Equal digests mean equal runs. It judges nothing and draws nothing:
checkers wrote the violations, `peer.simulate.report` and `peer.simulate.compare` read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was not kept, as a checker saw it from outside."""

    checker: str
    at_ms: int
    round: int
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that happened. `until_ms` is when it ended, None where it took no time."""

    key: str  # instance, slot and fault, such as "core:12:kill"
    fault: str
    round: int
    at_ms: int
    who: str
    text: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class Round:
    """The world at the end of one interval of the schedule, in true time.

    `health` has one letter for each name in the order of `Outcome.names`, by observer: a(live)
    l(ate) s(uspect) d(ead) h(alted) u(nknown), `.` for itself and `-` where the observer was not
    there or did not tick.
    """

    number: int
    at_ms: int
    quiet: bool
    promised: int  # letters written so far; one to all counts once for each reader
    under_way: int  # of these, not yet acted on by their readers
    ticks: int  # this and the three below: of all peers, in this round
    calls: int
    read_bytes: int
    written_bytes: int
    files: int  # this and the two below: now
    share_bytes: int
    home_bytes: int
    quarantined: int  # this and the two below: what the ticks of this round reported
    problems: int
    parked: int
    health: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run from its first tick to the end of its quiet phase."""

    scenario: str
    about: str
    seed: int
    names: tuple[str, ...]
    ticks: int  # rounds in which faults might strike
    quiet: int  # rounds without faults after these
    every_ms: int  # how long a round is
    violations: tuple[Violation, ...]
    strikes: tuple[Strike, ...]
    # Fault → what was seen at peers in its round and the next → how often.
    answers: dict[str, dict[str, int]]
    rounds: tuple[Round, ...]
    waits: tuple[int, ...]  # rounds from promise to act of every letter acted on, ascending
    totals: dict[str, int]
    digest: str  # BLAKE2b over everything that happened, hex

    @property
    def ok(self) -> bool:
        """Whether every checker was content."""
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Lists, dicts, texts and numbers only; what is counted by name stands in its order."""
        return {"ok": self.ok, **_plain(self)}

    @classmethod
    def from_json(cls, value: Any) -> Outcome:
        """The inverse of `as_json`; raises ValueError for what no outcome says."""
        row = _row(cls, value)
        try:
            row["names"], row["waits"] = tuple(row["names"]), tuple(row["waits"])
            row["answers"] = {fault: dict(seen) for fault, seen in row["answers"].items()}
            for name, kind in (("violations", Violation), ("strikes", Strike), ("rounds", Round)):
                row[name] = tuple(kind(**_row(kind, one)) for one in row[name])
        except (AttributeError, TypeError) as error:
            raise ValueError(f"no outcome of a run: {error}") from error
        return cls(**row)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def _row(kind: type[Any], value: Any) -> dict[str, Any]:
    """The fields of `kind` in a JSON object, all of them; it may say more."""
    if not isinstance(value, Mapping):
        raise ValueError(f"no outcome of a run: {kind.__name__} is no object")
    names = [field.name for field in fields(kind)]
    if missing := [name for name in names if name not in value]:
        raise ValueError(f"no outcome of a run: {kind.__name__} lacks {', '.join(missing)}")
    return {name: value[name] for name in names}
