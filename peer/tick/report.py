"""What a tick did, in numbers and words: what `peer tick` prints and the home keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

problems_max = 1_000


@dataclass(slots=True)
class Report:
    """Counts of one tick; `problems` are lines for a person.

    `fetched` are bytes of attachments, `fetching` letters that still wait for theirs. `health`
    makes the health table, which most ticks make for nobody.
    """

    peer: str
    seq: int = 0
    received: int = 0
    acted: int = 0
    quarantined: int = 0
    delivered: int = 0
    published: int = 0
    fetched: int = 0
    fetching: int = 0
    state: str = "idle"
    problems: list[str] = field(default_factory=list)
    human: str | None = None
    health: Callable[[], list[dict[str, Any]]] = list

    @property
    def peers(self) -> list[dict[str, Any]]:
        """The health table as of this tick: a row for each other member; empty before a look."""
        return self.health()

    def shorten(self) -> None:
        """Keep so many problems as a person may read; the quarantine has the rest."""
        more = len(self.problems) - problems_max
        if more > 0:
            self.problems[problems_max:] = [f"and {more} more; see `peer quarantine list`"]

    def as_json(self) -> dict[str, Any]:
        """The shape that `peer tick --json` promises."""
        return self.kept() | {"peers": self.peers}

    @classmethod
    def of_json(cls, said: dict[str, Any]) -> Report:
        """The report that `as_json` said."""
        rest = dict(said)
        peers = rest.pop("peers")
        return cls(**rest, health=lambda: peers)

    def kept(self) -> dict[str, Any]:
        """The same without the health table, which has a table of its own."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "health"}
