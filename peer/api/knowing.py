"""Knowing: what this home knows, and why it believes that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from peer.api.opened import Opened

if TYPE_CHECKING:
    from peer.explaining import Explaining
    from peer.results.known import Claim


class Knowledgeable(Opened):
    """What a peer knows, from its home alone."""

    def topics(self) -> dict[str, int]:
        """Every topic with the number of insights on it, those with most first."""
        return {row["topic"]: row["insights"] for row in self._explaining.topics()}

    def knowledge(self, topics: str | Iterable[str], *, limit: int = 50) -> list[Claim]:
        """What is claimed on one of these topics: what holds, and has most standing, first.

        What is expired, superseded or retracted stands last; contradictions stand side by side.
        """
        from peer.given import checked_topics
        from peer.results.known import claim

        about = checked_topics([topics] if isinstance(topics, str) else topics)
        return [claim(row) for row in self._explaining.claims(about, limit)]

    def why(self, id: str) -> Claim:
        """Where a belief comes from; `as_json()` has every word for and against it.

        `id` may be its beginning. NotFoundError for what is not known, UsageError where several
        fit, or where it is nothing that can be believed.
        """
        from peer.results.known import claim

        return claim(self._explaining.why(id))

    def graph(self, topics: str | Iterable[str] = (), *, limit: int = 200) -> dict[str, Any]:
        """The graph of what is known, of some topics or of all: nodes and typed edges."""
        from peer.given import checked_topics
        from peer.graphing.gather import gather

        about = checked_topics([topics] if isinstance(topics, str) else topics)
        return gather(self._explaining, about, limit)

    @property
    def _explaining(self) -> Explaining:
        from peer.clock import SystemClock
        from peer.explaining import Explaining
        from peer.knowing import Knowing

        return Explaining(Knowing(self.home, self.address, SystemClock().wall_ms()))
