"""What items of knowledge say of each other, and what may be believed of a claim.

The knowledge of a peer is a graph: items are its nodes, and what they say of others, of topics and
of their author are its edges. All of it is a function of the set of items: neither the order nor
how often they arrive matters.

Rules: of one author one stance counts for a claim, however often he says it; who both supports and
disputes a claim counts for neither. Only an author takes back or supersedes what he said. What
somebody else puts in the place of a claim speaks against it. Times are arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from protocol.messages import (
    Announcement,
    Answer,
    Dispute,
    Endorsement,
    Insight,
    Item,
    Question,
    Retraction,
)
from protocol.opinion import Opinion, fused, observed

Link = Literal["supports", "refutes", "answers", "supersedes", "derived-from", "retracts"]
State = Literal["current", "early", "expired", "superseded", "retracted"]

OPINIONS: tuple[Link, ...] = ("supports", "refutes", "supersedes", "retracts")
LINKS: tuple[Link, ...] = (*OPINIONS, "answers", "derived-from")

# Words of English that are in every question.
_FUNCTION_WORDS = frozenset({
    "about", "an", "and", "any", "anybody", "anyone", "are", "as", "at", "be", "by", "can",
    "could", "did", "do", "does", "for", "from", "had", "has", "have", "he", "how", "if", "in",
    "into", "is", "it", "its", "know", "may", "me", "my", "no", "not", "of", "on", "or", "our",
    "should", "so", "some", "somebody", "someone", "than", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "those", "to", "up", "us", "was", "we", "were",
    "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with", "work",
    "working", "would", "you", "your",
})  # fmt: skip

# Kana and Han: each character counts as a word.
_SPACELESS = re.compile("([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])")

# How good what cannot be told at once is; the lower stand above the others.
SUNK: dict[State, int] = {"current": 0, "early": 1, "expired": 2, "superseded": 3, "retracted": 4}


@dataclass(frozen=True, slots=True)
class Said:
    """That an item `id` of `author` has this link to the claim in question."""

    link: Link
    author: str
    id: str


@dataclass(frozen=True, slots=True)
class Belief:
    """What may be believed of a claim.

    `supporters` and `doubters` are the authors whose stance counts, each in alphabetical order;
    `inconsistent` those who said both, and count for neither.
    """

    opinion: Opinion
    state: State
    supporters: tuple[str, ...] = ()
    doubters: tuple[str, ...] = ()
    inconsistent: tuple[str, ...] = ()

    @property
    def contested(self) -> bool:
        """Whether somebody disputes what its author stands for."""
        return bool(self.doubters)

    @property
    def rank(self) -> tuple[int, float]:
        """The lowest first: what holds before what does not, then by standing."""
        return SUNK[self.state], -self.opinion.standing


def links(item: Item) -> tuple[tuple[Link, str], ...]:
    """What an item says of others: (link, id of the other), each once."""
    body, re = item.body, item.head.re
    named: list[tuple[Link, str | None]] = []
    match body:
        case Endorsement():
            named = [("supports", re)]
        case Dispute():
            named = [("refutes", re)]
        case Retraction():
            named = [("retracts", re)]
        case Answer():
            named = [("answers", re), *(("derived-from", id_) for id_ in body.claims)]
        case Insight():
            named = [("supersedes", id_) for id_ in body.supersedes]
            named += [("derived-from", id_) for id_ in body.derived]
    return tuple(dict.fromkeys((link, id_) for link, id_ in named if id_ and id_ != item.id))


def topics(item: Item) -> tuple[str, ...]:
    """What an item is about, each topic once."""
    body = item.body
    named = body.topics if isinstance(body, Insight | Question | Announcement) else ()
    return tuple(dict.fromkeys(named))


def telling_words(text: str) -> frozenset[str]:
    """The words of a text that say what it is about, in small letters.

    A word of one or two letters says little, unless it is an abbreviation (CI, v2) or belongs to a
    language that writes no spaces.
    """
    words = "".join(char if char.isalnum() else " " for char in spaced(text)).split()
    telling = (one for one in words if len(one) > 2 or _abbreviates(one) or not one.isascii())
    return frozenset(one.casefold() for one in telling) - _FUNCTION_WORDS


def _abbreviates(word: str) -> bool:
    return (len(word) > 1 and word.isupper()) or any(char.isdigit() for char in word)


def spaced(text: str) -> str:
    """A text whose words stand apart."""
    return _SPACELESS.sub(r" \1 ", text)


def believe(
    claim: Item, said: Iterable[Said], trust: Callable[[str], float], now_ms: int
) -> Belief:
    """What may be believed of an insight or an answer.

    `said`: what others say of it, but for what its authors took back (`standing`). `trust`: how far
    an author is believed, 0 to 1. `now_ms`: ms since 1970.
    """
    author = claim.head.author
    several = list(said)
    pro = {one.author for one in several if one.link == "supports"} - {author}
    contra = {one.author for one in several if one.link in ("refutes", "supersedes")} - {author}
    both = pro & contra
    pro, contra = pro - both, contra - both
    stance = claim.body.confidence / 1000 if isinstance(claim.body, Insight) else 1.0
    opinion = fused(
        [
            observed(stance, trust(author)),
            *(observed(1.0, trust(one)) for one in pro),
            *(observed(0.0, trust(one)) for one in contra),
        ]
    )
    own = {one.link for one in several if one.author == author}
    return Belief(
        opinion,
        _state(claim, own, now_ms),
        tuple(sorted(pro)),
        tuple(sorted(contra)),
        tuple(sorted(both)),
    )


def _state(claim: Item, own: set[Link], now_ms: int) -> State:
    if "retracts" in own:
        return "retracted"
    if "supersedes" in own:
        return "superseded"
    if isinstance(claim.body, Insight):
        if claim.body.valid_until is not None and now_ms >= claim.body.valid_until:
            return "expired"
        if claim.body.valid_from is not None and now_ms < claim.body.valid_from:
            return "early"
    return "current"
