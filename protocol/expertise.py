"""Who knows most about a topic, from what others say of his contributions; and whom to ask.

A judgement is an endorsement or a dispute of an insight on the topic, or of an answer to a question
on it (an answer is accepted by endorsing it). It fades like any experience (`protocol.reputation`);
the score is the 5 % lower bound, so one lucky hit is little and a long record much.

Rules: a function of the set of judgements. Of one witness one judgement of a contribution counts,
and none where he says both. His k-th of the same kind, the newest first, counts 1/k, and all of
them 2: a friend who endorses everything gives little. Nobody judges himself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from protocol.reputation import Experience, Reputation, reputation

WITNESS_MAX = 2.0  # what all good, or all bad, judgements of one witness count


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a witness (full address) said of a contribution (its id), so many days ago.

    `trust`: how far the witness is believed, 0 to 1.
    """

    witness: str
    target: str
    good: bool
    age_days: float
    trust: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be asked: his score, 0 to 1, and how much he was asked lately."""

    address: str
    score: float
    load: int


def expertise(judgements: Iterable[Judgement]) -> Reputation:
    """What the judgements of others say of one author on one topic."""
    by_target: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for one in judgements:
        by_target[one.witness, one.target].append(one)
    by_witness: dict[tuple[str, bool], list[Judgement]] = defaultdict(list)
    for several in by_target.values():
        if len({one.good for one in several}) == 1:  # who says both says nothing
            newest = min(several, key=_newest)
            by_witness[newest.witness, newest.good].append(newest)
    return reputation(
        Experience(one.good, one.age_days, one.trust * weight)
        for several in by_witness.values()
        for one, weight in zip(sorted(several, key=_newest), _weights(), strict=False)
    )


def _newest(one: Judgement) -> tuple[float, float]:
    return one.age_days, -one.trust


def _weights() -> Iterator[float]:
    """1, 1/2, 1/3 and so on, as long as they come to no more than what one witness may give."""
    left = WITNESS_MAX
    for place in count(1):
        if left <= 0:
            return
        yield min(1 / place, left)
        left -= 1 / place


def whom_to_ask(candidates: Iterable[Candidate], asked_max: int) -> list[str]:
    """The addresses of those who should be asked first, the best first.

    Load is spread: whoever was asked n times lately has his score divided by 1 + n.
    """
    ranked = sorted(candidates, key=lambda one: (-one.score / (1 + one.load), one.address))
    return [one.address for one in ranked[:asked_max]]


def merged(scores: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Scores on several topics as one for each address: the mean, 0 where a topic has none."""
    several = list(scores)
    names = {name for one in several for name in one}
    return {name: sum(one.get(name, 0.0) for one in several) / len(several) for name in names}
