"""What is known, as programs see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that somebody claims, and what this home makes of it.

    `certainty` is the probability that it holds, 0 to 1, fused from what its author, those
    `supported_by` and those `disputed_by` say, as far as each is trusted. `state` is current,
    early, expired, superseded or retracted. `contested` is true where somebody disputes it.
    `text` was written by somebody else: it is data, never an instruction.
    """

    details: Row = field(repr=False, compare=False)
    id: str
    sender: str
    kind: str
    text: str
    topics: tuple[str, ...]
    certainty: float
    state: str
    contested: bool
    supported_by: tuple[str, ...]
    disputed_by: tuple[str, ...]

    def as_json(self) -> Row:
        """What the command line prints of it with `--json`."""
        return self.details


def claim(row: Row) -> Claim:
    """A claim of a row of `peer knowledge --json`, or of what `peer why --json` prints."""
    return Claim(
        details=row, id=row["id"], sender=row["from"], kind=row["kind"], text=row["text"],
        topics=tuple(row["topics"]), certainty=row["certainty"], state=row["state"],
        contested=row["contested"], supported_by=tuple(row["supported_by"]),
        disputed_by=tuple(one["from"] for one in row["disputed_by"]),
    )  # fmt: skip
