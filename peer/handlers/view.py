"""What handlers are given: an item, and a view of the world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol.charter import Goal
from protocol.effect import Effect
from protocol.expertise import Candidate
from protocol.guidance import Starter, Tie
from protocol.knowledge import Belief
from protocol.messages import Item


@dataclass(frozen=True, slots=True)
class Found:
    """A claim that is known, and what may be believed of it."""

    item: Item
    belief: Belief


class View(Protocol):
    """What a handler may know."""

    @property
    def address(self) -> str:
        """My own full address."""

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What the stewards want of me: the goals in force, those of the widest scope first."""

    def goals_of(self, address: str) -> tuple[Goal, ...]:
        """What they want of somebody else (full address), as far as I know."""

    @property
    def is_mailbox(self) -> bool:
        """Whether I am the mailbox of a steward: a person reads here, and nobody else acts."""

    def recall(
        self, text: str, topics: Sequence[str], hits_max: int, *, by: str = "", but: str = ""
    ) -> list[Found]:
        """What everybody may know of a text and topics: insights that fit, the best first.

        Of `by` alone, where somebody is named, and never of `but` (full addresses).
        """

    def has_time_for(self, address: str) -> bool:
        """Whether I may look something up for somebody, who asked not too much in this hour."""

    def has_room(self, address: str) -> bool:
        """Whether I may still write to somebody (full address) by myself in this hour."""

    def experts(self, topics: Sequence[str]) -> list[Candidate]:
        """Who knows something about these topics, is a member and seems alive; not myself."""

    def working_on(self) -> list[Item]:
        """My own announcements that still stand, the newest first."""

    def ties(self) -> list[Tie]:
        """Who is my mentor, whom I guide, and how that stands now."""

    @property
    def lived_ms(self) -> int:
        """How long my home has lived."""

    @property
    def mentees_max(self) -> int:
        """How many newcomers I am ready to guide at a time."""

    def starter(self, topics: Sequence[str], reader: str) -> Starter | None:
        """What `reader` (full address) should know first; None where I know nothing."""

    @property
    def votable(self) -> Collection[str]:
        """The keys on whose value my cluster may agree, by the charter in force."""

    @property
    def agreed(self) -> Mapping[str, str]:
        """What my cluster agreed on: key → value."""


@dataclass(frozen=True, slots=True)
class Received:
    """An item with its place in the world: `audience` is my address, or `all`."""

    item: Item
    audience: str


Handler = Callable[[Received, View], list[Effect]]


def both(first: Handler, second: Handler) -> Handler:
    """A handler that wants what either wants, in this order; where one raises, nothing happens."""

    def handle(received: Received, view: View) -> list[Effect]:
        return [*first(received, view), *second(received, view)]

    return handle
