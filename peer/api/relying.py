"""Relying on others: their reputation, who knows about something, who guides whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from peer.api.opened import Opened

if TYPE_CHECKING:
    from peer.results.relying import Expert, Mentoring, Reputation
    from peer.send import Sent


class Relying(Opened):
    """What others are worth to this peer, by what it saw of them."""

    def reputation(self, name: str | None = None) -> list[Reputation]:
        """How far this peer relies on all others, or on one, then with every piece of evidence.

        Only its own experience counts: what it said itself of what others signed, and proofs. The
        word of others is listed and counts nothing. NotFoundError for an unknown name.
        """
        from peer import relying
        from peer.results.relying import reputation

        running = self.running
        rows = relying.reputations(running) if name is None else [relying.reputation(running, name)]
        return [reputation(row) for row in rows]

    def who_knows(self, topics: str | Iterable[str]) -> list[Expert]:
        """Who contributed to these topics: those first whom others vouched for most, and lately."""
        from peer.given import checked_topics
        from peer.relying import who_knows
        from peer.results.relying import expert
        from protocol.errors import UsageError

        about = checked_topics(topics)
        if not about:
            raise UsageError("name at least one topic")
        return [expert(row) for row in who_knows(self.running, about)]

    def mentor(self) -> Mentoring:
        """Who guides this peer, what it was told to know first, and whom it guides."""
        from peer.mentoring import mentoring
        from peer.results.relying import mentoring as shown

        return shown(mentoring(self.running))

    def ask_mentor(self, name: str | None = None) -> Sent:
        """Ask somebody, or whoever knows most and is alive, to be the mentor of this peer.

        The answer comes with one of the next ticks. UsageError where there is a mentor already, or
        somebody has not answered yet; NotFoundError where nobody can be asked.
        """
        from peer.mentoring import ask

        return ask(self.running, name)

    def decline_mentor(self, name: str | None = None) -> Sent | None:
        """Want no mentor, or have nothing to do with `name`: neither ask nor guide it.

        Whom it concerns is told; None where that is nobody.
        """
        from peer.mentoring import decline

        return decline(self.running, name)

    def end_mentoring(self, name: str) -> Sent:
        """It is over with a mentor or a mentee, who is told; NotFoundError where it is neither."""
        from peer.mentoring import end

        return end(self.running, name)
