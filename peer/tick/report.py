"""What a tick did, in numbers and words: what `peer tick` prints and the home keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

problems_max = 1_000


@dataclass(slots=True)
class Report:
    """Counts of one tick; `problems` are lines for a person, `peers` the health table."""

    peer: str
    seq: int = 0
    received: int = 0
    acted: int = 0
    quarantined: int = 0
    delivered: int = 0
    published: int = 0
    state: str = "idle"
    peers: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    human: str | None = None

    def shorten(self) -> None:
        """Keep so many problems as a person may read; the quarantine has the rest."""
        more = len(self.problems) - problems_max
        if more > 0:
            self.problems[problems_max:] = [f"and {more} more; see `peer quarantine list`"]

    def as_json(self) -> dict[str, Any]:
        """The shape that `peer tick --json` promises."""
        return {name: getattr(self, name) for name in self.__slots__}

    def kept(self) -> dict[str, Any]:
        """The same without the health table, which has a table of its own."""
        return {name: value for name, value in self.as_json().items() if name != "peers"}
